#include "qtot/train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/error.h"
#include "qtot/checkpoint/checkpoint.h"
#include "qtot/env/env.h"
#include "qtot/rollout/tbb_executor.h"
#include "qtot/train/evaluate.h"
#include "qtot/train/flow_graph_player.h"

namespace qtot::train {
namespace {

config::Value value(std::int64_t x) {
  return {x, "test"};
}

// Stag hunt with 4 agents, 4 stags, 6 x 6, limit 20.
config::TrainingConfig golden_config(int pipeline) {
  config::TrainingConfig config;
  config.env = "stag_hunt";
  config.env_args = {{"n_agents", value(4)},
                     {"n_stags", value(4)},
                     {"n_hare", value(0)},
                     {"world_shape", {config::List{value(6), value(6)}, "test"}},
                     {"episode_limit", value(20)}};
  config.t_max = 1 << 20;
  config.pipeline = pipeline;
  config.batch_size_run = 4;
  config.batch_size = 8;
  config.buffer_size = 16;
  config.rnn_hidden_dim = 20;
  config.mixing_embed_dim = 8;
  config.hypernet_embed = 8;
  config.target_update_interval = 20;
  config.epsilon_anneal_time = 1000;
  return config;
}

// It, and one with all that a run may have to remember beyond it.
std::vector<config::TrainingConfig> every_kind(int pipeline) {
  config::TrainingConfig by_error = golden_config(pipeline);
  by_error.t_max = 1000;
  by_error.use_per = true;
  by_error.n_updates_per_round = 3;
  by_error.standardise_rewards = "running";
  by_error.lr_decay = "linear";
  config::TrainingConfig by_return = by_error;
  by_return.return_priority = by_return.per_skips_last = true;
  by_return.optimizer = "radam";
  config::TrainingConfig by_behaviour = golden_config(pipeline);
  by_behaviour.mixer = "vdn";
  by_behaviour.returns = "retrace";
  by_behaviour.td_lambda = 0.8;
  by_behaviour.target_epsilon = 0.1;
  config::TrainingConfig weighted = golden_config(pipeline);
  weighted.objective = "weighted_td";
  weighted.central_mixing_embed_dim = 8;
  config::TrainingConfig dueling = golden_config(pipeline);
  dueling.mixer = "qplex";
  config::TrainingConfig attentive = golden_config(pipeline);
  attentive.mixer = "qatten";
  attentive.unit_dim = 1;
  return {golden_config(pipeline), by_error, by_return, by_behaviour, weighted, dueling, attentive};
}

std::unique_ptr<env::Env> make_env(const config::TrainingConfig& config) {
  return env::family(config.env).make(config.env_args);
}

// A trainer and all that it borrows; one thread.
struct Serial {
  explicit Serial(const config::TrainingConfig& given)
      : config(given),
        player(make_env(config)),
        trainer(config, make_env(config)->spec(), player, executor) {}

  config::TrainingConfig config;
  SerialRoundPlayer player;
  SerialExecutor executor;
  Trainer trainer;
};

// From each episode's fingerprint, taken once, as from all that a checkpoint would hold.
std::string digest_of(Trainer& trainer) {
  const checkpoint::Digest digest = trainer.digest();
  EXPECT_EQ(digest.parts, checkpoint::digest(trainer.capture()).parts);
  return digest.fingerprint.hex();
}

std::string fingerprint_of(core::Ticket ticket, const core::Episode& episode) {
  FingerprintHasher hasher;
  replay::add_to(hasher, ticket, episode);
  return hasher.finish().hex();
}

// The digest after each of `n` rounds.
std::vector<std::string> digests(Trainer& trainer, int n) {
  std::vector<std::string> result;
  for (int i = 0; i < n; ++i) {
    trainer.run_round();
    result.push_back(digest_of(trainer));
  }
  return result;
}

// Stag hunt that can be played for so many episodes, which all environments share.
class FailingEnv final : public env::Env {
 public:
  explicit FailingEnv(std::atomic<int>& n_left)
      : env_(make_env(golden_config(0))), n_left_(n_left) {}

