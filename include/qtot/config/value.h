#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Values as a user wrote them, each with the place where it was written, so that an error can name
/// it. No YAML here: yaml.h turns text into these.
namespace qtot::config {

struct Value;
struct Entry;

/// Keys in the order of the text; a key that stands twice is an error of the reader (yaml.h).
using Map = std::vector<Entry>;
using List = std::vector<Value>;

struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data;
  std::string origin;  // "configs/algs/qmix.yaml:14", "command line", "default"

  /// As a YAML author would write it in flow style: 1, 0.99, True, [6, 6], "text", None. Doubles have
  /// the shortest digits that read back to the same bits, and always a point or an exponent.
  std::string text() const;
  /// What it is, for error messages: "an integer", "a list", ...
  const char* kind() const;
};

/// A std::pair in all but name, which could not hold a Value before Value is complete.
struct Entry {
  Entry(std::string key, Value value) : first(std::move(key)), second(std::move(value)) {}

  std::string first;
  Value second;
};

/// A key as a YAML author would write it: quoted only where it would not read back as itself.
std::string key_text(const std::string& key);

/// The value of `key` or nullptr.
const Value* find(const Map& map, const std::string& key);
Value* find(Map& map, const std::string& key);
/// Adds the keys of `from`, or replaces their values; nested maps are merged key by key.
void merge(Map& into, const Map& from);

/// The known name nearest to `key` by edit distance, "" when none is near (distance <= 1 + size / 3).
std::string nearest(const std::string& key, const std::vector<std::string>& known);

}  // namespace qtot::config
