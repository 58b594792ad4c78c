#include "qtot/plugin/load.h"

#include <dlfcn.h>

#include <cfenv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "plugin/declaration.h"
#include "plugin/fault.h"
#include "plugin/plugin_env.h"
#include "qtot/base/files.h"
#include "qtot/base/fingerprint.h"
#include "qtot/base/printable.h"
#include "qtot/math/fp_environment.h"

namespace qtot::plugin {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEntry = "qtot_plugin_environment";
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;

struct Unload {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, Unload>;

std::string reason() {
  const char* const text = ::dlerror();
  return text == nullptr ? "for no reason that the system gives" : printable(text);
}

fs::path found(const std::string& file) {
  std::error_code fault;
  const fs::path path = fs::canonical(file, fault);
  if (fault) throw Error("plugin " + file + ": " + fault.message());
  if (!fs::is_regular_file(path)) throw Error("plugin " + file + ": expected a file");
  return path;
}

// A library that was linked with -ffast-math changes the arithmetic of the thread that loads it.
Library open(const std::string& file, const fs::path& path) {
  std::fenv_t before{};
  std::fegetenv(&before);
  Library library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (library == nullptr) throw Error("plugin " + file + ": it cannot be loaded: " + reason());
  try {
    math::require_ieee_arithmetic();
  } catch (const Error& changed) {
    std::fesetenv(&before);
    throw Error("plugin " + file + ": loading it changed the " + changed.what());
  }
  return library;
}

env::EnvFamily family_of(const qtot_plugin& plugin, const std::string& file) {
  const std::string name = plugin.name;
  return {
      .name = name,
      .summary = plugin.summary,
      .make = [&plugin, file, name](const config::Map& args) -> std::unique_ptr<env::Env> {
        config::Options reader(args, "env_args.");
        OptionValues values(plugin);
        values.options(reader);
        reader.refuse_unknown("environment " + name);
        return std::make_unique<PluginEnv>(plugin, file, values.arguments());
      },
      .options =
          [&plugin] {
            config::Options list({}, "env_args.");
            OptionValues(plugin).options(list);
            return list.infos();
          },
      .maps =
          [&plugin] { return std::vector<std::string>(plugin.maps, plugin.maps + plugin.n_maps); }};
}

}  // namespace

std::string load(const std::string& file) {
  static std::map<fs::path, std::string> loaded;  // names by file
  const fs::path path = found(file);
  if (const auto known = loaded.find(path); known != loaded.end()) return known->second;
  Library library = open(file, path);
  void* const symbol = ::dlsym(library.get(), kEntry);
  if (symbol == nullptr) {
    throw Error("plugin " + file + ": it has no function " + kEntry +
                ", as qtot/env/plugin.h asks for");
  }
  const auto entry = reinterpret_cast<decltype(&qtot_plugin_environment)>(symbol);
  const qtot_plugin* const plugin = entry();
  require_sound(plugin, file);
  try {
    env::add_family(family_of(*plugin, file));
  } catch (const Error& taken) {
    throw Error("plugin " + file + ": " + taken.what());
  }
  loaded.emplace(path, plugin->name);
  static_cast<void>(library.release());  // for the life of the process
  return plugin->name;
}

std::string identity(const std::vector<std::string>& files) {
  if (files.empty()) return "";
  FingerprintHasher hasher;
  for (const std::string& file : files) hasher.add(read_file(file, kMaxFileBytes));
  return hasher.finish().hex();
}

}  // namespace qtot::plugin
