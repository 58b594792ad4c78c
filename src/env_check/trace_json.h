#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qtot/config/value.h"

/// Reading one line of a recording: everything is checked before it is used, and what does not fit
/// is an Error that names file, line and field.
namespace qtot::env {

using Json = nlohmann::json;

/// Where a line stands.
struct Place {
  std::string file;
  int line = 0;

  std::string text() const { return file + ":" + std::to_string(line); }
  [[noreturn]] void fail(const std::string& what) const;
};

/// The object in `line`. Throws Error for anything else, and for nesting deeper than a recording's.
Json parse_line(const std::string& line, const Place& place);

/// object[key]; Error when it is missing or `object` is none.
const Json& need(const Json& object, const std::string& key, const Place& place);

double read_number(const Json& value, const std::string& what, const Place& place);
int read_integer(const Json& value, const std::string& what, int low, int high, const Place& place);
std::vector<int> read_integers(const Json& list, const std::string& what, std::size_t size, int low,
                               int high, const Place& place);

/// Appends the numbers of a list, or of a list of lists, or the number itself; of a truth value 0 or 1.
void flatten(const Json& value, const std::string& what, std::vector<double>& out,
             const Place& place);

/// The same, where `size` numbers are expected.
std::vector<double> read_numbers(const Json& value, const std::string& what, std::size_t size,
                                 const Place& place);

/// A list of `rows` lists of `cols` numbers, one row after the other.
std::vector<double> read_table(const Json& value, const std::string& what, std::size_t rows,
                               std::size_t cols, const Place& place);

/// The same with rows of their own lengths, each at most `cols`: zeros fill them up.
std::vector<double> read_ragged(const Json& value, const std::string& what,
                                const std::vector<std::size_t>& lengths, std::size_t cols,
                                const Place& place);

/// The arguments of an environment as an object.
Json to_json(const config::Map& args);

/// As a value of a configuration with this place as its origin.
config::Value to_value(const Json& value, const Place& place);

}  // namespace qtot::env
