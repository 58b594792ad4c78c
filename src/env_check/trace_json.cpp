#include "env_check/trace_json.h"

#include "qtot/base/error.h"

namespace qtot::env {
namespace {

constexpr int kMaxDepth = 8;  // recordings need 5

}  // namespace

void Place::fail(const std::string& what) const {
  throw Error(text() + ": " + what);
}

Json parse_line(const std::string& line, const Place& place) {
  const auto shallow = [&place](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) place.fail("nested deeper than a recording");
    return true;
  };
  try {
    Json object = Json::parse(line, shallow);
    if (!object.is_object()) place.fail("expected a JSON object, found another value");
    return object;
  } catch (const Json::parse_error& error) {
    place.fail("not JSON at byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    place.fail("a number that no double holds");
  }
}

const Json& need(const Json& object, const std::string& key, const Place& place) {
  if (!object.is_object()) place.fail("expected an object with the key " + key);
  const auto found = object.find(key);
  if (found == object.end()) place.fail("the key " + key + " is missing");
  return *found;
}

double read_number(const Json& value, const std::string& what, const Place& place) {
  if (!value.is_number()) place.fail(what + ": expected a number");
  return value.get<double>();
}

int read_integer(const Json& value, const std::string& what, int low, int high,
                 const Place& place) {
  const double x = read_number(value, what, place);
  if (!(x >= low && x <= high) || static_cast<int>(x) != x) {
    place.fail(what + ": expected an integer in [" + std::to_string(low) + ", " +
               std::to_string(high) + "]");
  }
  return static_cast<int>(x);
}

std::vector<int> read_integers(const Json& list, const std::string& what, std::size_t size, int low,
                               int high, const Place& place) {
  if (!list.is_array() || list.size() != size) {
    place.fail(what + ": expected a list of " + std::to_string(size) + " integers");
  }
  std::vector<int> out;
  out.reserve(size);
  for (const Json& item : list) out.push_back(read_integer(item, what, low, high, place));
  return out;
}

void flatten(const Json& value, const std::string& what, std::vector<double>& out,
             const Place& place) {
  if (value.is_boolean()) {
    out.push_back(value.get<bool>() ? 1 : 0);
    return;
  }
  if (!value.is_array()) {
    out.push_back(read_number(value, what, place));
    return;
  }
  for (const Json& row : value) {
    if (!row.is_array()) {
      out.push_back(read_number(row, what, place));
      continue;
    }
    for (const Json& item : row) out.push_back(read_number(item, what, place));
  }
}

std::vector<double> read_numbers(const Json& value, const std::string& what, std::size_t size,
                                 const Place& place) {
  std::vector<double> out;
  flatten(value, what, out, place);
  if (out.size() != size) {
    place.fail(what + ": expected " + std::to_string(size) + " numbers, found " +
               std::to_string(out.size()));
  }
  return out;
}

std::vector<double> read_table(const Json& value, const std::string& what, std::size_t rows,
                               std::size_t cols, const Place& place) {
  return read_ragged(value, what, std::vector<std::size_t>(rows, cols), cols, place);
}

std::vector<double> read_ragged(const Json& value, const std::string& what,
                                const std::vector<std::size_t>& lengths, std::size_t cols,
                                const Place& place) {
  if (!value.is_array() || value.size() != lengths.size()) {
    place.fail(what + ": expected a list of " + std::to_string(lengths.size()) + " lists");
  }
  std::vector<double> out;
  out.reserve(lengths.size() * cols);
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    const std::vector<double> numbers = read_numbers(value[row], what, lengths[row], place);
    out.insert(out.end(), numbers.begin(), numbers.end());
    out.resize((row + 1) * cols);
  }
  return out;
}

namespace {

Json value_json(const config::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return *integer;
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* map = std::get_if<config::Map>(&value.data)) return to_json(*map);
  if (const auto* list = std::get_if<config::List>(&value.data)) {
    Json out = Json::array();
    for (const config::Value& item : *list) out.push_back(value_json(item));
    return out;
  }
  return nullptr;
}

}  // namespace

Json to_json(const config::Map& args) {
  Json out = Json::object();
  for (const auto& [key, value] : args) out[key] = value_json(value);
  return out;
}

config::Value to_value(const Json& value, const Place& place) {
  config::Value out;
  out.origin = place.text();
  if (value.is_boolean()) {
    out.data = value.get<bool>();
  } else if (value.is_number_integer() && !value.is_number_unsigned()) {
    out.data = value.get<std::int64_t>();
  } else if (value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX) {
    out.data = value.get<std::int64_t>();
  } else if (value.is_number()) {
    out.data = value.get<double>();
  } else if (value.is_string()) {
    out.data = value.get<std::string>();
  } else if (value.is_array()) {
    config::List list;
    for (const Json& item : value) list.push_back(to_value(item, place));
    out.data = std::move(list);
  } else if (value.is_object()) {
    config::Map map;
    for (const auto& [key, item] : value.items()) map.emplace_back(key, to_value(item, place));
    out.data = std::move(map);
  }
  return out;
}

}  // namespace qtot::env