  const env::DecPomdpSpec& spec() const override { return env_->spec(); }
  void reset(env::Chance& chance) override {
    env_->reset(chance);
    is_last_ = --n_left_ < 0;
  }
  env::StepResult step(std::span<const env::Action> action, env::Chance& chance) override {
    if (is_last_) throw Error("the forest is on fire");
    return env_->step(action, chance);
  }
  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    env_->observe(obs, state, avail);
  }
  bool has_ended() const override { return env_->has_ended(); }
  env::Snapshot snapshot() const override { return env_->snapshot(); }
  void restore(const env::Snapshot& snapshot) override { env_->restore(snapshot); }

 private:
  std::unique_ptr<env::Env> env_;
  std::atomic<int>& n_left_;
  bool is_last_ = false;
};

// In the first round that is waited for, or in one that was begun before another was learned from.
TEST(Trainer, AnErrorOfAnEnvironmentReachesTheCallerAndTheTrainerEndsInOrder) {
  for (const int pipeline : {0, 1}) {
    for (const int n_episodes : {0, 6, 15}) {
      const config::TrainingConfig config = golden_config(pipeline);
      std::atomic<int> n_left = n_episodes;
      FlowGraphPlayer player(2, [&] { return std::make_unique<FailingEnv>(n_left); });
      rollout::TbbExecutor executor(2);
      const auto train = [&] {
        Trainer trainer(config, player.spec(), player, executor);
        while (true) trainer.run_round();
      };
      try {
        train();
      } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "the forest is on fire");
      }
    }
  }
}

// A caller that leaves for a reason of its own hears of that.
TEST(Trainer, ARoundThatFailsWhileTheCallerLeavesIsNoFurtherError) {
  const config::TrainingConfig config = golden_config(1);
  std::atomic<int> n_left = config.batch_size_run;
  FlowGraphPlayer player(2, [&] { return std::make_unique<FailingEnv>(n_left); });
  rollout::TbbExecutor executor(2);
  Trainer trainer(config, player.spec(), player, executor);
  trainer.run_round();  // and the next one has begun
}

TEST(Trainer, MakesOneUpdateARoundFromTheRoundThatCompletesABatch) {
  config::TrainingConfig config = golden_config(0);
  config.batch_size_run = 3;  // 9 episodes after the third round, of the 8 that a batch needs
  config.buffer_size = 15;
  Serial serial(config);
  for (int round = 0; round < 8; ++round) {
    const bool updated = serial.trainer.run_round().update.has_value();
    EXPECT_EQ(updated, round >= 2) << "round " << round;
    EXPECT_EQ(serial.trainer.update(), std::max(0, round - 1));
    EXPECT_EQ(serial.trainer.episode(), 3 * (round + 1));
  }
}

TEST(Trainer, MakesAsManyUpdatesARoundAsItIsToldEachOnABatchOfItsOwn) {
  config::TrainingConfig config = golden_config(0);
  config.n_updates_per_round = 5;
  Serial serial(config);
  Serial single(golden_config(0));
  for (int round = 0; round < 4; ++round) {
    serial.trainer.run_round();
    single.trainer.run_round();
    EXPECT_EQ(serial.trainer.update(), 5 * std::max(0, round));
    EXPECT_EQ(single.trainer.update(), std::max(0, round));
  }
  // the first update of both is the same, the others are further ones
  EXPECT_NE(serial.trainer.learner().state().params, single.trainer.learner().state().params);
}

