#include "determinism/golden_runs.h"

#include <algorithm>
#include <array>

#include "qtot/base/fingerprint.h"
#include "qtot/checkpoint/state.h"
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
  const learner::Network<float> network = learner::make_network<float>(
      learner::agent_config(config, player.spec()), learner::mixer_config(config, player.spec()));
  const std::vector<float> zeros(network.layout.size());
  const rollout::Policy policy = {.agent = network.agent.get(),
                                  .weights = {.values = zeros.data(), .transposed = zeros.data()}};
  const rollout::PlayRules rules = rollout::training_rules(config.seed, 1.0);
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
  learner::Learner<T> learner(learner::make_network<T>(learner::agent_config(config, spec),
                                                       learner::mixer_config(config, spec)),
                              learner::learner_config(config), config.seed, executor);
  std::vector<const core::Episode*> batch;
  for (const core::Episode& episode : episodes) batch.push_back(&episode);
  FingerprintHasher hasher;
  for (std::int64_t k = 0; k < kLearnerUpdates; ++k) add_to(hasher, learner.update(batch, k));
  add_to(hasher, learner.state());
  return hasher.finish();
}

}  // namespace

void run_training(const Case& golden_case, std::size_t n_threads, std::int64_t max_update,
                  Report report) {
  const config::TrainingConfig config = config::read_training_config(golden_case.keys).config;
  const rollout::EnvFactory make_env = env_factory(config);
  const Machinery machinery = make_machinery(n_threads, make_env);
  train::Trainer trainer(config, make_env()->spec(), *machinery.player, *machinery.executor);
  for (const std::int64_t update : kTrainingUpdates) {
    if (update > max_update) return;
    while (trainer.update() < update) trainer.run_round();
    report({.name = golden_case.name,
            .update = update,
            .steps = trainer.t_env(),
            .fingerprint = checkpoint::digest(trainer.capture()).fingerprint});
  }
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
