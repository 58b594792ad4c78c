#include "qtot/learner/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "qtot/base/error.h"
#include "support/error_text.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 3, .n_actions = 4, .obs_dim = 5, .state_dim = 7, .episode_limit = 9};

template <class T>
Network<T> small_network(const std::string& mixer, const std::string& agent = "rnn") {
  return make_network<T>({.agent = agent, .spec = kSpec, .hidden_dim = 6}, {.mixer = mixer,
                                                                            .mixing_embed_dim = 5,
                                                                            .hypernet_embed = 6,
                                                                            .unit_dim = 2,
                                                                            .n_kernels = 2,
                                                                            .kernel_hidden = 6});
}

class Episodes {
 public:
  explicit Episodes(std::vector<int> lengths) {
    test::Random random(11);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      const bool terminated = lengths[b] < kSpec.episode_limit || b % 2 == 0;
      episodes_.push_back(test::random_episode(kSpec, lengths[b], terminated, random));
    }
    for (const core::Episode& episode : episodes_) batch_.push_back(&episode);
  }
  core::Batch batch() const { return batch_; }
  std::vector<core::Episode>& episodes() { return episodes_; }

 private:
  std::vector<core::Episode> episodes_;
  std::vector<const core::Episode*> batch_;
};

template <class T>
class Recorder final : public Probe<T> {
 public:
  void episode(std::string_view name, std::size_t position, math::ConstMatView<T> value) override {
    tensors[std::string(name) + "/" + std::to_string(position)] =
        std::vector<T>(value.data(), value.data() + value.size());
  }
  void update(std::string_view name, std::span<const T> value) override {
    tensors[std::string(name)] = std::vector<T>(value.begin(), value.end());
  }
  void scalar(std::string_view name, double value) override { scalars[std::string(name)] = value; }

  std::map<std::string, std::vector<T>> tensors;
  std::map<std::string, double> scalars;
};

// Hands pieces of work to threads in an order that shows if anything depended on it.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(std::size_t n) : n_(n) {}
  std::size_t n_workers() const override { return n_; }
  void for_each(std::size_t n, FunctionRef<void(std::size_t, std::size_t)> work) override {
    std::vector<std::jthread> threads;
    for (std::size_t w = 0; w < n_; ++w) {
      threads.emplace_back([=, this] {
        for (std::size_t i = n; i-- > 0;) {
          if (i % n_ == w) work(i, w);
        }
      });
    }
  }

 private:
  std::size_t n_;
};

class EveryMixer : public testing::TestWithParam<std::string> {};

// The targets are constants of the loss: they depend on the target parameters and, through the greedy
// actions, only piecewise on the online ones.
TEST_P(EveryMixer, GradientOfTheWholeUpdateEqualsCentralDifferences) {
  Episodes episodes({4, 9, 1, 6});
  SerialExecutor executor;
  Learner<double> learner(small_network<double>(GetParam()),
                          {.td_lambda = 0.6, .loss_factor = 0.5, .optimiser = {.lr = 0}}, 3,
                          executor);
  const LearnerState<double> start = learner.state();
  const auto loss_with = [&](std::size_t i, double step) {
    LearnerState<double> state = start;
    state.params[i] += step;
    learner.set_state(state);
    return learner.update(episodes.batch(), 0).loss;
  };
  learner.set_state(start);
  Recorder<double> recorder;
  learner.update(episodes.batch(), 0, &recorder);

  constexpr double kStep = 1e-5;
  for (const nn::TensorSpec& tensor : learner.network().layout.tensors()) {
    // advantages of qplex are data: of its loss only the kernels' gradients are derivatives
    const bool is_derivative = !learner.network().mixer->reads_actions() ||
                               tensor.name.find("si_weight") != std::string::npos;
    if (!is_derivative) continue;
    const std::vector<double>& gradient = recorder.tensors.at("grad/" + tensor.name);
    for (std::size_t i = 0; i < tensor.size(); i += 3) {
      const std::size_t at = tensor.offset + i;
      const double slope = (loss_with(at, kStep) - loss_with(at, -kStep)) / (2 * kStep);
      ASSERT_NEAR(gradient[i], slope, 1e-8) << tensor.name << "[" << i << "]";
    }
  }
}

