// Several episodes side by side, in chunks, against plain loops: equal in every bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "support/agent_inputs.h"
#include "support/random.h"

namespace qtot::agents {
namespace {

using math::view;

constexpr Index kAgents = 3;
constexpr Index kActions = 5;
constexpr Index kHidden = 20;  // a register of AVX-512 and a rest

constexpr const char* kLayerNorm = "rnn with layer norm";

AgentConfig config_of(const std::string& agent) {
  return {.agent = agent == kLayerNorm ? "rnn" : agent,
          .spec = {.n_agents = kAgents,
                   .n_actions = kActions,
                   .obs_dim = 4,
                   .state_dim = 2,
                   .episode_limit = 90},
          .hidden_dim = kHidden,
          .layer_norm = agent == kLayerNorm};
}

template <class T>
struct Matrix {
  Matrix(Index n_rows, Index n_cols)
      : rows(n_rows), cols(n_cols), values(static_cast<std::size_t>(n_rows * n_cols)) {}
  MatView<T> all() { return view(values.data(), rows, cols); }
  ConstMatView<T> all() const { return view(values.data(), rows, cols); }
  MatView<T> part(Index row, Index n) { return view(values.data() + row * cols, n, cols); }
  ConstMatView<T> part(Index row, Index n) const {
    return view(values.data() + row * cols, n, cols);
  }

  Index rows, cols;
  std::vector<T> values;
};

// One episode with what a pass over it is given and gives.
template <class T>
struct Played {
  Played(const AgentConfig& config, Index n_slots, std::size_t n_params, test::Random& random)
      : inputs(test::AgentInputs<T>::random(config, n_slots, random)),
        utilities(n_slots * kAgents, kActions),
        d_utilities((n_slots - 1) * kAgents, kActions),
        gradient(n_params, T(7)) {
    random.fill(std::span<T>(d_utilities.values));
  }

  test::AgentInputs<T> inputs;
  Matrix<T> utilities;
  Matrix<T> d_utilities;
  std::vector<T> gradient;
  Tape<T> tape;
};

template <class T>
struct Net {
  explicit Net(const std::string& kind) : agent(make_agent<T>(config_of(kind), layout)) {
    params.resize(layout.size());
    transposed.resize(layout.size());
    nn::initialise<T>(layout, 5, params);
    nn::transpose_params<T>(layout, params, transposed);
  }
  nn::Weights<T> weights() const {
    return {.values = params.data(), .transposed = transposed.data()};
  }
  std::size_t at(const std::string& name) const { return layout.find("agent." + name)->offset; }
  ConstMatView<T> weight(const std::string& name, Index out, Index in) const {
    return view(params.data() + at(name), out, in);
  }
  ConstMatView<T> turned(const std::string& name, Index out, Index in) const {
    return view(transposed.data() + at(name), in, out);
  }
  const T* bias(const std::string& name) const { return params.data() + at(name); }

