#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/load_run.h"
#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/rollout/collect.h"
#include "qtot/train/episode_means.h"
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

struct Played {
  std::vector<rollout::EpisodeStats> episodes;
  bool reports_wins = false;
};

Played play(const LoadedCheckpoint& loaded, const Arguments& arguments) {
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
  return {.episodes = train::evaluate(collector, policy, config.seed,
                                      static_cast<core::Ticket>(loaded.state.episode),
                                      arguments.n_episodes),
          .reports_wins = collector.reports_wins()};
}

void print_json(const std::string& path, const Played& played, const train::EpisodeMeans& means) {
  nlohmann::ordered_json json = {{"checkpoint", path},
                                 {"episodes", played.episodes.size()},
                                 {"test_return_mean", means.return_mean()},
                                 {"test_return_std", means.return_std()},
                                 {"test_ep_length_mean", means.ep_length_mean()}};
  if (played.reports_wins) json["test_battle_won_mean"] = means.battle_won_mean();
  for (const rollout::EpisodeStats& stats : played.episodes) {
    json["returns"].push_back(stats.episode_return);
    if (played.reports_wins) json["won"].push_back(stats.won);
  }
  std::cout << json.dump(2) << '\n';
}

void print_readable(const std::string& path, const Played& played,
                    const train::EpisodeMeans& means) {
  std::cout << "checkpoint   " << path << '\n'
            << "test return  " << means.return_mean() << " +- " << means.return_std() << " ("
            << played.episodes.size() << " greedy episodes)\n";
  if (played.reports_wins) {
    std::cout << "test wins    " << 100 * means.battle_won_mean() << " % of them\n";
  }
  std::cout << "length       " << means.ep_length_mean() << " steps\n";
}

ExitCode run(const Arguments& arguments) {
  const LoadedCheckpoint loaded = load_run_or_checkpoint(arguments.path);
  const Played played = play(loaded, arguments);
  train::EpisodeMeans means;
  means.add(played.episodes);
  arguments.json ? print_json(loaded.path, played, means)
                 : print_readable(loaded.path, played, means);
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
