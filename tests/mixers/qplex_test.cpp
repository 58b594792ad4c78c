// What QPLEX promises beside the laws of every mixer.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "mixers/network.h"

namespace qtot::mixers {
namespace {

constexpr Index kAgents = 3;
constexpr Index kActions = 3;
constexpr Index kState = 5;

MixerConfig config_of(int kernel_layers, bool minus_one, const char* mixer = "qplex") {
  MixerConfig config{.mixer = mixer, .n_agents = 3, .state_dim = 5};
  config.mixing_embed_dim = 4;
  config.unit_dim = 1;
  config.n_actions = 3;
  config.n_kernels = 2;
  config.kernel_layers = kernel_layers;
  config.kernel_hidden = 7;
  config.hypernet_embed = 6;
  config.advantage_minus_one = minus_one;
  return config;
}

// One row: the utilities, and what the agents do.
class Game {
 public:
  Game(const MixerConfig& config, std::mt19937_64& rng)
      : net_(config),
        utilities_(random_matrix<double>(kAgents, kActions, rng)),
        state_(random_matrix<double>(1, kState, rng)) {
    net_.randomise(rng);
    net_.has_own_actions = true;
    net_.best_qs = utilities_.rowwise().maxCoeff().transpose();
    net_.columns.resize(kAgents);
  }

  std::array<Index, kAgents> greedy() const {
    std::array<Index, kAgents> actions{};
    for (Index n = 0; n < kAgents; ++n) {
      utilities_.row(n).maxCoeff(&actions[static_cast<std::size_t>(n)]);
    }
    return actions;
  }

  double q_tot(const std::array<Index, kAgents>& actions) {
    Mat<double> chosen(1, kAgents);
    for (Index n = 0; n < kAgents; ++n) {
      const Index action = actions[static_cast<std::size_t>(n)];
      chosen(0, n) = utilities_(n, action);
      net_.columns[static_cast<std::size_t>(n)] = static_cast<std::int32_t>(n * kActions + action);
    }
    return net_.forward(chosen, state_)(0, 0);
  }

  Network<double>& net() { return net_; }

 private:
  Network<double> net_;
  Mat<double> utilities_;
  Mat<double> state_;
};

class EveryQplex : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Mixers, EveryQplex, testing::Values("qplex", "qplex_qatten"),
                         [](const auto& name) { return std::string(name.param); });

TEST_P(EveryQplex, TheGreedyJointActionHasNoAdvantageAndTheLargestValue) {
  std::mt19937_64 rng(7);
  for (const int layers : {1, 2, 3}) {
    for (const bool minus_one : {false, true}) {
      Game game(config_of(layers, minus_one, GetParam()), rng);
      const double best = game.q_tot(game.greedy());
      EXPECT_EQ(game.net().tape().advantage_part.data[0], 0);
      EXPECT_EQ(game.net().tape().value_part.data[0], best);
      for (Index joint = 0; joint < kActions * kActions * kActions; ++joint) {
        const std::array<Index, kAgents> actions = {joint % kActions, joint / kActions % kActions,
                                                    joint / (kActions * kActions)};
        ASSERT_LE(game.q_tot(actions), best) << joint;
      }
    }
  }
}

// With every kernel's key at 0, lambda is 0 but for the floor of 1e-10: what is left of Q_tot is the sum
// of w m + v, whatever the agents do.
TEST_P(EveryQplex, WithoutKernelsEveryJointActionIsWorthTheGreedyOne) {
  std::mt19937_64 rng(9);
  Game game(config_of(1, true, GetParam()), rng);
  EXPECT_GT(std::abs(game.q_tot({2, 0, 1}) - game.q_tot({0, 1, 2})), 1e-3);
  for (const char* kernel : {"0", "1"}) {
    const std::string key = std::string("mixer.si_weight.key_extractors.") + kernel;
    std::fill_n(game.net().tensor(key + ".weight"), kState, 0.0);
    std::fill_n(game.net().tensor(key + ".bias"), 1, 0.0);
  }
  EXPECT_NEAR(game.q_tot({2, 0, 1}), game.q_tot(game.greedy()), 1e-8);
  EXPECT_NEAR(game.q_tot({0, 1, 2}), game.q_tot(game.greedy()), 1e-8);
}

}  // namespace
}  // namespace qtot::mixers
