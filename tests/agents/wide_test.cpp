// Hand-written gradients of every agent against central differences in math::Wide, where neither the
// step nor rounding leaves much room.
#ifdef QTOT_WIDE

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/agents/epsilon_greedy.h"
#include "qtot/math/elementary.h"
#include "support/agent_inputs.h"
#include "support/random.h"

namespace qtot::agents {
namespace {

using math::Wide;

struct Kind {
  std::string agent;
  bool layer_norm;
};

class EveryWideAgent : public testing::TestWithParam<Kind> {
 protected:
  static constexpr Index kRows = 2;
  static constexpr Index kSlots = 3;
  static constexpr Index kActions = 3;
  static constexpr Index kAll = kSlots * kRows;

  EveryWideAgent()
      : agent_(make_agent<Wide>({.agent = GetParam().agent,
                                 .spec = {.n_agents = 2,
                                          .n_actions = kActions,
                                          .obs_dim = 3,
                                          .state_dim = 1,
                                          .episode_limit = 9},
                                 .hidden_dim = 4,
                                 .layer_norm = GetParam().layer_norm},
                                layout_)),
        params_(layout_.size()),
        transposed_(layout_.size()),
        gradient_(layout_.size()),
        inputs_(test::AgentInputs<Wide>::random(agent_->config(), kSlots, random_)),
        d_q_(static_cast<std::size_t>(kAll * kActions)) {
    random_.fill(std::span(params_));
    random_.fill(std::span(d_q_));
  }

  nn::Weights<Wide> weights() {
    nn::transpose_params<Wide>(layout_, params_, transposed_);
    return {.values = params_.data(), .transposed = transposed_.data()};
  }

  // sum of d_q q, whose derivatives backward() gives
  Wide loss() {
    std::vector<Wide> q(d_q_.size());
    workspace_.reset();
    agent_->forward(weights(), inputs_.all(), kRows, nullptr, workspace_, tape_,
                    math::view(q.data(), kAll, kActions));
    Wide sum = 0;
    for (std::size_t i = 0; i < q.size(); ++i) sum += d_q_[i] * q[i];
    return sum;
  }

  nn::ParamLayout layout_;
  std::unique_ptr<Agent<Wide>> agent_;
  std::vector<Wide> params_, transposed_, gradient_;
  test::Random random_{1};
  test::AgentInputs<Wide> inputs_;
  std::vector<Wide> d_q_;
  nn::Workspace<Wide> workspace_;
  Tape<Wide> tape_;
};

TEST_P(EveryWideAgent, BackwardEqualsCentralDifferenceToEighteenDigits) {
  loss();
  agent_->backward(weights(), inputs_.all(), kRows, workspace_, tape_,
                   math::view(std::as_const(d_q_).data(), kAll, kActions), gradient_.data());
  // the error is step^2 / 6 times a third derivative, which the layer norm makes large, and 1e-34 /
  // step of rounding
  const Wide step = 1e-11;
  constexpr double kTolerance = 1e-18;
  for (const nn::TensorSpec& tensor : layout_.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      const Wide value = params_[i];
      params_[i] = value + step;
      const Wide above = loss();
      params_[i] = value - step;
      const Wide below = loss();
      params_[i] = value;
      const Wide error = gradient_[i] - (above - below) / (2 * step);
      ASSERT_LT(math::abs(error), kTolerance) << tensor.name << "[" << i - tensor.offset << "]";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Agents, EveryWideAgent,
                         testing::Values(Kind{"rnn", false}, Kind{"rnn", true}, Kind{"ff", false}),
                         [](const auto& kind) {
                           return kind.param.agent + (kind.param.layer_norm ? "_layer_norm" : "");
                         });

// Utilities that one rounding to double would make equal.
TEST(WideGreedyAction, SeesWhatDoubleDoesNot) {
  const core::DecPomdpSpec spec = {
      .n_agents = 1, .n_actions = 2, .obs_dim = 1, .state_dim = 1, .episode_limit = 3};
  core::Episode episode(spec);
  episode.add_slot();
  const std::vector<std::uint8_t> avail = {1, 1};
  episode.set_avail(0, avail);
  const std::vector<Wide> utilities = {1, 1 + ldexp(Wide(1), -100)};
  EXPECT_EQ(greedy_action<Wide>(utilities.data(), episode, 0, 0), 1);
}

}  // namespace
}  // namespace qtot::agents

#endif  // QTOT_WIDE
