#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/load_run.h"
#include "cli/verbs.h"

namespace qtot::cli {
namespace {

struct DigestArguments {
  std::string path;
  bool json = false;
};

ExitCode run(const DigestArguments& arguments) {
  const LoadedCheckpoint loaded = load_run_or_checkpoint(arguments.path);
  const checkpoint::Digest digest = checkpoint::digest(loaded.state);
  if (arguments.json) {
    nlohmann::ordered_json json = {{"checkpoint", loaded.path},
                                   {"t_env", loaded.state.t_env},
                                   {"episode", loaded.state.episode},
                                   {"update", loaded.state.learner.n_updates}};
    for (const auto& [name, part] : digest.parts) json["parts"][name] = part.hex();
    json["fingerprint"] = digest.fingerprint.hex();
    std::cout << json.dump(2) << '\n';
    return ExitCode::kDone;
  }
  std::cout << "checkpoint " << loaded.path << '\n'
            << "t_env " << loaded.state.t_env << ", episode " << loaded.state.episode << ", update "
            << loaded.state.learner.n_updates << '\n';
  for (const auto& [name, part] : digest.parts) std::cout << part.hex() << "  " << name << '\n';
  std::cout << "fingerprint " << digest.fingerprint.hex() << '\n';
  return ExitCode::kDone;
}

}  // namespace

void add_digest(Verb& app) {
  Verb verb = app.verb("digest", "Fingerprint of a run's training state");
  verb.footer(
      "128 bits over parameters, targets, optimiser, replay and training counters. Two runs of "
      "one\n"
      "configuration and seed agree on any number of threads, compiler and instruction set.");
  auto arguments = std::make_shared<DigestArguments>();
  verb.option("path", arguments->path, "run folder or checkpoint file")
      .required()
      .type_name("RUN|CHECKPOINT");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
