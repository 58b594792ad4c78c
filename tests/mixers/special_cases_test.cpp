// VDN is what the mixers that weigh the agents are when the state weighs them all alike.
#include <gtest/gtest.h>

#include <algorithm>

#include "mixers/network.h"
#include "qtot/base/error.h"

namespace qtot::mixers {
namespace {

constexpr Index kRows = 5;

// Q_tot of a network whose tensors are 0 but for those named `of_one`, which are 1.
void expect_vdn(const MixerConfig& config, const std::string& of_one) {
  Network<double> net(config);
  std::ranges::fill(net.params, 0.0);
  for (const nn::TensorSpec& tensor : net.layout.tensors()) {
    if (tensor.name == of_one) std::fill_n(net.tensor(tensor.name), tensor.size(), 1.0);
  }
  std::mt19937_64 rng(13);
  const Mat<double> agent_qs = random_matrix<double>(kRows, config.n_agents, rng);
  const Mat<double> state = random_matrix<double>(kRows, config.state_dim, rng);
  const Mat<double> q_tot = net.forward(agent_qs, state);
  for (Index m = 0; m < kRows; ++m) {
    EXPECT_NEAR(q_tot(m, 0), agent_qs.row(m).sum(), 1e-14) << of_one;
  }
}

TEST(Vdn, IsQmixLinWithWeightsOfOne) {
  MixerConfig config{.mixer = "qmix_lin", .n_agents = 3, .state_dim = 5};
  config.hypernet_layers = 1;
  expect_vdn(config, "mixer.hyper_w1.0.bias");
}

// Softmax of equal logits gives each agent 1 / N, and there are N heads.
TEST(Vdn, IsQattenWithAsManyHeadsAsAgentsThatAttendToAllAlike) {
  MixerConfig config{.mixer = "qatten", .n_agents = 3, .state_dim = 6};
  config.n_heads = 3;
  expect_vdn(config, "mixer.head_embedding_layer.2.bias");
  config.weighted_heads = false;
  expect_vdn(config, "");
}

TEST(Vdn, IsQplexsValueWithoutWeights) {
  MixerConfig config{.mixer = "qplex", .n_agents = 3, .state_dim = 5};
  config.n_actions = 2;
  config.weighted_agents = false;
  Network<double> net(config);
  std::mt19937_64 rng(13);
  const Mat<double> agent_qs = random_matrix<double>(kRows, 3, rng);
  net.forward(agent_qs, random_matrix<double>(kRows, 5, rng));
  for (Index m = 0; m < kRows; ++m) {
    EXPECT_NEAR(net.tape().value_part.data[m], agent_qs.row(m).sum(), 1e-15);
  }
}

// The whole state in equal shares where nothing says how much of it belongs to an agent.
TEST(Qatten, TakesEqualSharesOfTheStateUnlessTold) {
  MixerConfig config{.mixer = "qatten", .n_agents = 3, .state_dim = 6};
  EXPECT_EQ(Network<float>(config).spec("mixer.key_embedding_layers.0.weight").shape()[1], 2u);
  config.unit_dim = 1;
  EXPECT_EQ(Network<float>(config).spec("mixer.key_embedding_layers.0.weight").shape()[1], 1u);
  config.unit_dim = 3;
  EXPECT_THROW(Network<float>{config}, Error);
  config.unit_dim = 0;
  config.state_dim = 7;
  EXPECT_THROW(Network<float>{config}, Error);
}

}  // namespace
}  // namespace qtot::mixers
