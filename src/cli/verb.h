#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "qtot/base/error.h"

namespace CLI {  // NOLINT(readability-identifier-naming): its name
class App;
class Option;
}  // namespace CLI

/// The command line as the verbs see it. CLI11 stands behind, in verb.cpp and main.cpp alone: a compiler
/// takes ten seconds over it.
namespace qtot::cli {

/// No verb takes more worker threads.
constexpr unsigned kMaxThreads = 1024;

/// An option that was added to a verb.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& required();
  /// What stands for the value in the help: RUN, KEY=VALUE.
  Option& type_name(const std::string& name);
  /// Both ends belong to it.
  Option& range(int lowest, int highest);
  Option& range(unsigned lowest, unsigned highest);
  Option& one_of(std::vector<std::string> values);

 private:
  CLI::Option* option_;
};

/// The program, or a verb of it: `qtot`, `qtot env`, `qtot env list`.
class Verb {
 public:
  /// What the action of the verb that is called returns goes into `exit_code`.
  Verb(CLI::App& app, ExitCode& exit_code) : app_(&app), exit_code_(&exit_code) {}

  Verb verb(const std::string& name, const std::string& description);
  /// Called without one of its verbs it is an error.
  void require_verb();
  /// Stands below the options in the help.
  void footer(const std::string& text);

  /// An option "--name", or without dashes a word by its place. What it is read into has to live until
  /// the action is over.
  Option option(const std::string& name, std::string& value, const std::string& help);
  Option option(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// An option "--name" that may be given more than once, with one value each time.
  Option repeated(const std::string& name, std::vector<std::string>& values,
                  const std::string& help);
  Option option(const std::string& name, int& value, const std::string& help);
  Option option(const std::string& name, unsigned& value, const std::string& help);
  Option option(const std::string& name, std::uint64_t& value, const std::string& help);
  void flag(const std::string& name, bool& value, const std::string& help);
  /// --json, which every verb that reports has.
  void json_flag(bool& value);

  void action(std::function<ExitCode()> run);

 private:
  CLI::App* app_;
  ExitCode* exit_code_;
};

}  // namespace qtot::cli
