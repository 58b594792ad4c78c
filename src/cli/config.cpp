#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "qtot/env/env.h"

namespace qtot::cli {
namespace {

struct Arguments {
  ConfigArguments config;
  bool reference = false;
  bool json = false;
};

std::string reference() {
  std::vector<config::ReferenceSection> sections;
  for (const env::EnvFamily& family : env::families()) {
    sections.push_back({.title = "env_args of " + family.name,
                        .text = family.summary,
                        .options = family.options()});
  }
  return config::reference_markdown(sections);
}

// Keys of the environment stand in one map; each has the place where it was written.
void add_env_args(const config::Map& args, std::vector<config::OptionInfo>& options) {
  for (const auto& [key, value] : args) {
    config::OptionInfo option;
    option.key = "env_args." + key;
    option.value = value.text();
    option.origin = value.origin;
    options.push_back(option);
  }
}

ExitCode run(const Arguments& arguments) {
  arguments.config.plugins.load();
  if (arguments.reference) {
    std::cout << reference();
    return ExitCode::kDone;
  }
  const yaml::Resolved resolved = resolve(arguments.config);
  env::family(resolved.config.env).make(resolved.config.env_args);  // refuses what it must
  std::vector<config::OptionInfo> options = resolved.options;
  add_env_args(resolved.config.env_args, options);
  if (arguments.json) {
    nlohmann::ordered_json json;
    for (const config::OptionInfo& option : options) {
      json[option.key] = {{"value", option.value}, {"origin", option.origin}};
    }
    std::cout << json.dump(2) << '\n';
    return ExitCode::kDone;
  }
  for (const config::OptionInfo& option : options) {
    std::cout << std::left << std::setw(30) << option.key << ' ' << std::setw(24) << option.value
              << " " << option.origin << '\n';
  }
  return ExitCode::kDone;
}

}  // namespace

void add_config(Verb& app) {
  Verb verb = app.verb("config", "The resolved configuration, with the origin of each value");
  verb.footer("Layers: defaults < environment < algorithm < command line.");
  auto arguments = std::make_shared<Arguments>();
  arguments->config.add_to(verb);
  verb.flag("--reference", arguments->reference,
            "every key with its type, default, rule and meaning, as Markdown");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
