// The switches by which peers differ (docs/oracle.md), each against its closed form on a batch that is
// small enough to see through: VDN over one agent, one observation and a linear network of weight zero, so
// that Q is the bias of fc2.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "learner/reward_scaling.h"
#include "qtot/base/error.h"
#include "qtot/learner/learner.h"

namespace qtot::learner {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 1, .n_actions = 2, .obs_dim = 1, .state_dim = 1, .episode_limit = 8};
constexpr double kOnline = 0.5;  // Q of action 0 under the online network; action 1 has 1 less
constexpr double kTarget = 2.0;  // under the target network

core::Episode episode_of(const std::vector<float>& rewards, bool terminated) {
  core::Episode episode(kSpec);
  const std::vector<std::uint8_t> avail = {1, 1};
  for (std::size_t slot = 0; slot <= rewards.size(); ++slot) {
    episode.add_slot();
    episode.set_avail(static_cast<int>(slot), avail);
    if (slot < rewards.size()) episode.add_reward(rewards[slot]);
  }
  episode.set_terminated(terminated);
  return episode;
}

class Recorder final : public Probe<double> {
 public:
  void episode(std::string_view name, std::size_t position,
               math::ConstMatView<double> value) override {
    std::vector<double>& all = tensors[std::string(name) + std::to_string(position)];
    for (math::Index i = 0; i < value.rows(); ++i) all.push_back(value(i, 0));
  }
  void update(std::string_view, std::span<const double>) override {}
  void scalar(std::string_view name, double value) override { scalars[std::string(name)] = value; }

  std::map<std::string, std::vector<double>> tensors;
  std::map<std::string, double> scalars;
};

class Fixture {
 public:
  explicit Fixture(const LearnerConfig& config)
      : learner_(
            make_network<double>({.agent = "ff", .spec = kSpec, .hidden_dim = 2}, {.mixer = "vdn"}),
            config, 1, executor_) {
    LearnerState<double> state = learner_.state();
    state.params.assign(state.params.size(), 0);
    state.target_params = state.params;
    set_q(state.params, kOnline);
    set_q(state.target_params, kTarget);
    learner_.set_state(std::move(state));
  }

  UpdateStats update(const std::vector<core::Episode>& episodes, Probe<double>* probe,
                     std::vector<double> weights = {}) {
    std::vector<const core::Episode*> batch;
    for (const core::Episode& episode : episodes) batch.push_back(&episode);
    return learner_.update(batch, ++n_updates_, probe, weights);
  }
  const Learner<double>& learner() const { return learner_; }

 private:
  // the last tensor of the feed-forward agent is the bias of its output
  void set_q(std::vector<double>& params, double q) const {
    params[params.size() - 2] = q;
    params[params.size() - 1] = q - 1;
  }

  SerialExecutor executor_;
  Learner<double> learner_;
  std::int64_t n_updates_ = 0;
};

std::vector<double> returns_of(LearnerConfig config, const std::vector<core::Episode>& episodes,
                               std::size_t position = 0) {
  config.gamma = 0.5;
  Recorder recorder;
  Fixture(config).update(episodes, &recorder);
  return recorder.tensors.at("returns" + std::to_string(position));
}

TEST(Quirks, StrictReturnsAreThoseOfTheEquations) {
  EXPECT_EQ(returns_of({}, {episode_of({1, 3}, true)}), (std::vector<double>{1 + 0.5 * 2, 3}));
  EXPECT_EQ(returns_of({}, {episode_of({1, 3}, false)}),
            (std::vector<double>{1 + 0.5 * 2, 3 + 0.5 * 2}));
}

TEST(Quirks, M2TheTimeLimitIsTerminal) {
  LearnerConfig config;
  config.time_limit_is_terminal = true;
  EXPECT_EQ(returns_of(config, {episode_of({1, 3}, false)}), (std::vector<double>{2, 3}));
}

TEST(Quirks, T4TheValueBehindATerminalStepCounts) {
  LearnerConfig config;
  config.bootstrap_terminal = true;
  EXPECT_EQ(returns_of(config, {episode_of({1, 3}, true)}), (std::vector<double>{2, 4}));
}

TEST(Quirks, T5ATerminalStepReturnsTheNextValue) {
  LearnerConfig config;
  config.terminal_return_is_value = true;
  config.td_lambda = 0.5;
  // R_1 = V_2 = 2; R_0 = r + gamma ((1 - lambda) V_1 + lambda R_1)
  EXPECT_EQ(returns_of(config, {episode_of({1, 3}, true)}), (std::vector<double>{2, 2}));
}

