#include "cli/verbs.h"

namespace qtot::cli {

std::vector<std::string> assignments(std::vector<std::string> words) {
  if (!words.empty() && words.front() == "with") words.erase(words.begin());
  return words;
}

void ConfigArguments::add_to(CLI::App& verb) {
  verb.add_option("--config", config,
                  "algorithm: a name in configs/algs (qmix, pymarl2/vdn) or a file")
      ->type_name("NAME");
  verb.add_option("--env-config", env_config,
                  "environment: a name in configs/envs (stag_hunt, two_step) or a file")
      ->type_name("NAME");
  verb.add_option("words", words,
                  "[with] key=value ...: overrides; lists as [6,6], env_args.key=value")
      ->type_name("KEY=VALUE");
}

}  // namespace qtot::cli
