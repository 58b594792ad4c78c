#include "qtot/config/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::config {
namespace {

// A value in an error message: whatever a file holds, the message stays a line that fits a screen.
std::string shown(const std::string& text) {
  constexpr std::size_t kLimit = 80;
  if (text.size() <= kLimit) return text;
  std::size_t end = kLimit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

[[noreturn]] void refuse(const std::string& key, const Value& value, const std::string& why) {
  throw Error(key + " = " + shown(value.text()) + " (" + value.origin + "): " + why);
}

// A number within a rule: 0 and 1e-05, not 0.0.
template <class T>
std::string number_text(T x) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), x);
  return std::string(buffer, end.ptr);
}

template <class T>
std::string plain_text(const T& x) {
  if constexpr (std::is_same_v<T, bool>) {
    return x ? "True" : "False";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return x;
  } else {
    return number_text(x);
  }
}

// ---- fields to values, for printing

Value to_value(bool x) {
  return {x, ""};
}
Value to_value(int x) {
  return {std::int64_t{x}, ""};
}
Value to_value(std::int64_t x) {
  return {x, ""};
}
Value to_value(std::uint64_t x) {
  // larger ones cannot be read, only set by a program
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (x > kMax) return {std::to_string(x), ""};
  return {static_cast<std::int64_t>(x), ""};
}
Value to_value(double x) {
  return {x, ""};
}
Value to_value(const std::string& x) {
  return {x, ""};
}
Value to_value(const Map& x) {
  return {x, ""};
}
template <class T>
Value to_value(const std::vector<T>& x) {
  List list;
  for (const T& item : x) list.push_back(to_value(item));
  return {std::move(list), ""};
}

// ---- values to fields; nullptr, or what stands in the way

using Trouble = const char*;  // "": of the wrong type; "must be ...": the text of a rule

Trouble from_value(const Value& value, bool& field) {
  const auto* x = std::get_if<bool>(&value.data);
  if (x == nullptr) return "";
  field = *x;
  return nullptr;
}

Trouble from_value(const Value& value, std::int64_t& field) {
  const auto* x = std::get_if<std::int64_t>(&value.data);
  if (x == nullptr) return "";
  field = *x;
  return nullptr;
}

Trouble from_value(const Value& value, int& field) {
  std::int64_t x = 0;
  if (const Trouble trouble = from_value(value, x)) return trouble;
  if (!std::in_range<std::int32_t>(x)) return "must be in [-2147483648, 2147483647]";
  field = static_cast<int>(x);
  return nullptr;
}

Trouble from_value(const Value& value, std::uint64_t& field) {
  std::int64_t x = 0;
  if (const Trouble trouble = from_value(value, x)) return trouble;
  if (x < 0) return "must be at least 0";
  field = static_cast<std::uint64_t>(x);
  return nullptr;
}

Trouble from_value(const Value& value, double& field) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    field = static_cast<double>(*integer);
    return nullptr;
  }
  const auto* x = std::get_if<double>(&value.data);
  if (x == nullptr) return "";
  if (!std::isfinite(*x)) return "must be finite";
  field = *x;
  return nullptr;
}

Trouble from_value(const Value& value, std::string& field) {
  const auto* x = std::get_if<std::string>(&value.data);
  if (x == nullptr) return "";
  field = *x;
  return nullptr;
}

Trouble from_value(const Value& value, Map& field) {
  const auto* x = std::get_if<Map>(&value.data);
  if (x == nullptr) return "";
  field = *x;
  return nullptr;
}

template <class T>
Trouble from_value(const Value& value, std::vector<T>& field) {
  const auto* list = std::get_if<List>(&value.data);
  if (list == nullptr) return "";
  std::vector<T> items(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const Trouble trouble = from_value((*list)[i], items[i])) return trouble;
  }
  field = std::move(items);
  return nullptr;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string with_article(const std::string& type) {
  if (type == "text") return type;
  return (type == "integer" ? "an " : "a ") + type;
}

