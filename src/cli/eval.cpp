#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/load_run.h"
#include "cli/replay.h"
#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/playback/recording.h"
#include "qtot/rollout/collect.h"
#include "qtot/sweep/launcher.h"
#include "qtot/train/episode_means.h"
#include "qtot/train/evaluate.h"
#include "qtot/train/trainer.h"
#include "qtot/yaml/yaml.h"

namespace qtot::cli {
namespace {

struct EvalArguments {
  PluginArguments plugins;
  std::string path;
  int n_episodes = 0;  // 0: the default of what is asked for
  unsigned n_threads = sweep::n_usable_cores();
  std::string replay;  // a file, "-", or empty for none
  bool json = false;
};

constexpr int kMaxEpisodes = 1000000;
constexpr int kDefaultEpisodes = 32;
constexpr int kMaxReplayEpisodes = 1000;
constexpr int kDefaultReplayEpisodes = 8;
constexpr int kDefaultTerminalEpisodes = 1;

/// What a checkpoint is of: the policy with all that it needs to act.
class Player {
 public:
  explicit Player(const LoadedCheckpoint& loaded)
      : loaded_(loaded),
        config_(
            config::read_training_config(yaml::load_text(loaded.state.config, loaded.path)).config),
        family_(env::family(config_.env)) {
    const core::DecPomdpSpec spec = make_env()->spec();
    network_ = learner::make_network<float>(config_, spec);
    checkpoint::require_tensors(loaded.state, network_.layout, loaded.path);
    const std::vector<float>& params = loaded.state.learner.params;
    transposed_.resize(params.size());
    nn::transpose_params<float>(network_.layout, params, transposed_);
    policy_ = {.agent = network_.agent.get(),
               .weights = {.values = params.data(), .transposed = transposed_.data()}};
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  std::vector<rollout::EpisodeStats> play(int n_episodes, unsigned n_threads) const {
    rollout::Collector collector(n_threads, [this] { return make_env(); });
    return train::evaluate(collector, policy_, config_.seed, first_ticket(), n_episodes);
  }

  bool reports_wins() const { return make_env()->reports_wins(); }

  /// The same episodes, one after the other, with all there is to see of them.
  playback::Recording record(int n_episodes) const {
    rollout::Player player(make_env());
    playback::Recording recording = {
        .title = title(), .checkpoint = loaded_.path, .spec = player.spec(), .episodes = {}};
    const playback::Recorded recorded = {.policy = policy_,
                                         .mixer = network_.mixer.get(),
                                         .rules = rollout::evaluation_rules(config_.seed)};
    for (int i = 0; i < n_episodes; ++i) {
      const core::Ticket ticket = first_ticket() + static_cast<core::Ticket>(i);
      recording.episodes.push_back(playback::record(player, recorded, ticket));
    }
    return recording;
  }

 private:
  std::unique_ptr<env::Env> make_env() const { return family_.make(config_.env_args); }
  core::Ticket first_ticket() const { return static_cast<core::Ticket>(loaded_.state.episode); }

  // "qmix on stag_hunt_small after 150000 steps"
  std::string title() const {
    std::string place = config_.env;
    if (const config::Value* map = config::find(config_.env_args, "map_name")) {
      if (const auto* name = std::get_if<std::string>(&map->data)) place = *name;
    }
    return config_.name + " on " + place + " after " + std::to_string(loaded_.state.t_env) +
           " steps";
  }

  const LoadedCheckpoint& loaded_;
  config::TrainingConfig config_;
  const env::EnvFamily& family_;
  learner::Network<float> network_;
  std::vector<float> transposed_;
  rollout::Policy policy_;
};

void check(const EvalArguments& arguments) {
  if (arguments.replay.empty()) return;
  if (arguments.n_episodes > kMaxReplayEpisodes) {
    throw Error("--episodes " + std::to_string(arguments.n_episodes) + ": expected at most " +
                std::to_string(kMaxReplayEpisodes) + " with --replay");
  }
  if (arguments.json && is_terminal_replay(arguments.replay)) {
    throw Error("--replay - and --json both write to stdout: expected one of them");
  }
}

int n_episodes(const EvalArguments& arguments) {
  if (arguments.n_episodes > 0) return arguments.n_episodes;
  if (arguments.replay.empty()) return kDefaultEpisodes;
  return is_terminal_replay(arguments.replay) ? kDefaultTerminalEpisodes : kDefaultReplayEpisodes;
}

struct Played {
  std::vector<rollout::EpisodeStats> episodes;
  bool reports_wins = false;
};

Played play(const LoadedCheckpoint& loaded, const EvalArguments& arguments) {
  const Player player(loaded);
  if (arguments.replay.empty()) {
    return {.episodes = player.play(n_episodes(arguments), arguments.n_threads),
            .reports_wins = player.reports_wins()};
  }
  const playback::Recording recording = player.record(n_episodes(arguments));
  show_replay(recording, arguments.replay);
  Played played = {.episodes = {}, .reports_wins = player.reports_wins()};
  for (const playback::RecordedEpisode& episode : recording.episodes) {
    played.episodes.push_back(episode.stats);
  }
  return played;
}

void print_json(const EvalArguments& arguments, const std::string& path, const Played& played,
                const train::EpisodeMeans& means) {
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
  if (!arguments.replay.empty()) json["replay"] = arguments.replay;
  std::cout << json.dump(2) << '\n';
}

void print_readable(const EvalArguments& arguments, const std::string& path, const Played& played,
                    const train::EpisodeMeans& means) {
  std::cout << "checkpoint   " << path << '\n'
            << "test return  " << means.return_mean() << " +- " << means.return_std() << " ("
            << played.episodes.size() << " greedy episodes)\n";
  if (played.reports_wins) {
    std::cout << "test wins    " << 100 * means.battle_won_mean() << " % of them\n";
  }
  std::cout << "length       " << means.ep_length_mean() << " steps\n";
  if (!arguments.replay.empty() && !is_terminal_replay(arguments.replay)) {
    std::cout << "replay       " << arguments.replay << '\n';
  }
}

ExitCode run(const EvalArguments& arguments) {
  check(arguments);
  arguments.plugins.load();
  const LoadedCheckpoint loaded = load_run_or_checkpoint(arguments.path);
  const Played played = play(loaded, arguments);
  train::EpisodeMeans means;
  means.add(played.episodes);
  arguments.json ? print_json(arguments, loaded.path, played, means)
                 : print_readable(arguments, loaded.path, played, means);
  return ExitCode::kDone;
}

}  // namespace

void add_eval(Verb& app) {
  Verb verb = app.verb("eval", "Play greedy episodes with a trained policy");
  verb.footer(
      "Without --replay and with the default of 32 episodes it plays what the next evaluation of "
      "the\n"
      "run would. --replay plays the same episodes, from the first: with FILE.html it writes a "
      "page that\n"
      "any browser shows (docs/replay.md), with - it plays them in the terminal.");
  auto arguments = std::make_shared<EvalArguments>();
  verb.option("path", arguments->path, "run folder or checkpoint file")
      .required()
      .type_name("RUN|CHECKPOINT");
  verb.option("--episodes", arguments->n_episodes,
              "how many (default: 32; with --replay FILE 8, with --replay - 1)")
      .range(1, kMaxEpisodes);
  verb.option("--replay", arguments->replay,
              "show what the policy sees, values and does: in a page, or as text with -")
      .type_name("FILE.html|-");
  verb.option("--threads", arguments->n_threads, "worker threads (default: all cores)")
      .range(1U, kMaxThreads);
  arguments->plugins.add_to(verb);
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
