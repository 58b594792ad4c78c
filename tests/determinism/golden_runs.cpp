#include "determinism/golden_runs.h"

#include <algorithm>
#include <array>

#include "qtot/base/error.h"
#include "qtot/base/fingerprint.h"
#include "qtot/checkpoint/state.h"
#include "qtot/cluster/ranks.h"
#include "qtot/cluster/simulated.h"
#include "qtot/config/training_config.h"
#include "qtot/env/env.h"

namespace qtot::golden {
namespace {

constexpr std::size_t kEpisodes = 11;  // of a recorded batch: no power of two

rollout::EnvFactory env_factory(const config::TrainingConfig& config) {
  return [&config] { return env::family(config.env).make(config.env_args); };
}

// Episodes of agents that choose at random. Integers and float32 from counter-based chance: the same
// on every machine, and recorded by no more than the seed.
std::vector<core::Episode> recorded_episodes(const config::TrainingConfig& config) {
  rollout::Player player(env_factory(config)());
  const learner::Network<float> network = learner::make_network<float>(config, player.spec());
  const std::vector<float> zeros(network.layout.size());
  const rollout::Policy policy = {.agent = network.agent.get(),
                                  .weights = {.values = zeros.data(), .transposed = zeros.data()}};
  const rollout::PlayRules rules = rollout::training_rules(
      config.seed, 1.0, learner::extras_of(learner::learner_config(config)));
  std::vector<core::Episode> episodes(kEpisodes);
  for (std::size_t ticket = 0; ticket < kEpisodes; ++ticket) {
    player.play(policy, rules, ticket, episodes[ticket]);
  }
  return episodes;
}

void add_to(FingerprintHasher& hasher, const learner::UpdateStats& stats) {
  for (const double x :
       {stats.loss, stats.grad_norm, stats.td_error_abs, stats.q_taken_mean, stats.target_mean}) {
    hasher.add(x);
  }
}

template <class T>
void add_to(FingerprintHasher& hasher, const learner::LearnerState<T>& state) {
  for (const std::vector<T>* values :
       {&state.params, &state.target_params, &state.optimiser.first, &state.optimiser.second}) {
    hasher.add(std::uint64_t{values->size()});
    hasher.add(std::span<const T>(*values));
  }
}

template <class T>
Fingerprint learn(const config::TrainingConfig& config, const std::vector<core::Episode>& episodes,
                  Executor& executor) {
  const core::DecPomdpSpec& spec = episodes.front().spec();
  learner::Learner<T> learner(learner::make_network<T>(config, spec),
                              learner::learner_config(config), config.seed, executor);
  std::vector<const core::Episode*> batch;
  for (const core::Episode& episode : episodes) batch.push_back(&episode);
  FingerprintHasher hasher;
  for (std::int64_t k = 0; k < kLearnerUpdates; ++k) add_to(hasher, learner.update(batch, k));
  add_to(hasher, learner.state());
  return hasher.finish();
}

// One episode of agents that choose at random. Returns its length.
std::int64_t play(env::Env& env, std::uint64_t seed, core::Ticket ticket,
                  FingerprintHasher& hasher) {
  const core::DecPomdpSpec& spec = env.spec();
  const auto size = [](int n) { return static_cast<std::size_t>(n); };
  std::vector<float> obs(size(spec.n_agents) * size(spec.obs_dim)), state(size(spec.state_dim));
  std::vector<std::uint8_t> avail(size(spec.n_agents) * size(spec.n_actions));
  std::vector<core::Action> joint_action(size(spec.n_agents));
  env::PhiloxChance reset(seed, math::Stream::kReset, ticket, 0);
  env.reset(reset);
  for (std::uint32_t t = 0;; ++t) {
    env.observe(obs, state, avail);
    hasher.add(std::span<const float>(obs));
    hasher.add(std::span<const float>(state));
    hasher.add(std::span<const std::uint8_t>(avail));
    if (env.has_ended()) return t;
    env::PhiloxChance acting(seed, math::Stream::kExploration, ticket, t);
    for (int agent = 0; agent < spec.n_agents; ++agent) {
      std::vector<core::Action> available;
      for (core::Action a = 0; a < spec.n_actions; ++a) {
        if (avail[size(agent) * size(spec.n_actions) + size(a)] != 0) available.push_back(a);
      }
      joint_action[size(agent)] =
          available[acting.choose(0, agent, static_cast<std::uint32_t>(available.size()))];
    }
    env::PhiloxChance chance(seed, math::Stream::kStep, ticket, t);
    hasher.add(static_cast<double>(env.step(joint_action, chance).reward));
  }
}

}  // namespace

void run_playing(const Case& golden_case, Report report) {
  const config::TrainingConfig config = config::read_training_config(golden_case.keys).config;
  const std::unique_ptr<env::Env> env = env_factory(config)();
  FingerprintHasher hasher;
  std::int64_t steps = 0;
  for (core::Ticket ticket = 0; ticket < kPlayedEpisodes; ++ticket) {
    steps += play(*env, config.seed, ticket, hasher);
  }
  report({.name = golden_case.name,
          .update = kPlayedEpisodes,
          .steps = steps,
          .fingerprint = hasher.finish()});
}

namespace {

void train(const Case& golden_case, const config::TrainingConfig& config, std::size_t n_threads,
           train::Crew* crew, std::int64_t max_update, Report report) {
  const rollout::EnvFactory make_env = env_factory(config);
  const Machinery machinery = make_machinery(n_threads, make_env);
  train::Trainer trainer(config, make_env()->spec(), *machinery.player, *machinery.executor, crew);
  for (const std::int64_t update : kTrainingUpdates) {
    if (update > max_update) return;
    while (trainer.update() < update) trainer.run_round();
    report({.name = golden_case.name,
            .update = trainer.update(),  // more where a round's updates went past it
            .steps = trainer.t_env(),
            .fingerprint = trainer.digest().fingerprint});
  }
}

}  // namespace

void run_training(const Case& golden_case, const Workers& workers, std::int64_t max_update,
                  Report report) {
  const config::TrainingConfig config = config::read_training_config(golden_case.keys).config;
  if (workers.n_ranks == 1) {
    return train(golden_case, config, workers.n_threads, nullptr, max_update, report);
  }
  std::vector<Line> lines;
  const auto rank_main = [&](cluster::Transport& transport) {
    cluster::Ranks ranks(transport);
    train(golden_case, config, workers.n_threads, &ranks, max_update, [&](const Line& line) {
      if (ranks.is_first()) lines.push_back(line);
    });
    ranks.settle();
  };
  const cluster::Schedule schedule = {.seed = config.seed};
  for (const cluster::RankEnd& end :
       cluster::run_simulated(workers.n_ranks, schedule, rank_main).ends) {
    if (end.how != cluster::RankEnd::How::kDone) throw Error(end.sentence, ExitCode::kFailed);
  }
  for (const Line& line : lines) report(line);
}

void run_learner(const Case& golden_case, std::size_t n_threads, Report report) {
  const config::TrainingConfig config = config::read_training_config(golden_case.keys).config;
  const std::vector<core::Episode> episodes = recorded_episodes(config);
  const Machinery machinery = make_machinery(n_threads, env_factory(config));
  std::int64_t steps = 0;
  for (const core::Episode& episode : episodes) steps += episode.length();
  const auto line = [&](const char* scalar, Fingerprint fingerprint) {
    report({.name = golden_case.name + "-" + scalar,
            .update = kLearnerUpdates,
            .steps = steps,
            .fingerprint = fingerprint});
  };
  line("float", learn<float>(config, episodes, *machinery.executor));
  line("double", learn<double>(config, episodes, *machinery.executor));
}

}  // namespace qtot::golden