// What each drawn episode's error says.
TEST(Trainer, KeepsThePrioritiesThatTheUpdateFound) {
  config::TrainingConfig config = golden_config(0);
  config.use_per = true;
  config.per_alpha = 1;
  Serial serial(config);
  serial.trainer.run_round();
  EXPECT_EQ(serial.trainer.capture().numbers.at("priorities"), std::vector<double>(4, 1.0));
  serial.trainer.run_round();
  std::vector<double> figures(8);
  serial.trainer.learner().error_figures(figures);
  const auto numbers = serial.trainer.capture().numbers;
  const std::vector<double>& priorities = numbers.at("priorities");
  ASSERT_EQ(priorities.size(), 8U);
  // of alike episodes each is drawn once, in the order of their tickets
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(priorities[i], figures[i] + 1e-6) << i;
  const double highest = std::max(1.0, *std::ranges::max_element(priorities));
  EXPECT_EQ(numbers.at("priorities.highest"), std::vector<double>{highest});
}

TEST(Trainer, RefusesACheckpointWithoutThePrioritiesThatItNeeds) {
  config::TrainingConfig config = golden_config(0);
  Serial plain(config);
  plain.trainer.run_round();
  config.use_per = true;
  Serial serial(config);
  try {
    serial.trainer.restore(plain.trainer.capture(), "a.qtot");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "checkpoint a.qtot: expected 4 valid numbers of priorities (use_per = True), found 0");
  }
}

// The first step of RMSprop is lr times what does not depend on it.
TEST(Trainer, LearningRateFallsLinearlyToNothingAtTmax) {
  config::TrainingConfig config = golden_config(0);
  config.t_max = 400;
  config.optimizer = "rmsprop";
  Serial plain(config);
  config.lr_decay = "linear";
  Serial falling(config);
  const std::vector<float> start = falling.trainer.learner().state().params;
  while (falling.trainer.update() == 0) {
    falling.trainer.run_round();
    plain.trainer.run_round();
  }
  const double left = 1 - static_cast<double>(falling.trainer.t_env()) / 400;
  ASSERT_GT(left, 0.1);
  ASSERT_LT(left, 0.9);
  constexpr double kRounding = 1e-7;  // of parameters below 1, in float
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto moved = [&](const Serial& serial) {
      return static_cast<double>(serial.trainer.learner().state().params[i] - start[i]);
    };
    EXPECT_NEAR(moved(falling), left * moved(plain), kRounding) << i;
  }
  while (!falling.trainer.finished()) falling.trainer.run_round();
  const std::vector<float> end = falling.trainer.learner().state().params;
  falling.trainer.run_round();
  EXPECT_EQ(falling.trainer.learner().state().params, end);
}

class EitherPipeline : public testing::TestWithParam<int> {};

TEST_P(EitherPipeline, CountsTheStepsOfItsEpisodesAndTakesEpsilonFromThoseBeforeTheRound) {
  Serial serial(golden_config(GetParam()));
  std::int64_t t_env = 0;
  for (int round = 0; round < 16; ++round) {
    const Trainer::RoundResult result = serial.trainer.run_round();
    EXPECT_EQ(result.epsilon, agents::linear_epsilon(1, 0.05, 1000, t_env)) << "round " << round;
    ASSERT_EQ(result.episodes.size(), 4U);
    for (const rollout::EpisodeStats& stats : result.episodes) t_env += stats.length;
    EXPECT_EQ(serial.trainer.t_env(), t_env);
  }
  EXPECT_GT(t_env, 1000);  // the anneal has ended
}

// Plays every round once more, by the parameters and the epsilon that the schedule says.
TEST_P(EitherPipeline, ActsByThePolicyThatTheScheduleSays) {
  const int rounds_old = GetParam();  // 0: as update r - 1 left it; 1: one round older
  Serial serial(golden_config(GetParam()));
  rollout::Player again(make_env(serial.config));
  const learner::Network<float>& network = serial.trainer.learner().network();
  std::vector<std::vector<float>> params = {serial.trainer.learner().state().params};
  core::Episode episode;
  for (int round = 0; round < 12; ++round) {
    const double epsilon = serial.trainer.run_round().epsilon;
    const auto version = static_cast<std::size_t>(std::max(0, round - rounds_old));
    const std::vector<float>& values = params[version];
    std::vector<float> transposed(values.size());
    nn::transpose_params<float>(network.layout, values, transposed);
    const rollout::Policy policy{
        .agent = network.agent.get(),
        .weights = {.values = values.data(), .transposed = transposed.data()}};
    for (core::Ticket t = static_cast<core::Ticket>(4 * round); t < serial.trainer.ring().end();
         ++t) {
      again.play(policy, rollout::training_rules(serial.config.seed, epsilon), t, episode);
      EXPECT_EQ(fingerprint_of(t, serial.trainer.ring().episode(t)), fingerprint_of(t, episode))
          << "round " << round << ", ticket " << t;
    }
    params.push_back(serial.trainer.learner().state().params);
  }
  EXPECT_NE(params.back(), params.front());
}

