#include "qtot/yaml/yaml.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <sstream>
#include <utility>

#include "builder.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "scalar.h"

namespace qtot::yaml {
namespace {

constexpr std::uint64_t kMaxFileSize = 1 << 20;
constexpr const char* kCommandLine = "command line";

// yaml-cpp takes the end of the text for the end of a quote; this mark it does not.
constexpr const char* kEndOfDocument = "...\n";

std::string reason(const YAML::Exception& e) {
  if (e.msg == YAML::ErrorMsg::DOC_IN_SCALAR) return "a quote is not closed";
  return e.msg;
}

// The value of one YAML document.
config::Value parse(const std::string& text, const std::function<std::string(int)>& origin_of) {
  if (!is_utf8(text)) throw Error(origin_of(1) + ": not UTF-8 text");
  if (text.find('\0') != std::string::npos) throw Error(origin_of(1) + ": contains a zero byte");
  Builder builder(origin_of);
  try {
    std::istringstream stream(text + (text.ends_with('\n') ? "" : "\n") + kEndOfDocument);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 1 : e.mark.line + 1;
    throw Error(origin_of(line) + ": not readable as YAML: " + reason(e));
  }
  return builder.take();
}

bool is_name(const std::string& text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

config::Value parse_value(const std::string& word, const std::string& text) {
  if (text.empty() || std::string("[{\"'").find(text[0]) == std::string::npos) {
    return plain_scalar(text, kCommandLine);
  }
  config::Value value;
  try {
    value = parse(text, [](int) { return std::string(kCommandLine); });
  } catch (const Error& e) {
    throw Error(word + " (" + e.what() + ")");
  }
  const bool flow = text[0] == '[' || text[0] == '{';
  const bool text_value = std::holds_alternative<std::string>(value.data);
  const bool list_or_map = std::holds_alternative<config::List>(value.data) ||
                           std::holds_alternative<config::Map>(value.data);
  if (flow ? !list_or_map : !text_value) {
    throw Error(word + " (command line): the quotes of the value do not match");
  }
  return value;
}

// a.b.c=value as nested maps.
config::Map parse_assignment(const std::string& word) {
  if (!is_utf8(word)) throw Error("command line: not UTF-8 text");
  const std::string shown = word.size() <= 80 ? word : word.substr(0, word.find('=')).substr(0, 80);
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) {
    throw Error(shown + " (command line): expected key=value");
  }
  config::Value value = parse_value(shown, word.substr(equals + 1));

  std::string keys = word.substr(0, equals);
  std::size_t depth = 0;
  while (true) {
    const std::size_t dot = keys.rfind('.');
    const std::string key = dot == std::string::npos ? keys : keys.substr(dot + 1);
    if (!is_name(key) || key.size() > 256 || ++depth > 8) {
      throw Error(shown + " (command line): expected key=value, where key is a name or names " +
                  "with dots between");
    }
    config::Map map;
    map.emplace_back(key, std::move(value));
    if (dot == std::string::npos) return map;
    value = {std::move(map), kCommandLine};
    keys.resize(dot);
  }
}

void dump_map(const config::Map& map, const std::string& indent, std::string& out) {
  for (const auto& [key, value] : map) {
    const auto* inner = std::get_if<config::Map>(&value.data);
    out += indent + config::key_text(key) + ":";
    if (inner != nullptr && !inner->empty()) {
      out += "\n";
      dump_map(*inner, indent + "  ", out);
    } else {
      out += " " + value.text() + "\n";
    }
  }
}

}  // namespace

config::Map load_text(const std::string& text, const std::string& shown) {
  config::Value value =
      parse(text, [&shown](int line) { return shown + ":" + std::to_string(line); });
  if (std::holds_alternative<std::monostate>(value.data)) return {};
  auto* map = std::get_if<config::Map>(&value.data);
  if (map == nullptr) {
    throw Error(value.origin + ": expected lines of `key: value`, found " + value.kind());
  }
  return std::move(*map);
}

config::Map load_file(const std::string& path, const std::string& shown) {
  const std::string& name = shown.empty() ? path : shown;
  return load_text(read_file(path, kMaxFileSize), name);
}

config::Map parse_assignments(const std::vector<std::string>& words) {
  config::Map map;
  for (const std::string& word : words) config::merge(map, parse_assignment(word));
  return map;
}

std::string dump(const config::Map& map) {
  if (map.empty()) return "{}\n";
  std::string out;
  dump_map(map, "", out);
  return out;
}

}  // namespace qtot::yaml
