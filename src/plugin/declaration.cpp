#include "plugin/declaration.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>

#include "plugin/fault.h"
#include "qtot/base/printable.h"

namespace qtot::plugin {
namespace {

constexpr std::uint32_t kMaxNames = 4096;  // maps, options, choices
constexpr std::size_t kMaxNameLength = 64;
constexpr std::size_t kMaxLineLength = 1000;

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

bool is_line(const char* text) {
  if (text == nullptr || *text == '\0') return false;
  const std::string_view view(text);
  return view.size() <= kMaxLineLength &&
         std::ranges::none_of(view, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

bool has_bounds(const qtot_plugin_option& option) {
  return option.lowest != 0 || option.highest != 0;
}

class Checker {
 public:
  Checker(const qtot_plugin& plugin, const std::string& file) : plugin_(plugin), file_(file) {}

  void check() const {
    require_layout();
    if (!is_name(plugin_.name)) wrong("name", "expected lower-case letters, digits and _");
    if (!is_line(plugin_.summary)) wrong("summary", "expected a line of text");
    require_functions();
    require_maps();
    require_options();
  }

 private:
  [[noreturn]] void wrong(const std::string& entry, const std::string& fault) const {
    fail(file_, entry, fault);
  }

  // the version first: of another one nothing else is known
  void require_layout() const {
    const qtot_plugin_layout& found = plugin_.layout;
    if (found.interface_version != QTOT_PLUGIN_INTERFACE) {
      fail(file_, "layout",
           "it was compiled for interface " + std::to_string(found.interface_version) +
               ", this qtot has interface " + std::to_string(QTOT_PLUGIN_INTERFACE) +
               ": compile it with this qtot's qtot/env/plugin.h");
    }
    constexpr qtot_plugin_layout kOurs = QTOT_PLUGIN_LAYOUT;
    if (std::memcmp(&found, &kOurs, sizeof(kOurs)) != 0) {
      fail(file_, "layout",
           "its structs have other sizes than this qtot's: compile it with this qtot's "
           "qtot/env/plugin.h, QTOT_PLUGIN_LAYOUT and the usual alignment");
    }
  }

  void require_functions() const {
    const std::pair<const char*, bool> functions[] = {
        {"create", plugin_.create != nullptr},     {"destroy", plugin_.destroy != nullptr},
        {"describe", plugin_.describe != nullptr}, {"reset", plugin_.reset != nullptr},
        {"step", plugin_.step != nullptr},         {"observe", plugin_.observe != nullptr},
        {"save", plugin_.save != nullptr},         {"load", plugin_.load != nullptr}};
    for (const auto& [name, is_there] : functions) {
      if (!is_there) wrong(name, "the function is missing");
    }
  }

  void require_maps() const {
    if (plugin_.n_maps < 1 || plugin_.n_maps > kMaxNames || plugin_.maps == nullptr) {
      wrong("maps", "expected 1 to " + std::to_string(kMaxNames) + " names");
    }
    std::set<std::string> seen;
    for (std::uint32_t i = 0; i < plugin_.n_maps; ++i) {
      const std::string entry = "maps[" + std::to_string(i) + "]";
      if (!is_line(plugin_.maps[i]) || std::strlen(plugin_.maps[i]) > kMaxNameLength ||
          std::strchr(plugin_.maps[i], '/') != nullptr) {
        wrong(entry, "expected a name of at most " + std::to_string(kMaxNameLength) +
                         " characters without /");
      }
      if (!seen.insert(plugin_.maps[i]).second) wrong(entry, "the name stands there twice");
    }
  }

  void require_options() const {
    if (plugin_.n_options > kMaxNames || (plugin_.n_options > 0 && plugin_.options == nullptr)) {
      wrong("options", "expected at most " + std::to_string(kMaxNames));
    }
    std::set<std::string> seen = {"map_name"};
    for (std::uint32_t i = 0; i < plugin_.n_options; ++i) {
      const qtot_plugin_option& option = plugin_.options[i];
      const std::string entry = "options[" + std::to_string(i) + "]";
      if (!is_name(option.key)) {
        wrong(entry, "key: expected lower-case letters, digits and _");
      }
      if (!seen.insert(option.key).second) {
        wrong(entry, "key " + std::string(option.key) + ": there is one already");
      }
      require_option(option, entry + " (" + option.key + ")");
    }
  }

  void require_option(const qtot_plugin_option& option, const std::string& entry) const {
    if (!is_line(option.help)) wrong(entry, "help: expected a line of text");
    if (option.default_value == nullptr) wrong(entry, "the default is missing");
    const std::string text = option.default_value;
    const auto refuse_default = [&](const std::string& expected) {
      wrong(entry, "default \"" + printable(text) + "\": expected " + expected);
    };
    switch (option.type) {
      case QTOT_PLUGIN_INTEGER: {
        std::int64_t value = 0;
        if (!parse(text, value)) refuse_default("an integer");
        require_bounds(option, static_cast<double>(value), entry);
        return;
      }
      case QTOT_PLUGIN_NUMBER: {
        double value = 0;
        if (!parse(text, value) || !std::isfinite(value)) refuse_default("a finite number");
        require_bounds(option, value, entry);
        return;
      }
      case QTOT_PLUGIN_BOOLEAN:
        if (text != "True" && text != "False") refuse_default("True or False");
        return;
      case QTOT_PLUGIN_TEXT:
        require_choices(option, text, entry);
        return;
      default:
        wrong(entry, "type " + std::to_string(option.type) +
                         ": expected one of QTOT_PLUGIN_INTEGER (0) to QTOT_PLUGIN_TEXT (3)");
    }
  }

  void require_bounds(const qtot_plugin_option& option, double value,
                      const std::string& entry) const {
    if (!has_bounds(option)) return;
    const bool is_whole = option.type == QTOT_PLUGIN_INTEGER;
    for (const double bound : {option.lowest, option.highest}) {
      const bool fits =
          std::isfinite(bound) &&
          (!is_whole || (std::abs(bound) <= kLargestInteger &&
                         static_cast<double>(static_cast<std::int64_t>(bound)) == bound));
      if (!fits) wrong(entry, "lowest, highest: expected finite bounds of the option's type");
    }
    if (!(option.lowest <= value && value <= option.highest)) {
      wrong(entry, "the default does not lie in [lowest, highest]");
    }
  }

  void require_choices(const qtot_plugin_option& option, const std::string& text,
                       const std::string& entry) const {
    if (option.choices == nullptr) return;
    if (option.n_choices < 1 || option.n_choices > kMaxNames) {
      wrong(entry, "n_choices: expected 1 to " + std::to_string(kMaxNames));
    }
    bool has_default = false;
    for (std::uint32_t i = 0; i < option.n_choices; ++i) {
      if (!is_line(option.choices[i])) {
        wrong(entry, "choices[" + std::to_string(i) + "]: expected a line of text");
      }
      has_default = has_default || text == option.choices[i];
    }
    if (!has_default) wrong(entry, "the default is none of the choices");
  }

  const qtot_plugin& plugin_;
  const std::string& file_;
};

std::vector<std::string> texts(const char* const* first, std::uint32_t n) {
  return {first, first + n};
}

std::string number_text(double value) {
  return config::Value{value, ""}.text();
}

}  // namespace

bool is_name(const char* name) {
  if (name == nullptr) return false;
  const std::string_view text(name);
  if (text.empty() || text.size() > kMaxNameLength || text[0] < 'a' || text[0] > 'z') return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void require_sound(const qtot_plugin* plugin, const std::string& file) {
  if (plugin == nullptr) fail(file, "qtot_plugin_environment", "it returned nothing");
  Checker(*plugin, file).check();
}

OptionValues::OptionValues(const qtot_plugin& plugin) : plugin_(plugin) {
  fields_.emplace_back();
  fields_.back().text = plugin.maps[0];
  for (std::uint32_t i = 0; i < plugin.n_options; ++i) {
    Field field;
    field.option = &plugin.options[i];
    const std::string text = field.option->default_value;
    parse(text, field.integer);  // each succeeds for its type
    parse(text, field.number);
    field.flag = text == "True";
    field.text = text;
    fields_.push_back(field);
  }
}

void OptionValues::options(config::Options& o) {
  for (Field& field : fields_) {
    if (field.option == nullptr) {
      o.add("map_name", field.text, "variant", config::one_of(texts(plugin_.maps, plugin_.n_maps)));
      continue;
    }
    const qtot_plugin_option& option = *field.option;
    const bool bounded = has_bounds(option);
    if (option.type == QTOT_PLUGIN_INTEGER) {
      config::Rule<std::int64_t> rule;
      if (bounded) {
        rule = config::between(static_cast<std::int64_t>(option.lowest),
                               static_cast<std::int64_t>(option.highest));
      }
      o.add(option.key, field.integer, option.help, rule);
    } else if (option.type == QTOT_PLUGIN_NUMBER) {
      config::Rule<double> rule;
      if (bounded) rule = config::between(option.lowest, option.highest);
      o.add(option.key, field.number, option.help, rule);
    } else if (option.type == QTOT_PLUGIN_BOOLEAN) {
      o.add(option.key, field.flag, option.help);
    } else {
      config::Rule<std::string> rule;
      if (option.choices != nullptr) {
        rule = config::one_of(texts(option.choices, option.n_choices));
      }
      o.add(option.key, field.text, option.help, rule);
    }
  }
}

std::vector<qtot_plugin_argument> OptionValues::arguments() {
  std::vector<qtot_plugin_argument> arguments;
  for (Field& field : fields_) {
    qtot_plugin_argument argument = {.key = "map_name", .text = nullptr, .integer = 0, .number = 0};
    if (field.option != nullptr) {
      argument.key = field.option->key;
      switch (field.option->type) {
        case QTOT_PLUGIN_INTEGER:
          field.text = std::to_string(field.integer);
          argument.integer = field.integer;
          argument.number = static_cast<double>(field.integer);
          break;
        case QTOT_PLUGIN_NUMBER:
          field.text = number_text(field.number);
          argument.number = field.number;
          break;
        case QTOT_PLUGIN_BOOLEAN:
          field.text = field.flag ? "True" : "False";
          argument.integer = field.flag ? 1 : 0;
          break;
        default:
          break;
      }
    }
    argument.text = field.text.c_str();
    arguments.push_back(argument);
  }
  return arguments;
}

}  // namespace qtot::plugin