// What was found instead of `type`: of a list, the first entry that is to blame.
std::string found_instead(const Value& value, std::string_view type) {
  constexpr std::string_view kList = "list of ", kLists = "lists of ";
  const auto* list = std::get_if<List>(&value.data);
  if (list == nullptr || !type.starts_with("list")) return value.kind();
  type.remove_prefix(type.starts_with(kList) ? kList.size() : kLists.size());
  for (const Value& item : *list) {
    if (type.starts_with("list")) {
      if (!std::holds_alternative<List>(item.data)) return std::string(item.kind()) + " in it";
      const std::string inner = found_instead(item, type);
      if (inner != "a list") return inner;
      continue;
    }
    const bool integer = std::holds_alternative<std::int64_t>(item.data);
    const bool number = integer || std::holds_alternative<double>(item.data);
    if (!(type == "integers" ? integer : number)) return std::string(item.kind()) + " in it";
  }
  return value.kind();
}

// ---- keys with a dot: cluster.stall_timeout is stall_timeout in the map cluster, or written so in one word

// "cluster" and "stall_timeout"; "" and the key where there is no dot
std::pair<std::string, std::string> split(const std::string& key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

const Value* find_dotted(const Map& map, const std::string& key) {
  const auto [group, name] = split(key);
  if (const Value* outer = group.empty() ? nullptr : find(map, group)) {
    const auto* inner = std::get_if<Map>(&outer->data);
    if (const Value* value = inner == nullptr ? nullptr : find(*inner, name)) return value;
  }
  return find(map, key);
}

// Into the map of its group, which is made where there is none.
void put_dotted(Map& map, const std::string& key, Value value) {
  auto [group, name] = split(key);
  if (!group.empty()) {
    Map inner;
    inner.emplace_back(std::move(name), std::move(value));
    name = std::move(group);
    value = {std::move(inner), ""};
  }
  Map entry;
  entry.emplace_back(std::move(name), std::move(value));
  merge(map, entry);
}

}  // namespace

template <class T>
Rule<T> between(T low, T high) {
  return {[low, high](const T& x) { return low <= x && x <= high; },
          "in [" + number_text(low) + ", " + number_text(high) + "]"};
}
template Rule<int> between(int, int);
template Rule<std::int64_t> between(std::int64_t, std::int64_t);
template Rule<std::uint64_t> between(std::uint64_t, std::uint64_t);
template Rule<double> between(double, double);

template <class T>
Rule<T> at_least(T low) {
  return {[low](const T& x) { return low <= x; }, "at least " + number_text(low)};
}
template Rule<int> at_least(int);
template Rule<std::int64_t> at_least(std::int64_t);
template Rule<std::uint64_t> at_least(std::uint64_t);
template Rule<double> at_least(double);

template <class T>
Rule<T> equal_to(T only) {
  std::string text = plain_text(only) + " (qtot supports no other value)";
  return {[only = std::move(only)](const T& x) { return !(x < only) && !(only < x); },
          std::move(text)};
}
template Rule<bool> equal_to(bool);
template Rule<int> equal_to(int);
template Rule<std::int64_t> equal_to(std::int64_t);
template Rule<std::uint64_t> equal_to(std::uint64_t);
template Rule<double> equal_to(double);
template Rule<std::string> equal_to(std::string);

Rule<std::string> one_of(std::vector<std::string> names) {
  std::string text = "one of " + joined(names);
  return {[names = std::move(names)](const std::string& x) {
            for (const std::string& name : names) {
              if (name == x) return true;
            }
            return false;
          },
          std::move(text)};
}

Rule<double> above(double low) {
  return {[low](double x) { return low < x; }, "above " + number_text(low)};
}

Options::Options(Map map, std::string prefix) : map_(std::move(map)), prefix_(std::move(prefix)) {}

template <class T>
void Options::add_option(const std::string& key, T& field, const char* type,
                         const std::string& help, const Rule<T>& rule) {
  for (const OptionInfo& info : infos_) QTOT_CHECK_NE(info.key, prefix_ + key);

  OptionInfo info;
  info.key = prefix_ + key;
  info.type = type;
  info.default_value = to_value(field).text();
  info.origin = "default";
  info.rule = rule.text;
  info.help = help;
  info.training = training_;

  if (const Value* value = find_dotted(map_, key)) {
    if (const Trouble trouble = from_value(*value, field)) {
      if (*trouble != '\0') refuse(info.key, *value, trouble);
      refuse(info.key, *value,
             "expected " + with_article(type) + ", found " + found_instead(*value, type));
    }
    if (rule.holds && !rule.holds(field)) refuse(info.key, *value, "must be " + rule.text);
    info.origin = value->origin;
  }
  Value in_force = to_value(field);
  in_force.origin = info.origin;
  info.value = in_force.text();
  put_dotted(values_, key, std::move(in_force));
  infos_.push_back(std::move(info));
}

