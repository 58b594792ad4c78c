#include "cli/verb.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace qtot::cli {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option& Option::range(int lowest, int highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

Option& Option::range(unsigned lowest, unsigned highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

Option& Option::one_of(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

Verb Verb::verb(const std::string& name, const std::string& description) {
  return {*app_->add_subcommand(name, description), *exit_code_};
}

void Verb::require_verb() {
  app_->require_subcommand(1);
}

void Verb::footer(const std::string& text) {
  app_->footer(text);
}

Option Verb::option(const std::string& name, std::string& value, const std::string& help) {
  return Option(*app_->add_option(name, value, help));
}

Option Verb::option(const std::string& name, std::vector<std::string>& values,
                    const std::string& help) {
  return Option(*app_->add_option(name, values, help));
}

Option Verb::repeated(const std::string& name, std::vector<std::string>& values,
                      const std::string& help) {
  return Option(*app_->add_option(name, values, help)->allow_extra_args(false));
}

Option Verb::option(const std::string& name, int& value, const std::string& help) {
  return Option(*app_->add_option(name, value, help));
}

Option Verb::option(const std::string& name, unsigned& value, const std::string& help) {
  return Option(*app_->add_option(name, value, help));
}

Option Verb::option(const std::string& name, std::uint64_t& value, const std::string& help) {
  return Option(*app_->add_option(name, value, help));
}

void Verb::flag(const std::string& name, bool& value, const std::string& help) {
  app_->add_flag(name, value, help);
}

void Verb::json_flag(bool& value) {
  flag("--json", value, "report as one JSON document");
}

void Verb::action(std::function<ExitCode()> run) {
  app_->callback([run = std::move(run), exit_code = exit_code_] { *exit_code = run(); });
}

}  // namespace qtot::cli