// Its part of the gradient is what comes with its coefficient.
TEST(Regulariser, GradientWithinTheUpdateEqualsCentralDifferences) {
  Episodes episodes({4, 9, 1, 6});
  SerialExecutor executor;
  constexpr double kStep = 1e-5;
  constexpr double kCoefficient = 0.3;
  for (const bool regularises_padding : {false, true}) {
    const auto learner_with = [&](double coefficient) {
      return Learner<double>(small_network<double>("qplex_qatten"),
                             {.attend_reg_coef = coefficient,
                              .optimiser = {.lr = 0},
                              .regularises_padding = regularises_padding},
                             3, executor);
    };
    Learner<double> learner = learner_with(kCoefficient);
    Learner<double> without = learner_with(0);
    Recorder<double> recorder;
    Recorder<double> recorder_without;
    const UpdateStats stats = learner.update(episodes.batch(), 0, &recorder);
    without.update(episodes.batch(), 0, &recorder_without);
    EXPECT_GT(stats.loss_regulariser, 0);
    EXPECT_DOUBLE_EQ(stats.loss, stats.loss_td + kCoefficient * stats.loss_regulariser);

    const LearnerState<double> start = learner.state();
    const auto regulariser_with = [&](std::size_t i, double step) {
      LearnerState<double> state = start;
      state.params[i] += step;
      learner.set_state(state);
      return learner.update(episodes.batch(), 0).loss_regulariser;
    };
    for (const nn::TensorSpec& tensor : learner.network().layout.tensors()) {
      const std::vector<double>& all = recorder.tensors.at("grad/" + tensor.name);
      const std::vector<double>& rest = recorder_without.tensors.at("grad/" + tensor.name);
      for (std::size_t i = 0; i < tensor.size(); i += 3) {
        const std::size_t at = tensor.offset + i;
        const double slope =
            (regulariser_with(at, kStep) - regulariser_with(at, -kStep)) / (2 * kStep);
        ASSERT_NEAR(all[i] - rest[i], kCoefficient * slope, 1e-9) << tensor.name << "[" << i << "]";
      }
    }
  }
}

// Over steps it is the mean of the episodes' own, by their lengths; padding adds zeros alone, and the slot
// behind the last step.
TEST(Regulariser, IsAMeanOverStepsUnlessPaddingIsAsked) {
  const auto regulariser_of = [](std::vector<int> lengths, bool regularises_padding) {
    Episodes episodes(std::move(lengths));
    SerialExecutor executor;
    Learner<double> learner(small_network<double>("qplex_qatten"),
                            {.regularises_padding = regularises_padding}, 3, executor);
    return learner.update(episodes.batch(), 0).loss_regulariser;
  };
  EXPECT_DOUBLE_EQ(regulariser_of({9, 9}, true), regulariser_of({9, 9}, false));
  EXPECT_LT(regulariser_of({1, 9}, true), regulariser_of({1, 9}, false));

  Episodes episodes({4, 9});
  SerialExecutor executor;
  const auto of_one = [&](std::size_t b) {
    Learner<double> learner(small_network<double>("qplex_qatten"), {}, 3, executor);
    return learner.update(episodes.batch().subspan(b, 1), 0).loss_regulariser;
  };
  EXPECT_NEAR(regulariser_of({4, 9}, false), (4 * of_one(0) + 9 * of_one(1)) / 13, 1e-14);
}

TEST_P(EveryMixer, NeitherThreadsNorTheirOrderShowInAnyBit) {
  Episodes episodes({4, 9, 1, 6, 9, 2, 3});
  SerialExecutor serial;
  const LearnerConfig config{.td_lambda = 0.6, .optimiser = {.optimiser = "adam", .eps = 1e-8}};
  Learner<float> alone(small_network<float>(GetParam()), config, 3, serial);
  for (int k = 0; k < 5; ++k) alone.update(episodes.batch(), k);
  for (const std::size_t n_threads : {2U, 3U, 8U}) {
    ThreadExecutor threads(n_threads);
    Learner<float> together(small_network<float>(GetParam()), config, 3, threads);
    for (int k = 0; k < 5; ++k) together.update(episodes.batch(), k);
    EXPECT_EQ(together.state().params, alone.state().params) << n_threads << " threads";
  }
}

