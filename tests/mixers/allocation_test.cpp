#include <gtest/gtest.h>

#include "mixers/network.h"
#include "support/allocations.h"

namespace qtot::mixers {
namespace {

class EveryMixerAllocates : public testing::TestWithParam<Case> {};

TEST_P(EveryMixerAllocates, NothingOnceTheWorkspaceHasGrown) {
  constexpr Index kRows = 19;
  Network<float> net(GetParam().config);
  std::mt19937_64 rng(5);
  const Mat<float> agent_qs = random_matrix<float>(kRows, GetParam().config.n_agents, rng);
  const Mat<float> state = random_matrix<float>(kRows, GetParam().config.state_dim, rng);
  Mat<float> q_tot(kRows, net.mixer->n_outputs());
  Mat<float> d_agent_qs(kRows, agent_qs.cols());
  std::vector<float> gradient(net.params.size());
  std::vector<float> transposed(net.params.size());
  nn::transpose_params<float>(net.layout, net.params, transposed);
  const nn::Weights<float> w = {net.params.data(), transposed.data()};
  nn::Workspace<float> workspace;
  Tape<float> tape;
  const MixerInputs<float> mixed = net.inputs(agent_qs, state);
  const auto pass = [&] {
    workspace.reset();
    net.mixer->forward(w, mixed, workspace, tape, math::view(q_tot));
    net.mixer->backward(w, mixed, workspace, tape, math::view(std::as_const(q_tot)),
                        math::view(d_agent_qs), gradient.data());
  };
  pass();
  pass();  // the workspace joins its blocks here
  const std::size_t before = test::n_allocations();
  ASSERT_GT(before, 0u);  // it does count
  pass();
  EXPECT_EQ(test::n_allocations() - before, 0u);
}

INSTANTIATE_TEST_SUITE_P(Mixers, EveryMixerAllocates, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace qtot::mixers