  nn::ParamLayout layout;
  std::unique_ptr<Agent<T>> agent;
  std::vector<T> params, transposed;
};

// The recurrent agent as it is written down: a slot after the other, each sum in one go.
template <class T>
void naive_rnn(const Net<T>& net, Played<T>& run) {
  const Index x_dim = net.agent->input_dim();
  const Index n = run.inputs.n_rows();
  const std::vector<T> dense = run.inputs.dense();
  const Index h = kHidden;
  Matrix<T> x(n, h), gates(n, 3 * h), gh(n, 3 * h), hidden(n + kAgents, h);
  math::matmul_bias_naive<T>(view(dense.data(), n, x_dim), net.turned("fc1.weight", h, x_dim),
                             net.bias("fc1.bias"), x.all());
  for (T& value : x.values) value = math::relu(value);
  for (Index row = 0; row < n; row += kAgents) {
    const auto before = std::as_const(hidden).part(row, kAgents);
    math::matmul_bias_naive<T>(std::as_const(x).part(row, kAgents),
                               net.turned("rnn.weight_ih", 3 * h, h), net.bias("rnn.bias_ih"),
                               gates.part(row, kAgents));
    math::matmul_bias_naive<T>(before, net.turned("rnn.weight_hh", 3 * h, h),
                               net.bias("rnn.bias_hh"), gh.part(row, kAgents));
    math::gru_gates_naive<T>(std::as_const(gates).part(row, kAgents),
                             std::as_const(gh).part(row, kAgents), before, gates.part(row, kAgents),
                             hidden.part(row + kAgents, kAgents));
  }
  math::matmul_bias_naive<T>(std::as_const(hidden).part(kAgents, n),
                             net.turned("fc2.weight", kActions, h), net.bias("fc2.bias"),
                             run.utilities.all());

  const Index m = run.d_utilities.rows;
  const auto d_utilities = std::as_const(run.d_utilities).all();
  Matrix<T> d_hidden(m, h), d_gi(m, 3 * h), d_gh(m, 3 * h), d_x(m, h), gh_n(n, h);
  for (Index i = 0; i < n; ++i)
    std::copy_n(gh.all().row(i).data() + 2 * h, h, gh_n.all().row(i).data());
  math::matmul_naive<T>(d_utilities, net.weight("fc2.weight", kActions, h), d_hidden.all());
  Matrix<T> carried(kAgents, h);
  for (Index row = m - kAgents; row >= 0; row -= kAgents) {
    if (row < m - kAgents) d_hidden.part(row, kAgents) += carried.all();
    math::gru_gates_backward_naive<T>(
        std::as_const(gates).part(row, kAgents), std::as_const(gh_n).part(row, kAgents),
        std::as_const(hidden).part(row, kAgents), std::as_const(d_hidden).part(row, kAgents),
        d_gi.part(row, kAgents), d_gh.part(row, kAgents), carried.all());
    math::matmul_naive<T>(std::as_const(d_gh).part(row, kAgents),
                          net.weight("rnn.weight_hh", 3 * h, h), carried.all(), math::kAccumulate);
  }
  math::matmul_naive<T>(std::as_const(d_gi).all(), net.weight("rnn.weight_ih", 3 * h, h),
                        d_x.all());
  for (std::size_t i = 0; i < d_x.values.size(); ++i) {
    if (!(x.values[i] > T(0))) d_x.values[i] = T(0);
  }
  const auto params = [&](const std::string& name, ConstMatView<T> d_y, ConstMatView<T> in,
                          const std::string& bias) {
    math::matmul_tn_naive<T>(d_y, in,
                             view(run.gradient.data() + net.at(name), d_y.cols(), in.cols()));
    math::column_sums_naive<T>(d_y, run.gradient.data() + net.at(bias));
  };
  params("fc1.weight", std::as_const(d_x).all(), view(dense.data(), m, x_dim), "fc1.bias");
  params("rnn.weight_ih", std::as_const(d_gi).all(), std::as_const(x).part(0, m), "rnn.bias_ih");
  params("rnn.weight_hh", std::as_const(d_gh).all(), std::as_const(hidden).part(0, m),
         "rnn.bias_hh");
  params("fc2.weight", d_utilities, std::as_const(hidden).part(kAgents, m), "fc2.bias");
}

template <class T>
void together(const Net<T>& net, std::vector<Played<T>>& runs, bool keeps) {
  std::vector<ForwardPass<T>> forward;
  std::vector<BackwardPass<T>> backward;
  for (Played<T>& run : runs) {
    forward.push_back({.inputs = run.inputs.all(),
                       .utilities = run.utilities.all(),
                       .tape = keeps ? &run.tape : nullptr});
  }
  for (Played<T>& run : runs) {
    backward.push_back({.inputs = run.inputs.all(),
                        .d_utilities = std::as_const(run.d_utilities).all(),
                        .tape = &run.tape,
                        .gradient = run.gradient.data()});
  }
  nn::Workspace<T> workspace;
  net.agent->forward_together(net.weights(), forward, kAgents, workspace);
  if (keeps) net.agent->backward_together(net.weights(), backward, kAgents, workspace);
}

// The longest first; two of equal length, one of a single step, and more rows than a chunk takes.
std::vector<Index> slots_of(std::size_t n_episodes) {
  std::vector<Index> slots = {90, 61, 44, 44, 17, 9, 3, 2};
  slots.resize(n_episodes);
  return slots;
}

template <class T>
std::vector<Played<T>> make_runs(const Net<T>& net, std::size_t n_episodes) {
  test::Random random(11);
  std::vector<Played<T>> runs;
  for (const Index n_slots : slots_of(n_episodes)) {
    runs.emplace_back(net.agent->config(), n_slots, net.layout.size(), random);
  }
  return runs;
}

class Together : public testing::TestWithParam<std::size_t> {};

template <class T>
void expect_bits_of_plain_loops(std::size_t n_episodes) {
  const Net<T> net("rnn");
  std::vector<Played<T>> expected = make_runs(net, n_episodes);
  std::vector<Played<T>> found = make_runs(net, n_episodes);
  for (Played<T>& run : expected) naive_rnn(net, run);
  together(net, found, true);
  for (std::size_t p = 0; p < found.size(); ++p) {
    EXPECT_EQ(found[p].utilities.values, expected[p].utilities.values) << "episode " << p;
    EXPECT_EQ(found[p].gradient, expected[p].gradient) << "episode " << p;
  }
}

TEST_P(Together, RecurrentEpisodesHaveTheBitsOfPlainLoops) {
  expect_bits_of_plain_loops<float>(GetParam());
  expect_bits_of_plain_loops<double>(GetParam());
}

TEST_P(Together, APassThatKeepsNothingHasTheSameUtilities) {
  for (const char* kind : {"rnn", kLayerNorm, "ff"}) {
    const Net<float> net(kind);
    std::vector<Played<float>> kept = make_runs(net, GetParam());
    std::vector<Played<float>> unkept = make_runs(net, GetParam());
    together(net, kept, true);
    together(net, unkept, false);
    for (std::size_t p = 0; p < kept.size(); ++p) {
      EXPECT_EQ(kept[p].utilities.values, unkept[p].utilities.values) << kind << ", episode " << p;
    }
  }
}

TEST_P(Together, EachEpisodeHasTheBitsThatItHasAlone) {
  for (const char* kind : {"rnn", kLayerNorm, "ff"}) {
    const Net<float> net(kind);
    std::vector<Played<float>> side_by_side = make_runs(net, GetParam());
    std::vector<Played<float>> alone = make_runs(net, GetParam());
    together(net, side_by_side, true);
    for (std::size_t p = 0; p < alone.size(); ++p) {
      Played<float>& run = alone[p];
      nn::Workspace<float> workspace;
      net.agent->forward(net.weights(), run.inputs.all(), kAgents, nullptr, workspace, run.tape,
                         run.utilities.all());
      net.agent->backward(net.weights(), run.inputs.all(), kAgents, workspace, run.tape,
                          std::as_const(run.d_utilities).all(), run.gradient.data());
      EXPECT_EQ(side_by_side[p].utilities.values, run.utilities.values) << kind << ", " << p;
      EXPECT_EQ(side_by_side[p].gradient, run.gradient) << kind << ", episode " << p;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Episodes, Together, testing::Values(1, 2, 3, 5, 8),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace qtot::agents