// D7: what an episode contributes does not depend on its company, apart from the common divisor.
TEST_P(EveryMixer, EpisodeHasTheSameBitsAloneAndInABatch) {
  Episodes episodes({4, 9, 1, 6});
  SerialExecutor executor;
  Learner<float> learner(small_network<float>(GetParam()), {.td_lambda = 0.3}, 3, executor);
  const LearnerState<float> start = learner.state();
  Recorder<float> together;
  learner.update(episodes.batch(), 0, &together);
  for (std::size_t b = 0; b < 4; ++b) {
    learner.set_state(start);
    Recorder<float> alone;
    learner.update(episodes.batch().subspan(b, 1), 0, &alone);
    for (const char* name : {"utilities", "q_tot", "target_q_tot", "returns", "td_error"}) {
      EXPECT_EQ(alone.tensors.at(std::string(name) + "/0"),
                together.tensors.at(std::string(name) + "/" + std::to_string(b)))
          << name << " of episode " << b;
    }
  }
}

TEST_P(EveryMixer, ResumesFromItsStateToTheSameBits) {
  Episodes episodes({4, 9, 1, 6});
  SerialExecutor executor;
  const LearnerConfig config{.target_update_interval = 2};
  Learner<float> straight(small_network<float>(GetParam()), config, 3, executor);
  Learner<float> second(small_network<float>(GetParam()), config, 99, executor);
  for (int k = 0; k < 3; ++k) straight.update(episodes.batch(), k);
  second.set_state(straight.state());
  for (int k = 3; k < 6; ++k) {
    straight.update(episodes.batch(), k);
    second.update(episodes.batch(), k);
  }
  EXPECT_EQ(second.state().params, straight.state().params);
  EXPECT_EQ(second.state().target_params, straight.state().target_params);
}

std::vector<std::string> mixer_names() {
  std::vector<std::string> names;
  for (const mixers::MixerFamily& family : mixers::families()) names.push_back(family.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Mixers, EveryMixer, testing::ValuesIn(mixer_names()),
                         [](const auto& name) { return name.param; });

TEST(Learner, CopiesTargetsWhenTheIntervalOfEpisodesHasPassed) {
  Episodes episodes({4, 9});
  SerialExecutor executor;
  Learner<float> learner(small_network<float>("vdn"), {.target_update_interval = 10}, 3, executor);
  const std::vector<float> first = learner.state().params;
  learner.update(episodes.batch(), 9);
  EXPECT_EQ(learner.state().target_params, first);
  learner.update(episodes.batch(), 10);
  EXPECT_EQ(learner.state().target_params, learner.state().params);
  learner.update(episodes.batch(), 19);
  EXPECT_NE(learner.state().target_params, learner.state().params);
}

TEST(Learner, MovesTargetsByPolyakAveragingWhenTauIsGiven) {
  Episodes episodes({4, 9});
  SerialExecutor executor;
  Learner<double> learner(small_network<double>("vdn"), {.target_update_tau = 0.25}, 3, executor);
  const std::vector<double> before = learner.state().target_params;
  learner.update(episodes.batch(), 0);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(learner.state().target_params[i],
              before[i] * 0.75 + learner.state().params[i] * 0.25);
  }
}

TEST(Learner, TruncationBootstrapsAndTerminationDoesNot) {
  Episodes episodes({9, 9});  // position 0 terminated, 1 truncated
  SerialExecutor executor;
  Learner<double> learner(small_network<double>("vdn"), {}, 3, executor);
  Recorder<double> recorder;
  learner.update(episodes.batch(), 0, &recorder);
  const double last_reward = static_cast<double>(episodes.episodes()[0].rewards()[8]);
  EXPECT_EQ(recorder.tensors.at("returns/0")[8], last_reward);
  EXPECT_NE(recorder.tensors.at("returns/1")[8],
            static_cast<double>(episodes.episodes()[1].rewards()[8]));
}