// PyMARL counts the episodes of a round after its update: at 20 episodes the sixth round is due.
TEST_P(EitherPipeline, CopiesTheTargetsByTheCounterOfEpisodes) {
  Serial serial(golden_config(GetParam()));
  std::vector<int> copied;
  for (int round = 0; round < 16; ++round) {
    serial.trainer.run_round();
    const learner::LearnerState<float>& state = serial.trainer.learner().state();
    if (state.n_updates > 0 && state.params == state.target_params) copied.push_back(round);
  }
  EXPECT_EQ(copied, (std::vector<int>{5, 10, 15}));
}

TEST_P(EitherPipeline, ResumesFromACheckpointOfAnyRoundToTheSameBits) {
  constexpr int kRounds = 9;
  for (const config::TrainingConfig& config : every_kind(GetParam())) {
    Serial whole(config);
    const std::vector<std::string> expected = digests(whole.trainer, kRounds);
    for (int stop = 1; stop < kRounds; ++stop) {
      Serial first(config);
      digests(first.trainer, stop);
      const std::string bytes = checkpoint::to_bytes(first.trainer.capture());
      Serial second(config);
      second.trainer.restore(checkpoint::from_bytes(bytes, "test"), "test");
      EXPECT_EQ(digest_of(second.trainer), expected[static_cast<std::size_t>(stop - 1)]);
      EXPECT_EQ(digests(second.trainer, kRounds - stop),
                std::vector<std::string>(expected.begin() + stop, expected.end()))
          << "stopped after round " << stop;
    }
  }
}

TEST_P(EitherPipeline, EvaluationTouchesNoBit) {
  Serial plain(golden_config(GetParam()));
  const std::vector<std::string> expected = digests(plain.trainer, 8);
  Serial evaluated(golden_config(GetParam()));
  rollout::Collector collector(2, [&] { return make_env(evaluated.config); });
  for (const std::string& digest : expected) {
    evaluated.trainer.run_round();
    evaluate(collector, evaluated.trainer.policy(), evaluated.config.seed,
             static_cast<core::Ticket>(evaluated.trainer.episode()), 5);
    EXPECT_EQ(digest_of(evaluated.trainer), digest);
  }
}

TEST_P(EitherPipeline, NumberOfThreadsShowsInNoBit) {
  for (const config::TrainingConfig& config : every_kind(GetParam())) {
    Serial serial(config);
    const std::vector<std::string> expected = digests(serial.trainer, 8);
    for (const std::size_t n_threads : {1U, 2U, 3U, 8U}) {
      FlowGraphPlayer player(n_threads, [&] { return make_env(config); });
      rollout::TbbExecutor executor(n_threads);
      Trainer trainer(config, make_env(config)->spec(), player, executor);
      EXPECT_EQ(digests(trainer, 8), expected) << n_threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Pipeline, EitherPipeline, testing::Values(0, 1));

TEST(Trainer, IsFinishedByTheRoundThatPassesTmax) {
  config::TrainingConfig config = golden_config(0);
  config.t_max = 300;
  Serial serial(config);
  while (!serial.trainer.finished()) {
    EXPECT_LE(serial.trainer.t_env(), 300);
    serial.trainer.run_round();
  }
  EXPECT_GT(serial.trainer.t_env(), 300);
}

}  // namespace
}  // namespace qtot::train
