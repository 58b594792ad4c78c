#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/yaml/resolve.h"

/// The verbs of the program. Each adds a subcommand with its options and help, and runs it when it is
/// the one that was called; the exit code goes into `exit_code`.
namespace qtot::cli {

void add_train(CLI::App& app, ExitCode& exit_code);
void add_eval(CLI::App& app, ExitCode& exit_code);
void add_digest(CLI::App& app, ExitCode& exit_code);
void add_diff(CLI::App& app, ExitCode& exit_code);
void add_config(CLI::App& app, ExitCode& exit_code);
void add_env(CLI::App& app, ExitCode& exit_code);
void add_oracle(CLI::App& app, ExitCode& exit_code);
void add_bench(CLI::App& app, ExitCode& exit_code);

/// The words behind the options, `key=value` each, without PyMARL's optional `with` in front.
std::vector<std::string> assignments(std::vector<std::string> words);

/// Adds `--config`, `--env-config` and the assignments, which mean the same wherever they stand.
struct ConfigArguments {
  std::string config;
  std::string env_config;
  std::vector<std::string> words;

  void add_to(CLI::App& verb);
};

/// The configuration that the arguments name. Warnings go to stderr. Throws Error for whatever is wrong
/// with it, an unknown environment or mixer included.
yaml::Resolved resolve(const ConfigArguments& arguments);

}  // namespace qtot::cli
