#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/load_run.h"
#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/math/elementary.h"
#include "qtot/rollout/collect.h"
#include "qtot/train/evaluate.h"
#include "qtot/train/trainer.h"
#include "qtot/yaml/yaml.h"

namespace qtot::cli {
namespace {

struct Arguments {
  std::string path;
  int n_episodes = 32;
  unsigned n_threads = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
};

constexpr int kMaxEpisodes = 1000000;
constexpr unsigned kMaxThreads = 1024;

std::vector<rollout::EpisodeStats> play(const LoadedCheckpoint& loaded,
                                        const Arguments& arguments) {
  const config::TrainingConfig config =
      config::read_training_config(yaml::load_text(loaded.state.config, loaded.path)).config;
  const env::EnvFamily& family = env::family(config.env);
  rollout::Collector collector(arguments.n_threads, [&] { return family.make(config.env_args); });
  const learner::Network<float> network =
      learner::make_network<float>(learner::agent_config(config, collector.spec()),
                                   learner::mixer_config(config, collector.spec()));
  checkpoint::require_tensors(loaded.state, network.layout, loaded.path);
  const std::vector<float>& params = loaded.state.learner.params;
  std::vector<float> transposed(params.size());
  nn::transpose_params<float>(network.layout, params, transposed);
  const rollout::Policy policy{
      .agent = network.agent.get(),
      .weights = {.values = params.data(), .transposed = transposed.data()}};
  return train::evaluate(collector, policy, config.seed,
                         static_cast<core::Ticket>(loaded.state.episode), arguments.n_episodes);
}

ExitCode run(const Arguments& arguments) {
  const LoadedCheckpoint loaded = load_run_or_checkpoint(arguments.path);
  const std::vector<rollout::EpisodeStats> episodes = play(loaded, arguments);
  const auto n = static_cast<double>(episodes.size());
  double sum = 0, squares = 0, length = 0;
  for (const rollout::EpisodeStats& stats : episodes) {
    sum += stats.episode_return;
    squares = math::fma(stats.episode_return, stats.episode_return, squares);
    length += stats.length;
  }
  const double mean = sum / n;
  const double deviation = math::sqrt(std::max(0.0, squares / n - mean * mean));
  if (arguments.json) {
    nlohmann::ordered_json json = {{"checkpoint", loaded.path},
                                   {"episodes", episodes.size()},
                                   {"test_return_mean", mean},
                                   {"test_return_std", deviation},
                                   {"test_ep_length_mean", length / n}};
    for (const rollout::EpisodeStats& stats : episodes) {
      json["returns"].push_back(stats.episode_return);
    }
    std::cout << json.dump(2) << '\n';
  } else {
    std::cout << "checkpoint   " << loaded.path << '\n'
              << "test return  " << mean << " +- " << deviation << " (" << episodes.size()
              << " greedy episodes)\n"
              << "length       " << length / n << " steps\n";
  }
  return ExitCode::kDone;
}

}  // namespace

void add_eval(Verb& app) {
  Verb verb = app.verb("eval", "Play greedy episodes with a trained policy");
  verb.footer(
      "With the default of 32 episodes it plays what the next evaluation of the run would.");
  auto arguments = std::make_shared<Arguments>();
  verb.option("path", arguments->path, "run folder or checkpoint file")
      .required()
      .type_name("RUN|CHECKPOINT");
  verb.option("--episodes", arguments->n_episodes, "how many (default: 32)").range(1, kMaxEpisodes);
  verb.option("--threads", arguments->n_threads, "worker threads (default: all cores)")
      .range(1U, kMaxThreads);
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
