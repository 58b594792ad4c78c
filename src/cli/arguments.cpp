#include <iostream>

#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/mixers/mixer.h"
#include "qtot/plugin/load.h"

namespace qtot::cli {

std::vector<std::string> assignments(std::vector<std::string> words) {
  if (!words.empty() && words.front() == "with") words.erase(words.begin());
  return words;
}

void PluginArguments::add_to(Verb& verb) {
  verb.repeated("--plugin", files, "library with a further environment; may be given repeatedly")
      .type_name("FILE");
}

void PluginArguments::load() const {
  for (const std::string& file : files) plugin::load(file);
}

namespace {

// Whoever resumes a run of a plugin without it is told so.
void require_known_env(const std::vector<config::OptionInfo>& options) {
  std::vector<std::string> names;
  for (const env::EnvFamily& family : env::families()) names.push_back(family.name);
  try {
    config::require_known(options, "env", names);
  } catch (const Error& error) {
    throw Error(error.what() + std::string("; one of a plugin needs --plugin FILE"));
  }
}

}  // namespace

void ConfigArguments::add_to(Verb& verb) {
  verb.option("--config", config, "algorithm: a name in configs/algs (qmix, pymarl2/vdn) or a file")
      .type_name("NAME");
  verb.option("--env-config", env_config,
              "environment: a name in configs/envs (stag_hunt, two_step) or a file")
      .type_name("NAME");
  verb.option("words", words, "[with] key=value ...: overrides; lists as [6,6], env_args.key=value")
      .type_name("KEY=VALUE");
  plugins.add_to(verb);
}

yaml::Resolved resolve(const ConfigArguments& arguments) {
  yaml::Resolved resolved = resolve_silently(arguments);
  for (const std::string& warning : resolved.warnings) {
    std::cerr << "qtot: warning: " << warning << '\n';
  }
  return resolved;
}

yaml::Resolved resolve_silently(const ConfigArguments& arguments) {
  arguments.plugins.load();
  yaml::Resolved resolved =
      yaml::resolve(arguments.config, arguments.env_config, assignments(arguments.words));
  std::vector<std::string> mixers;
  for (const mixers::MixerFamily& family : mixers::families()) mixers.push_back(family.name);
  require_known_env(resolved.options);
  config::require_known(resolved.options, "mixer", mixers);
  return resolved;
}

}  // namespace qtot::cli