TEST(Quirks, M1AShorterTruncatedEpisodeGetsOneFictitiousStep) {
  LearnerConfig config;
  config.pymarl_padding_mask = true;
  const std::vector<core::Episode> batch = {episode_of({1}, false), episode_of({1, 1, 1}, true)};
  EXPECT_EQ(returns_of(config, batch), (std::vector<double>{2, 0 + 0.5 * 2}));
  EXPECT_EQ(returns_of({}, batch), (std::vector<double>{2}));
}

TEST(Quirks, T2QLambdaAddsVMinusQOfTheTargetNetwork) {
  LearnerConfig config;
  config.q_lambda = true;
  core::Episode episode = episode_of({1, 3}, true);
  episode.actions(0)[0] = 1;  // Q of the stored action is 1 less than V
  EXPECT_EQ(returns_of(config, {episode}), (std::vector<double>{1 + 1 + 0.5 * 2, 3}));
}

TEST(Quirks, T11WithoutATargetNetworkTheOnlineValuesBootstrap) {
  LearnerConfig config;
  config.use_target_network = false;
  EXPECT_EQ(returns_of(config, {episode_of({1, 3}, true)}),
            (std::vector<double>{1 + 0.5 * kOnline, 3}));
}

TEST(Quirks, M3AndM4MaskWhatIsUnavailable) {
  core::Episode episode = episode_of({1, 3}, true);
  const std::vector<std::uint8_t> none = {0, 0};
  episode.set_avail(1, none);
  LearnerConfig config;
  config.mask_target_qs = true;
  EXPECT_EQ(returns_of(config, {episode})[0], 1 + 0.5 * -9999999);
  config = {};
  config.mask_online_qs = true;
  Recorder recorder;
  Fixture fixture(config);
  fixture.update({episode}, &recorder);
  EXPECT_EQ(recorder.tensors.at("chosen_qs0"), (std::vector<double>{kOnline, -9999999}));
}

TEST(Quirks, M5ABatchWithoutAStepChangesNothingOrIsNan) {
  core::Episode nothing(kSpec);
  Fixture strict({});
  const std::vector<double> before = strict.learner().state().params;
  EXPECT_EQ(strict.update({nothing}, nullptr).loss, 0);
  EXPECT_EQ(strict.learner().state().params, before);
  LearnerConfig config;
  config.nan_without_steps = true;
  EXPECT_THROW(Fixture(config).update({nothing}, nullptr), Error);
  config.ignore_non_finite = true;
  Fixture pytorch(config);
  EXPECT_TRUE(std::isnan(pytorch.update({nothing}, nullptr).loss));
  EXPECT_TRUE(std::isnan(pytorch.learner().state().params[0]));
}

TEST(Quirks, M6RunningStatisticsAreThoseOfEpymarl) {
  const core::Episode episode = episode_of({1, 2, 3, 4}, true);
  const core::Episode* const batch[] = {&episode};
  RewardStatistics<double> running;
  const auto transform = reward_transform<double>({.reward_scaling = RewardScaling::kPaddedRunning},
                                                  batch, 4, running);
  EXPECT_NEAR(running.mean, 2.49994, 1e-5);
  EXPECT_NEAR(running.variance, 1.6668, 1e-4);
  EXPECT_EQ(running.count, 4 + 1e-4);
  EXPECT_EQ(transform.mean, running.mean);
  EXPECT_EQ(transform.deviation, std::sqrt(running.variance));
}

TEST(Quirks, M6PaddingCountsAsZerosOrNotAtAll) {
  const core::Episode a = episode_of({2}, true);
  const core::Episode b = episode_of({4, 6, 8}, true);
  const core::Episode* const batch[] = {&a, &b};
  RewardStatistics<double> running;
  const auto steps =
      reward_transform<double>({.reward_scaling = RewardScaling::kValidSteps}, batch, 3, running);
  EXPECT_EQ(steps.mean, 5);
  EXPECT_NEAR(steps.deviation, std::sqrt(20.0 / 3) + 1e-5, 1e-15);
  const auto padded =
      reward_transform<double>({.reward_scaling = RewardScaling::kPaddedBatch}, batch, 3, running);
  EXPECT_NEAR(padded.mean, 20.0 / 6, 1e-15);
  EXPECT_EQ(running.count, 1e-4) << "only the running rule has a memory";
}

