#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "arrays/checked.h"
#include "qtot/arrays/npz.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
constexpr int kMaxDepth = 64;  // destructors and copies of nlohmann's values recurse

// Refuses, while the text is read, what the library would take: any depth, and the last of the values
// of a key that stands there several times.
class Guard {
 public:
  explicit Guard(const std::string& place) : place_(place) {}

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    using Event = json::parse_event_t;
    const bool is_start = event == Event::object_start || event == Event::array_start;
    if (is_start && depth == kMaxDepth) {  // the outermost value has depth 0
      throw Error(place_ + ": expected JSON of at most " + std::to_string(kMaxDepth) + " levels");
    }
    if (event == Event::object_start) {
      keys_.emplace_back();
    } else if (event == Event::object_end) {
      keys_.pop_back();
    } else if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      throw Error(place_ + ": JSON has the key \"" + printable(parsed.get<std::string>()) +
                  "\" twice in one object");
    }
    return true;
  }

 private:
  const std::string& place_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

json Npz::json(const std::string& name) const {
  const Array& array = at(name);
  const std::string place = array.place();
  const std::string text = array.as_text();
  if (text.size() > kMaxTextBytes) {
    throw Error(place + ": expected JSON of at most " + std::to_string(kMaxTextBytes) +
                " bytes, found " + std::to_string(text.size()));
  }
  try {
    Guard guard(place);
    return nlohmann::json::parse(text, std::ref(guard));
  } catch (const nlohmann::json::parse_error& e) {
    throw Error(place + ": is no JSON: unexpected at byte " + std::to_string(e.byte));
  } catch (const nlohmann::json::exception& e) {
    throw Error(place + ": is no JSON: " + printable(e.what()));
  }
}

}  // namespace qtot::arrays
