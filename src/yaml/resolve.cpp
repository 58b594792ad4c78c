#include "qtot/yaml/resolve.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "qtot/base/error.h"
#include "qtot/yaml/yaml.h"

namespace qtot::yaml {
namespace {

namespace fs = std::filesystem;

struct Folder {
  std::string path;
  std::string shown;  // how origins name it
};

// Where an installed program keeps its configurations, wherever the prefix was moved to.
fs::path beside_the_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path folder = (program.parent_path() / QTOT_CONFIGS_FROM_BIN).lexically_normal();
  return fs::is_directory(folder, error) ? folder : fs::path();
}

std::vector<Folder> config_folders() {
  std::vector<Folder> folders;
  if (const char* chosen = std::getenv("QTOT_CONFIG_DIR"); chosen != nullptr && *chosen != '\0') {
    folders.push_back({chosen, chosen});
  }
  if (const fs::path installed = beside_the_program(); !installed.empty()) {
    folders.push_back({installed, installed});
  }
  folders.push_back({QTOT_SOURCE_CONFIGS, "configs"});
  folders.push_back({QTOT_INSTALLED_CONFIGS, QTOT_INSTALLED_CONFIGS});
  return folders;
}

bool is_path(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

// A name is no way out of the folder.
bool is_config_name(const std::string& name) {
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    if (!letter && !(c >= '0' && c <= '9') && c != '/') return false;
  }
  return !name.empty();
}

config::Map load_named(const std::string& flag, const std::string& kind, const std::string& name) {
  if (is_path(name)) return load_file(name);
  if (is_config_name(name)) {
    const std::string file = "/" + kind + "/" + name + ".yaml";
    for (const Folder& folder : config_folders()) {
      std::error_code error;
      if (fs::exists(folder.path + file, error)) {
        return load_file(folder.path + file, folder.shown + file);
      }
    }
  }
  const std::vector<std::string> known = known_configs(kind);
  const std::string near = config::nearest(name, known);
  std::string text = flag + "=" + name.substr(0, 80) + ": no such configuration;";
  if (!near.empty()) text += " did you mean " + near + "?";
  text += " known:";
  for (const std::string& one : known) text += " " + one;
  throw Error(text);
}

// The .yaml files below `folder`, one folder deep, as names.
void list_names(const fs::path& folder, const std::string& prefix,
                std::vector<std::string>& names) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (entry.is_directory(error) && prefix.empty()) {
      list_names(path, path.filename().string() + "/", names);
    } else if (path.extension() == ".yaml") {
      names.push_back(prefix + path.stem().string());
    }
  }
}

}  // namespace

std::vector<std::string> known_configs(const std::string& kind) {
  std::vector<std::string> names;
  for (const Folder& folder : config_folders()) {
    list_names(fs::path(folder.path) / kind, "", names);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Resolved resolve(const std::string& alg, const std::string& env,
                 const std::vector<std::string>& assignments) {
  config::Map map;
  if (!env.empty()) config::merge(map, load_named("--env-config", "envs", env));
  if (!alg.empty()) config::merge(map, load_named("--config", "algs", alg));
  config::merge(map, parse_assignments(assignments));
  return config::read_training_config(std::move(map));
}

}  // namespace qtot::yaml
