#include <iostream>

#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/mixers/mixer.h"

namespace qtot::cli {

std::vector<std::string> assignments(std::vector<std::string> words) {
  if (!words.empty() && words.front() == "with") words.erase(words.begin());
  return words;
}

void ConfigArguments::add_to(Verb& verb) {
  verb.option("--config", config, "algorithm: a name in configs/algs (qmix, pymarl2/vdn) or a file")
      .type_name("NAME");
  verb.option("--env-config", env_config,
              "environment: a name in configs/envs (stag_hunt, two_step) or a file")
      .type_name("NAME");
  verb.option("words", words, "[with] key=value ...: overrides; lists as [6,6], env_args.key=value")
      .type_name("KEY=VALUE");
}

yaml::Resolved resolve(const ConfigArguments& arguments) {
  yaml::Resolved resolved = resolve_silently(arguments);
  for (const std::string& warning : resolved.warnings) {
    std::cerr << "qtot: warning: " << warning << '\n';
  }
  return resolved;
}

yaml::Resolved resolve_silently(const ConfigArguments& arguments) {
  yaml::Resolved resolved =
      yaml::resolve(arguments.config, arguments.env_config, assignments(arguments.words));
  std::vector<std::string> envs, mixers;
  for (const env::EnvFamily& family : env::families()) envs.push_back(family.name);
  for (const mixers::MixerFamily& family : mixers::families()) mixers.push_back(family.name);
  config::require_known(resolved.options, "env", envs);
  config::require_known(resolved.options, "mixer", mixers);
  return resolved;
}

}  // namespace qtot::cli
