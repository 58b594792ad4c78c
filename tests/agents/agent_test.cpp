#include "qtot/agents/agent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/math/views.h"
#include "support/agent_inputs.h"
#include "support/golden_weights.h"
#include "support/random.h"

namespace qtot::agents {
namespace {

using math::view;

// One network with its parameters, ready to run.
template <class T>
struct Ready {
  explicit Ready(const AgentConfig& config) : agent(make_agent<T>(config, layout)) {
    params.resize(layout.size());
    transposed.resize(layout.size());
    gradient.assign(layout.size(), T(0));
  }
  nn::Weights<T> weights() {
    nn::transpose_params<T>(layout, params, transposed);
    return {.values = params.data(), .transposed = transposed.data()};
  }
  std::span<const T> grad(const std::string& name) const {
    const nn::TensorSpec* tensor = layout.find("agent." + name);
    return std::span<const T>(gradient).subspan(tensor->offset, tensor->size());
  }

  nn::ParamLayout layout;
  std::unique_ptr<Agent<T>> agent;
  std::vector<T> params, transposed, gradient;
  nn::Workspace<T> workspace;
  Tape<T> tape;
};

AgentConfig config_of(const std::string& agent, bool layer_norm = false) {
  return {.agent = agent,
          .spec = {.n_agents = 3, .n_actions = 5, .obs_dim = 4, .state_dim = 2, .episode_limit = 9},
          .hidden_dim = 6,
          .layer_norm = layer_norm};
}

void expect_near(std::span<const double> found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  // the golden numbers are printed with 12 decimals
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 6e-13) << i;
}

TEST(RnnAgent, GivesTheGoldenNumbersOfPyTorchsModules) {
  const AgentConfig config{
      .spec = {.n_agents = 1, .n_actions = 2, .obs_dim = 3, .state_dim = 1, .episode_limit = 2},
      .hidden_dim = 2,
      .obs_last_action = false,
      .obs_agent_id = false};
  Ready<double> ready(config);
  test::fill_golden(ready.params);
  test::AgentInputs<double> inputs(config, 2);
  std::ranges::copy(std::array{1.0, .5, -1.0}, inputs.obs(0).begin());
  std::ranges::copy(std::array{0.0, 1.0, 2.0}, inputs.obs(1).begin());
  const std::vector<double> hidden0 = {.1, -.2};
  std::vector<double> q(4);
  ready.agent->forward(ready.weights(), inputs.all(), 1, hidden0.data(), ready.workspace,
                       ready.tape, view(q.data(), 2, 2));
  expect_near(q, {-0.163885439973, -0.514086555191, -0.172161418894, -0.463091931019});
  const auto hidden = ready.agent->final_hidden(ready.tape, 1);
  expect_near({hidden.data(), 2}, {0.492677729729, -0.129112770145});

  const std::vector<double> d_q = {1, 1, 0, 2};
  ready.agent->backward(ready.weights(), inputs.all(), 1, ready.workspace, ready.tape,
                        view(d_q.data(), 2, 2), ready.gradient.data());
  expect_near(ready.grad("fc1.weight"), {.129101385405, .092663110854, -.072876549102,
                                         -.370564330167, -.185282165084, .370564330167});
  expect_near(ready.grad("fc1.bias"), {.157213803556, -.370564330167});
  expect_near(
      ready.grad("rnn.weight_ih"),
      {-.007122533817, -.017158347847, -.015678786508, -.024453225168, .034684731032, .135653665153,
       -.004726463175, .024546139556, -.074840513049, -.2034123771, .245648916583, .540044297392});
  expect_near(ready.grad("rnn.weight_hh"),
              {-.008565687269, .008023595108, -.023938216457, .018577429185, .021829269723,
               -.035492611947, -.019397869128, .007793602104, -.034909415767, .036448104986,
               .123964979733, -.106093579638});
  expect_near(ready.grad("rnn.bias_ih"), {-.035612669083, -.078393932541, .173423655162,
                                          -.023632315873, -.374202565243, 1.228244582916});
  expect_near(ready.grad("rnn.bias_hh"), {-.035612669083, -.078393932541, .173423655162,
                                          -.023632315873, -.165733169761, .460306300289});
  expect_near(ready.grad("fc2.weight"),
              {.424406709279, -.25841042667, 1.409762168738, -.51663596696});
  expect_near(ready.grad("fc2.bias"), {1, 3});
}

struct Kind {
  std::string agent;
  bool layer_norm;
};

class EveryAgent : public testing::TestWithParam<Kind> {
 protected:
  static constexpr Index kRows = 3;
  static constexpr Index kSlots = 4;
  AgentConfig config_ = config_of(GetParam().agent, GetParam().layer_norm);
};

TEST_P(EveryAgent, BackwardEqualsCentralDifferenceForEveryParameter) {
  Ready<double> ready(config_);
  test::Random random(1);
  random.fill(std::span<double>(ready.params));
  const Index n = kSlots * kRows;
  const auto inputs = test::AgentInputs<double>::random(config_, kSlots, random);
  std::vector<double> d_q(static_cast<std::size_t>(n * 5));
  random.fill(std::span<double>(d_q));

  const auto loss = [&] {
    nn::Workspace<double> workspace;
    Tape<double> tape;
    std::vector<double> q(d_q.size());
    ready.agent->forward(ready.weights(), inputs.all(), kRows, nullptr, workspace, tape,
                         view(q.data(), n, 5));
    double sum = 0;
    for (std::size_t i = 0; i < q.size(); ++i) sum += q[i] * d_q[i];
    return sum;
  };
  std::vector<double> q(d_q.size());
  ready.agent->forward(ready.weights(), inputs.all(), kRows, nullptr, ready.workspace, ready.tape,
                       view(q.data(), n, 5));
  ready.agent->backward(ready.weights(), inputs.all(), kRows, ready.workspace, ready.tape,
                        view(std::as_const(d_q).data(), n, 5), ready.gradient.data());

  constexpr double kStep = 1e-5;  // truncation error ~ step^2, rounding error ~ 1e-16 / step
  for (const nn::TensorSpec& tensor : ready.layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      const double value = ready.params[i];
      ready.params[i] = value + kStep;
      const double above = loss();
      ready.params[i] = value - kStep;
      const double below = loss();
      ready.params[i] = value;
      ASSERT_NEAR(ready.gradient[i], (above - below) / (2 * kStep), 2e-8)
          << tensor.name << "[" << i - tensor.offset << "]";
    }
  }
}

