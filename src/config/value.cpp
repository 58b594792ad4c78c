#include "qtot/config/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace qtot::config {
namespace {

// The shortest digits that read back to the same double; std::to_chars knows no locale. A double
// without a fraction gets ".0", so that it reads back as a double and not as an integer.
std::string double_text(double x) {
  if (std::isnan(x)) return ".nan";
  if (std::isinf(x)) return x > 0 ? ".inf" : "-.inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), x);
  std::string text(buffer, end.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(const std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// A key that reads back as itself without quotes: a name that YAML 1.1 takes for no other thing.
bool is_plain_key(const std::string& key) {
  if (key.empty() || !is_letter(key[0])) return false;
  for (const char c : key) {
    if (!is_letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  std::string lower = key;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* word : {"true", "false", "null", "none", "yes", "no", "on", "off", "y", "n"}) {
    if (lower == word) return false;
  }
  return true;
}

// Levenshtein's distance, by rows.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string key_text(const std::string& key) {
  return is_plain_key(key) ? key : quoted(key);
}

std::string Value::text() const {
  if (const auto* yes = std::get_if<bool>(&data)) return *yes ? "True" : "False";
  if (const auto* integer = std::get_if<std::int64_t>(&data)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&data)) return double_text(*number);
  if (const auto* string = std::get_if<std::string>(&data)) return quoted(*string);

  std::string out;
  if (const auto* list = std::get_if<List>(&data)) {
    for (const Value& value : *list) out += (out.empty() ? "" : ", ") + value.text();
    return "[" + out + "]";
  }
  if (const auto* map = std::get_if<Map>(&data)) {
    for (const auto& [key, value] : *map) {
      out += (out.empty() ? "" : ", ") + key_text(key) + ": " + value.text();
    }
    return "{" + out + "}";
  }
  return "None";
}

const char* Value::kind() const {
  constexpr const char* kKinds[] = {"nothing", "a boolean", "an integer", "a number",
                                    "text",    "a list",    "a map"};
  return kKinds[data.index()];
}

const Value* find(const Map& map, const std::string& key) {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

Value* find(Map& map, const std::string& key) {
  for (auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

void merge(Map& into, const Map& from) {
  for (const auto& [key, value] : from) {
    Value* old = find(into, key);
    if (old == nullptr) {
      into.emplace_back(key, value);
      continue;
    }
    auto* old_map = std::get_if<Map>(&old->data);
    const auto* new_map = std::get_if<Map>(&value.data);
    if (old_map != nullptr && new_map != nullptr) {
      merge(*old_map, *new_map);
      old->origin = value.origin;
    } else {
      *old = value;
    }
  }
}

std::string nearest(const std::string& key, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = 1 + key.size() / 3;
  bool found = false;
  for (const std::string& name : known) {
    const std::size_t longer = std::max(name.size(), key.size());
    const std::size_t shorter = std::min(name.size(), key.size());
    if (longer - shorter > best_distance) continue;
    const std::size_t distance = edit_distance(key, name);
    if (distance < best_distance || (distance == best_distance && !found)) {
      best = name;
      best_distance = distance;
      found = true;
    }
  }
  return best;
}

}  // namespace qtot::config