// After any number of batches the moments are those of all their steps together.
TEST(RewardScaling, RunningMomentsAreThoseOfEveryStepSoFar) {
  const core::Episode a = episode_of({2, 0.5F}, true);
  const core::Episode b = episode_of({4, 6, -8}, false);
  const core::Episode c = episode_of({1}, true);
  RewardStatistics<double> running;
  running.count = 0;  // without the little weight of mean 0 and variance 1 that they begin with
  const LearnerConfig config = {.reward_scaling = RewardScaling::kRunning};
  std::vector<double> seen;
  for (const auto& batch : {std::vector{&a, &b}, std::vector{&c, &a}, std::vector{&b, &b}}) {
    const auto transform = reward_transform<double>(config, batch, 9, running);
    for (const core::Episode* episode : batch) {
      for (const float r : episode->rewards()) seen.push_back(static_cast<double>(r));
    }
    double mean = 0;
    double variance = 0;
    for (const double r : seen) mean += r / static_cast<double>(seen.size());
    for (const double r : seen)
      variance += (r - mean) * (r - mean) / static_cast<double>(seen.size());
    EXPECT_NEAR(running.mean, mean, 1e-14);
    EXPECT_NEAR(running.variance, variance, 1e-13);
    EXPECT_EQ(running.count, static_cast<double>(seen.size()));
    EXPECT_EQ(transform.mean, running.mean);
    EXPECT_EQ(transform.deviation, std::sqrt(running.variance) + 1e-5);
  }
}

TEST(RewardScaling, ByAFactorIsLearningFromScaledRewards) {
  LearnerConfig scaled;
  scaled.reward_scale = 10;
  const std::vector<core::Episode> small = {episode_of({0.25F, -1, 3}, true),
                                            episode_of({2}, false)};
  const std::vector<core::Episode> large = {episode_of({2.5F, -10, 30}, true),
                                            episode_of({20}, false)};
  EXPECT_EQ(Fixture(scaled).update(small, nullptr).loss,
            Fixture(LearnerConfig()).update(large, nullptr).loss);
}

TEST(Quirks, O2TheIntervalCountsUpdatesOrEpisodes) {
  for (const bool in_updates : {false, true}) {
    LearnerConfig config;
    config.target_update_interval = 2;
    config.target_interval_in_updates = in_updates;
    SerialExecutor executor;
    Learner<double> learner(
        make_network<double>({.agent = "ff", .spec = kSpec, .hidden_dim = 2}, {.mixer = "vdn"}),
        config, 1, executor);
    const core::Episode episode = episode_of({1}, true);
    const core::Episode* const batch[] = {&episode};
    learner.update(batch, 8);  // eight episodes were played, one update made
    EXPECT_EQ(learner.state().params == learner.state().target_params, !in_updates);
    learner.update(batch, 9);
    EXPECT_EQ(learner.state().params == learner.state().target_params, in_updates);
  }
}

TEST(Quirks, WeightsOfPrioritisedReplayMultiplyTheSquaredErrors) {
  Recorder plain;
  Recorder weighted;
  const std::vector<core::Episode> batch = {episode_of({1}, true), episode_of({4}, true)};
  Fixture({}).update(batch, &plain);
  Fixture({}).update(batch, &weighted, {0.5, 0.25});
  const double a = kOnline - 1;
  const double b = kOnline - 4;
  EXPECT_DOUBLE_EQ(plain.scalars.at("loss"), (a * a + b * b) / 2);
  EXPECT_DOUBLE_EQ(weighted.scalars.at("loss"), (0.5 * a * a + 0.25 * b * b) / 2);
}

TEST(Quirks, T9TheTargetsHiddenStateStartsAtTheSecondSlot) {
  LearnerConfig config;
  config.target_skips_first_slot = true;
  SerialExecutor executor;
  core::Episode episode = episode_of({1, 1}, true);
  for (int slot = 0; slot < 3; ++slot) episode.obs(slot)[0] = static_cast<float>(slot + 1);
  core::Episode later = episode_of({1}, true);  // the same from slot 1 on
  for (int slot = 0; slot < 2; ++slot) later.obs(slot)[0] = static_cast<float>(slot + 2);
  const auto target_utilities = [&](const core::Episode& one, const LearnerConfig& c) {
    Learner<double> learner(
        make_network<double>(
            {.agent = "rnn", .spec = kSpec, .hidden_dim = 3, .obs_last_action = false},
            {.mixer = "vdn"}),
        c, 1, executor);
    Recorder recorder;
    const core::Episode* const batch[] = {&one};
    learner.update(batch, 1, &recorder);
    return recorder.tensors.at("target_utilities0");
  };
  const std::vector<double> skipped = target_utilities(episode, config);
  const std::vector<double> alone = target_utilities(later, {});
  EXPECT_EQ(skipped[1], alone[0]);
  EXPECT_EQ(skipped[2], alone[1]);
}

}  // namespace
}  // namespace qtot::learner