void Options::add(const std::string& key, bool& field, const std::string& help,
                  const Rule<bool>& rule) {
  add_option(key, field, "boolean", help, rule);
}
void Options::add(const std::string& key, int& field, const std::string& help,
                  const Rule<int>& rule) {
  add_option(key, field, "integer", help, rule);
}
void Options::add(const std::string& key, std::int64_t& field, const std::string& help,
                  const Rule<std::int64_t>& rule) {
  add_option(key, field, "integer", help, rule);
}
void Options::add(const std::string& key, std::uint64_t& field, const std::string& help,
                  const Rule<std::uint64_t>& rule) {
  add_option(key, field, "integer", help, rule);
}
void Options::add(const std::string& key, double& field, const std::string& help,
                  const Rule<double>& rule) {
  add_option(key, field, "number", help, rule);
}
void Options::add(const std::string& key, std::string& field, const std::string& help,
                  const Rule<std::string>& rule) {
  add_option(key, field, "text", help, rule);
}
void Options::add(const std::string& key, std::vector<int>& field, const std::string& help,
                  const Rule<std::vector<int>>& rule) {
  add_option(key, field, "list of integers", help, rule);
}
void Options::add(const std::string& key, std::vector<std::vector<double>>& field,
                  const std::string& help, const Rule<std::vector<std::vector<double>>>& rule) {
  add_option(key, field, "list of lists of numbers", help, rule);
}
void Options::add(const std::string& key, Map& field, const std::string& help) {
  add_option(key, field, "map", help, Rule<Map>{});
}

void Options::refuse_unknown(const std::string& what) const {
  constexpr std::size_t kFew = 12;  // so many names still read well in one line
  std::vector<std::string> known;
  for (const OptionInfo& info : infos_) known.push_back(info.key.substr(prefix_.size()));
  const auto require = [&](const std::string& group, const std::string& name, const Value& value) {
    const std::string key = group + name;
    if (std::ranges::find(known, key) != known.end()) return;
    std::string why = what.empty() ? "no such key" : what + " has no such key";
    if (const std::string near = nearest(key, known); !near.empty()) {
      why += "; did you mean " + near + "?";
    } else if (known.size() <= kFew) {
      for (std::size_t i = 0; i < known.size(); ++i)
        why += (i == 0 ? "; known: " : ", ") + known[i];
    }
    throw Error(prefix_ + group + shown(key_text(name)) + " (" + value.origin + "): " + why);
  };
  for (const auto& [key, value] : map_) {
    const bool is_group = std::ranges::any_of(
        known, [&key = key](const std::string& name) { return name.starts_with(key + "."); });
    if (!is_group) {
      require("", key, value);
      continue;
    }
    const auto* group = std::get_if<Map>(&value.data);
    if (group == nullptr)
      refuse(prefix_ + key, value, "expected a map, found " + std::string(value.kind()));
    for (const auto& [name, inner] : *group) require(key + ".", name, inner);
  }
}

void require_known(const std::vector<OptionInfo>& options, const std::string& key,
                   const std::vector<std::string>& known) {
  for (const OptionInfo& info : options) {
    if (info.key != key) continue;
    for (const std::string& name : known) {
      if (info.value == Value{name, ""}.text()) return;
    }
    const std::string near = nearest(info.value.substr(1, info.value.size() - 2), known);
    throw Error(key + " = " + shown(info.value) + " (" + info.origin + "): no such " + key + ";" +
                (near.empty() ? "" : " did you mean " + near + "?") + " known: " + joined(known));
  }
  const bool option_is_listed = false;
  QTOT_CHECK(option_is_listed);
}

}  // namespace qtot::config
