#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "qtot/base/error.h"
#include "qtot/learner/learner.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 3, .n_actions = 4, .obs_dim = 5, .state_dim = 7, .episode_limit = 9};

Network<double> network_of(const std::string& agent = "rnn", const std::string& mixer = "qmix") {
  return make_network<double>({.agent = agent, .spec = kSpec, .hidden_dim = 6},
                              {.mixer = mixer, .mixing_embed_dim = 5, .hypernet_embed = 6},
                              {.objective = "weighted_td", .central_mixing_embed_dim = 5});
}

LearnerConfig config_of(bool optimistic) {
  LearnerConfig config;
  config.td_lambda = 0.6;
  config.loss_factor = 0.5;
  config.weight = 0.3;
  config.optimistic = optimistic;
  config.central_loss = 0.7;
  config.optimiser.lr = 0;
  return config;
}

class Episodes {
 public:
  Episodes() {
    test::Random random(11);
    const std::vector<int> lengths = {4, 9, 1, 6};
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      episodes_.push_back(test::random_episode(
          kSpec, lengths[b], lengths[b] < kSpec.episode_limit || b % 2 == 0, random));
    }
    for (const core::Episode& episode : episodes_) batch_.push_back(&episode);
  }
  core::Batch batch() const { return batch_; }

 private:
  std::vector<core::Episode> episodes_;
  std::vector<const core::Episode*> batch_;
};

class Recorder final : public Probe<double> {
 public:
  void episode(std::string_view name, std::size_t position,
               math::ConstMatView<double> value) override {
    tensors[std::string(name) + "/" + std::to_string(position)] =
        std::vector<double>(value.data(), value.data() + value.size());
  }
  void update(std::string_view name, std::span<const double> value) override {
    tensors[std::string(name)] = std::vector<double>(value.begin(), value.end());
  }
  void scalar(std::string_view name, double value) override { scalars[std::string(name)] = value; }

  std::map<std::string, std::vector<double>> tensors;
  std::map<std::string, double> scalars;
};

struct Way {
  const char* name;
  bool optimistic;
  const char* agent;
};

class WeightedQmix : public testing::TestWithParam<Way> {
 protected:
  Learner<double> learner(double central_loss = 0.7) {
    LearnerConfig config = config_of(GetParam().optimistic);
    config.central_loss = central_loss;
    return {network_of(GetParam().agent), config, 3, executor_};
  }
  // targets that are not the online network's
  static void set_apart(Learner<double>& learner) {
    LearnerState<double> state = learner.state();
    for (std::size_t i = 0; i < state.target_params.size(); ++i) {
      state.target_params[i] *= i % 2 == 0 ? 0.9 : 1.2;
    }
    learner.set_state(std::move(state));
  }

  SerialExecutor executor_;
  Episodes episodes_;
};

// Targets and weights are constants of the loss: they change with the online parameters piecewise only.
TEST_P(WeightedQmix, GradientOfTheWholeUpdateEqualsCentralDifferences) {
  Learner<double> learner = this->learner();
  set_apart(learner);
  const LearnerState<double> start = learner.state();
  const auto loss_with = [&](std::size_t i, double step) {
    LearnerState<double> state = start;
    state.params[i] += step;
    learner.set_state(state);
    return learner.update(episodes_.batch(), 0).loss;
  };
  Recorder recorder;
  learner.update(episodes_.batch(), 0, &recorder);

  constexpr double kStep = 1e-6;
  for (const nn::TensorSpec& tensor : learner.network().layout.tensors()) {
    const std::vector<double>& gradient = recorder.tensors.at("grad/" + tensor.name);
    for (std::size_t i = 0; i < tensor.size(); i += 7) {
      const std::size_t at = tensor.offset + i;
      const double slope = (loss_with(at, kStep) - loss_with(at, -kStep)) / (2 * kStep);
      ASSERT_NEAR(gradient[i], slope, 1e-7) << tensor.name << "[" << i << "]";
    }
  }
}

TEST_P(WeightedQmix, WeightsAndLossAreThoseOfTheDefinition) {
  Learner<double> learner = this->learner();
  set_apart(learner);
  Recorder recorder;
  learner.update(episodes_.batch(), 0, &recorder);

  double weighted = 0;
  double central = 0;
  std::size_t n_steps = 0;
  std::size_t n_full = 0;
  for (std::size_t b = 0; b < episodes_.batch().size(); ++b) {
    const auto of = [&](const char* name) -> const std::vector<double>& {
      return recorder.tensors.at(name + ("/" + std::to_string(b)));
    };
    const core::Episode& episode = *episodes_.batch()[b];
    for (int step = 0; step < episode.length(); ++step, ++n_steps) {
      const auto t = static_cast<std::size_t>(step);
      bool is_greedy = true;
      for (std::size_t n = 0; n < 3; ++n) {
        is_greedy = is_greedy && episode.actions(step)[n] == of("greedy_actions")[t * 3 + n];
      }
      const double y = of("returns")[t];
      const double error = of("q_tot")[t] - y;
      const bool is_full =
          GetParam().optimistic ? error < 0 : is_greedy || y > of("greedy_central_q")[t];
      const double w = is_full ? 1 : 0.3;
      EXPECT_EQ(of("weights")[t], w) << "episode " << b << ", step " << step;
      n_full += is_full ? 1 : 0;
      weighted += w * error * error;
      central += (of("central_q")[t] - y) * (of("central_q")[t] - y);
    }
  }
  EXPECT_GT(n_full, 0U);
  EXPECT_LT(n_full, n_steps);
  const auto n = static_cast<double>(n_steps);
  EXPECT_NEAR(recorder.scalars.at("loss_td"), 0.5 * weighted / n, 1e-14);
  EXPECT_NEAR(recorder.scalars.at("loss_central"), 0.5 * central / n, 1e-14);
  EXPECT_NEAR(recorder.scalars.at("loss"), 0.5 * (weighted + 0.7 * central) / n, 1e-14);
}