// D7: acting (a slot at a time), acting for several episodes side by side, and learning (all slots at
// once) agree in every bit.
TEST_P(EveryAgent, ActingLearningAndActingInABatchGiveTheSameBits) {
  Ready<float> ready(config_);
  nn::initialise<float>(ready.layout, 3, ready.params);
  const nn::Weights<float> weights = ready.weights();
  constexpr Index kEpisodes = 8;
  const Index h_dim = ready.agent->hidden_dim();
  test::Random random(2);
  std::vector<test::AgentInputs<float>> inputs;
  for (Index e = 0; e < kEpisodes; ++e) {
    inputs.push_back(test::AgentInputs<float>::random(config_, kSlots, random));
  }

  std::vector<std::vector<float>> learned;
  for (const test::AgentInputs<float>& episode : inputs) {
    std::vector<float> q(static_cast<std::size_t>(kSlots * kRows * 5));
    ready.workspace.reset();
    ready.agent->forward(weights, episode.all(), kRows, nullptr, ready.workspace, ready.tape,
                         view(q.data(), kSlots * kRows, 5));
    learned.push_back(q);
  }

  std::vector<float> alone_hidden(static_cast<std::size_t>(kRows * h_dim), 0.0F);
  std::vector<float> batch_hidden(static_cast<std::size_t>(kEpisodes * kRows * h_dim), 0.0F);
  for (Index slot = 0; slot < kSlots; ++slot) {
    std::vector<float> q(static_cast<std::size_t>(kRows * 5));
    ready.workspace.reset();
    ready.agent->forward(weights, inputs[0].slot(slot), kRows, alone_hidden.data(), ready.workspace,
                         ready.tape, view(q.data(), kRows, 5));
    const auto hidden = ready.agent->final_hidden(ready.tape, kRows);
    std::copy_n(hidden.data(), hidden.size(), alone_hidden.data());
    for (std::size_t i = 0; i < q.size(); ++i) {
      ASSERT_EQ(q[i], learned[0][static_cast<std::size_t>(slot * kRows * 5) + i])
          << "alone " << slot;
    }

    // eight episodes are to the network what eight slots are
    test::AgentInputs<float> side_by_side(config_, kEpisodes);
    for (Index e = 0; e < kEpisodes; ++e) {
      side_by_side.copy_slot(e, inputs[static_cast<std::size_t>(e)], slot);
    }
    std::vector<float> all_q(static_cast<std::size_t>(kEpisodes * kRows * 5));
    ready.workspace.reset();
    ready.agent->forward(weights, side_by_side.all(), kEpisodes * kRows, batch_hidden.data(),
                         ready.workspace, ready.tape, view(all_q.data(), kEpisodes * kRows, 5));
    const auto after = ready.agent->final_hidden(ready.tape, kEpisodes * kRows);
    std::copy_n(after.data(), after.size(), batch_hidden.data());
    for (Index e = 0; e < kEpisodes; ++e) {
      for (Index i = 0; i < kRows * 5; ++i) {
        ASSERT_EQ(
            all_q[static_cast<std::size_t>(e * kRows * 5 + i)],
            learned[static_cast<std::size_t>(e)][static_cast<std::size_t>(slot * kRows * 5 + i)])
            << "episode " << e << ", slot " << slot;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Agents, EveryAgent,
                         testing::Values(Kind{"rnn", false}, Kind{"rnn", true}, Kind{"ff", false}),
                         [](const auto& kind) {
                           return kind.param.agent + (kind.param.layer_norm ? "_layer_norm" : "");
                         });

TEST(RnnAgent, HasTheParameterCountOfPyMARL) {
  nn::ParamLayout layout;
  const AgentConfig config{
      .spec = {.n_agents = 3, .n_actions = 9, .obs_dim = 30, .state_dim = 48, .episode_limit = 60}};
  make_agent<float>(config, layout);
  EXPECT_EQ(layout.size(), 28297U);  // 3m
}

TEST(WriteOneHots, NamesTheColumnsOfTheLastActionAndOfTheAgent) {
  const AgentConfig config = config_of("rnn");
  const std::vector<core::Action> last = {4, 0, 2};
  std::vector<std::int32_t> columns(6);
  write_one_hots(config, last, columns);
  EXPECT_EQ(columns, (std::vector<std::int32_t>{4, 5, 0, 6, 2, 7}));
  write_one_hots(config, {}, columns);  // the first slot: no action yet
  EXPECT_EQ(columns, (std::vector<std::int32_t>{-1, 5, -1, 6, -1, 7}));
}

TEST(WriteOneHots, LeavesOutWhatTheConfigurationLeavesOut) {
  AgentConfig config = config_of("rnn");
  const std::vector<core::Action> last = {4, 0, 2};
  std::vector<std::int32_t> columns(3);
  config.obs_last_action = false;
  write_one_hots(config, last, columns);
  EXPECT_EQ(columns, (std::vector<std::int32_t>{0, 1, 2}));
  config.obs_last_action = true;
  config.obs_agent_id = false;
  write_one_hots(config, last, columns);
  EXPECT_EQ(columns, (std::vector<std::int32_t>{4, 0, 2}));
  config.obs_last_action = false;
  EXPECT_EQ(n_one_hots(config), 0);
  write_one_hots(config, last, {});
}

TEST(MakeAgent, NamesTheKnownNetworksWhenThereIsNoSuchOne) {
  nn::ParamLayout layout;
  try {
    make_agent<float>(config_of("lstm"), layout);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "agent = \"lstm\": no such agent network; known: rnn ff");
  }
}

}  // namespace
}  // namespace qtot::agents
