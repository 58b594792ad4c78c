#pragma once

#include <deque>
#include <string>
#include <vector>

#include "qtot/config/options.h"
#include "qtot/env/plugin.h"

namespace qtot::plugin {

/// What a plugin says of itself. Throws Error, naming the entry, when something is wrong: another
/// interface or layout, a missing function, a name, an option or a default that cannot be.
void require_sound(const qtot_plugin* plugin, const std::string& file);

/// The largest whole number up to which every one is a double.
inline constexpr double kLargestInteger = 9007199254740992.0;  // 2^53

/// Whether `name` is lower-case letters, digits and _, a letter first, at most 64 of them.
bool is_name(const char* name);

/// The options of a plugin with their values: `map_name`, then the declared ones.
class OptionValues {
 public:
  /// With the defaults. The plugin is sound.
  explicit OptionValues(const qtot_plugin& plugin);

  void options(config::Options& o);
  /// As create() takes them; valid until the next change.
  std::vector<qtot_plugin_argument> arguments();

 private:
  struct Field {
    const qtot_plugin_option* option = nullptr;  // null: map_name
    std::int64_t integer = 0;
    double number = 0;
    bool flag = false;
    std::string text;  // of a text; else filled by arguments()
  };

  const qtot_plugin& plugin_;
  std::deque<Field> fields_;  // whose addresses stay
};

}  // namespace qtot::plugin
