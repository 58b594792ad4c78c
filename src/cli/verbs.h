#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"
#include "qtot/yaml/resolve.h"

/// The verbs of the program. Each adds itself with its options, its help and what it does.
namespace qtot::cli {

void add_train(Verb& app);
void add_sweep(Verb& app);
void add_report(Verb& app);
void add_eval(Verb& app);
void add_digest(Verb& app);
void add_diff(Verb& app);
void add_config(Verb& app);
void add_env(Verb& app);
void add_oracle(Verb& app);
void add_bench(Verb& app);
void add_games(Verb& app);

/// The words behind the options, `key=value` each, without PyMARL's optional `with` in front.
std::vector<std::string> assignments(std::vector<std::string> words);

/// Adds `--plugin FILE`, wherever environments are made.
struct PluginArguments {
  std::vector<std::string> files;

  void add_to(Verb& verb);
  /// Before an environment is looked up; a second time it does nothing. Throws Error as plugin::load.
  void load() const;
};

/// Adds `--config`, `--env-config`, `--plugin` and the assignments, which mean the same wherever they stand.
struct ConfigArguments {
  std::string config;
  std::string env_config;
  std::vector<std::string> words;
  PluginArguments plugins = {};

  void add_to(Verb& verb);
};

/// Loads the plugins, and gives the configuration that the arguments name. Warnings go to stderr. Throws
/// Error for whatever is wrong with it, an unknown environment or mixer included.
yaml::Resolved resolve(const ConfigArguments& arguments);
/// The same, with the warnings left to the caller.
yaml::Resolved resolve_silently(const ConfigArguments& arguments);

}  // namespace qtot::cli