// The agents learn from Q_tot alone, Q* from its own loss alone.
TEST_P(WeightedQmix, GradientsOfTheTwoLossesDoNotMeet) {
  Recorder with;
  Recorder without;
  learner(1).update(episodes_.batch(), 0, &with);
  learner(0).update(episodes_.batch(), 0, &without);
  for (const auto& [name, gradient] : with.tensors) {
    if (!name.starts_with("grad/")) continue;
    if (name.starts_with("grad/central_")) {
      EXPECT_EQ(without.tensors.at(name), std::vector<double>(gradient.size(), 0.0)) << name;
    } else {
      EXPECT_EQ(without.tensors.at(name), gradient) << name;
    }
  }
}

TEST_P(WeightedQmix, TargetValuesThatAreKeptShowInNoBit) {
  LearnerConfig config = config_of(GetParam().optimistic);
  config.optimiser.lr = 0.01;
  config.target_update_interval = 3;
  std::vector<std::vector<double>> params;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1} << 20}) {
    config.target_cache_bytes = bytes;
    Learner<double> learner(network_of(GetParam().agent), config, 3, executor_);
    const std::vector<core::Ticket> tickets = {5, 6, 7, 8};
    for (int episode = 1; episode <= 5; ++episode) {
      learner.update(episodes_.batch(), episode, nullptr, {}, tickets);
    }
    params.push_back(learner.state().params);
  }
  EXPECT_EQ(params[0], params[1]);
}

TEST_P(WeightedQmix, CentralNetworksAreCopiedIntoTheTargetAndStepped) {
  LearnerConfig config = config_of(GetParam().optimistic);
  config.optimiser.lr = 0.01;
  config.target_update_interval = 1;
  Learner<double> learner(network_of(GetParam().agent), config, 3, executor_);
  const std::vector<double> before = learner.state().params;
  learner.update(episodes_.batch(), 1);
  EXPECT_EQ(learner.state().params, learner.state().target_params);
  for (const nn::TensorSpec& tensor : learner.network().layout.tensors()) {
    const auto at = static_cast<std::ptrdiff_t>(tensor.offset);
    const auto end = at + static_cast<std::ptrdiff_t>(tensor.size());
    EXPECT_FALSE(
        std::equal(before.begin() + at, before.begin() + end, learner.state().params.begin() + at))
        << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, WeightedQmix,
                         testing::Values(Way{"Cw", false, "rnn"}, Way{"Ow", true, "rnn"},
                                         Way{"CwFeedForward", false, "ff"}),
                         [](const auto& p) { return std::string(p.param.name); });

TEST(WeightedTd, IndependentLearnersHaveNoJointValueToWeigh) {
  EXPECT_THROW(network_of("rnn", "iql"), Error);
}

TEST(WeightedTd, ParametersAreThoseOfTheEquationsInTheirOrder) {
  const nn::ParamLayout layout = network_of().layout;
  std::vector<std::string> groups;
  std::size_t n_central_mixer = 0;
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    const std::string group = tensor.name.substr(0, tensor.name.find('.'));
    if (groups.empty() || groups.back() != group) groups.push_back(group);
    if (group == "central_mixer") n_central_mixer += tensor.size();
  }
  EXPECT_EQ(groups, (std::vector<std::string>{"agent", "mixer", "central_agent", "central_mixer"}));
  // P(N+S,C) + 2 P(C,C) + P(C,1) + P(S,C) + P(C,1) with P(i,o) = (i + 1) o
  EXPECT_EQ(n_central_mixer, 11U * 5 + 2 * 6 * 5 + 6 + 8 * 5 + 6);
}

TEST(WeightedTd, OrthogonalNetworksBeginSo) {
  const Network<double> network = make_network<double>(
      {.agent = "rnn", .spec = kSpec, .hidden_dim = 6}, {.mixer = "qmix"},
      {.objective = "weighted_td", .central_mixing_embed_dim = 5, .orthogonal = true});
  std::vector<double> params(network.layout.size());
  nn::initialise<double>(network.layout, 3, params);
  for (const nn::TensorSpec& tensor : network.layout.tensors()) {
    if (!tensor.name.starts_with("central_mixer.")) continue;
    const double* const x = params.data() + tensor.offset;
    if (tensor.name.ends_with(".bias")) {
      EXPECT_EQ(std::count(x, x + tensor.size(), 0.0), std::ssize(std::span(x, tensor.size())));
      continue;
    }
    for (math::Index a = 0; a < tensor.rows; ++a) {  // no weight here has more rows than columns
      for (math::Index b = 0; b < tensor.rows; ++b) {
        const double dot = std::inner_product(x + a * tensor.cols, x + (a + 1) * tensor.cols,
                                              x + b * tensor.cols, 0.0);
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-12) << tensor.name;
      }
    }
  }
}

}  // namespace
}  // namespace qtot::learner