TEST(Learner, RefusesExpectationsOfAMixerThatIsNotLinear) {
  SerialExecutor executor;
  const LearnerConfig exploring = {.returns = ReturnRule::kTreeBackup, .target_epsilon = 0.1};
  EXPECT_NO_THROW(Learner<float>(small_network<float>("qmix_lin"), exploring, 3, executor));
  EXPECT_THROW(Learner<float>(small_network<float>("qmix"), exploring, 3, executor), Error);
}

TEST(Learner, RefusesEpisodesWithoutTheProbabilitiesThatTheReturnsWeighBy) {
  Episodes episodes({4, 9});
  std::vector<float> mu(episodes.episodes()[0].all_actions().size(), 0.5F);
  episodes.episodes()[0].set_behaviour(mu);
  SerialExecutor executor;
  for (const ReturnRule rule : {ReturnRule::kRetrace, ReturnRule::kImportanceSampling}) {
    Learner<float> learner(small_network<float>("vdn"), {.returns = rule}, 3, executor);
    EXPECT_THAT(test::error_text([&] { learner.update(episodes.batch(), 0); }),
                testing::HasSubstr("episode 1 of the batch has none"));
    EXPECT_NO_THROW(learner.update(episodes.batch().first(1), 0));
  }
}

TEST(Learner, WithoutAnAvailableActionTheBestValueIsThatOfTheActionThatIsMixed) {
  Episodes episodes({9});
  core::Episode& episode = episodes.episodes()[0];
  std::vector<std::uint8_t> avail(12, 1);
  std::fill_n(avail.begin() + 4, 4, std::uint8_t{0});  // agent 1 is dead from slot 4 on
  for (int slot = 4; slot <= 9; ++slot) {
    episode.set_avail(slot, avail);
    episode.actions(slot)[1] = 0;
  }
  SerialExecutor executor;
  Learner<double> learner(small_network<double>("qplex"), {}, 3, executor);
  Recorder<double> recorder;
  learner.update(episodes.batch(), 0, &recorder);
  for (std::size_t t = 4; t < 9; ++t) {
    const double q = recorder.tensors.at("utilities/0")[(t * 3 + 1) * 4];
    EXPECT_EQ(recorder.tensors.at("best_qs/0")[t * 3 + 1], q);
    EXPECT_EQ(recorder.tensors.at("chosen_qs/0")[t * 3 + 1], q);
  }
  // the target network's greedy actions: nobody's advantage is far off
  for (const double x : recorder.tensors.at("target_advantage_part/0")) {
    EXPECT_LT(std::abs(x), 100);
  }
}

TEST(Learner, AnUpdateThatFailsLeavesTheRewardStatisticsAlone) {
  Episodes episodes({4, 9});
  SerialExecutor executor;
  Learner<float> learner(small_network<float>("vdn"), {.reward_scaling = RewardScaling::kRunning},
                         3, executor);
  learner.update(episodes.batch(), 0);
  const RewardStatistics<float> before = learner.state().rewards;
  EXPECT_NEAR(before.count, 13, 1e-3);
  episodes.episodes()[1].obs(2)[0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(learner.update(episodes.batch(), 1), Error);
  EXPECT_EQ(learner.state().rewards.mean, before.mean);
  EXPECT_EQ(learner.state().rewards.variance, before.variance);
  EXPECT_EQ(learner.state().rewards.count, before.count);
}

TEST(Learner, NamesTheTensorWhoseGradientIsNotFiniteAndKeepsItsParameters) {
  Episodes episodes({4, 9});
  episodes.episodes()[1].obs(2)[0] = std::numeric_limits<float>::infinity();
  SerialExecutor executor;
  Learner<float> learner(small_network<float>("vdn"), {}, 3, executor);
  const std::vector<float> before = learner.state().params;
  try {
    learner.update(episodes.batch(), 0);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
    EXPECT_NE(std::string(error.what()).find("the gradient of agent.fc1.weight is not finite"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(learner.state().params, before);
}

}  // namespace
}  // namespace qtot::learner
