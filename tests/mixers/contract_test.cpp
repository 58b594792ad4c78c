// Laws of every mixer. A line of mixers.def is put under them by being there.
#include <gtest/gtest.h>

#include <cmath>

#include "mixers/network.h"

namespace qtot::mixers {
namespace {

constexpr Index kRows = 7;

class EveryMixer : public testing::TestWithParam<Case> {
 protected:
  EveryMixer() : net_(GetParam().config), float_net_(GetParam().config), rng_(11) {
    float_net_.randomise(rng_);
    net_.params.assign(float_net_.params.begin(), float_net_.params.end());
    float_agent_qs_ = random_matrix<float>(kRows, GetParam().config.n_agents, rng_);
    float_state_ = random_matrix<float>(kRows, GetParam().config.state_dim, rng_);
    float_d_q_tot_ = random_matrix<float>(kRows, net_.mixer->n_outputs(), rng_);
    agent_qs_ = convert<double>(float_agent_qs_);
    state_ = convert<double>(float_state_);
    d_q_tot_ = convert<double>(float_d_q_tot_);
  }

  // sum over rows and outputs of d_q_tot q_tot: backward() gives its derivatives. Where advantages are
  // data to what they are made of, that of the value part alone is.
  double loss(bool of_value) {
    const Mat<double> q_tot = net_.forward(agent_qs_, state_);
    const double* const values =
        of_value && net_.mixer->reads_actions() ? net_.tape().value_part.data : q_tot.data();
    double sum = 0;
    for (Index i = 0; i < q_tot.size(); ++i) sum += d_q_tot_.data()[i] * values[i];
    return sum;
  }

  double central_difference(double& x, bool of_value = true) {
    // The error is h^2 / 6 times a third derivative of order 1, plus 1e-16 / h of rounding: 1e-10
    // both. No kink of abs or relu lies within h of these random values.
    constexpr double kStep = 1e-5;
    const double before = x;
    x = before + kStep;
    const double above = loss(of_value);
    x = before - kStep;
    const double below = loss(of_value);
    x = before;
    return (above - below) / (2 * kStep);
  }

  Network<double> net_;
  Network<float> float_net_;
  std::mt19937_64 rng_;
  Mat<float> float_agent_qs_, float_state_, float_d_q_tot_;
  Mat<double> agent_qs_, state_, d_q_tot_;  // the same numbers
};

TEST_P(EveryMixer, BackwardEqualsCentralDifferenceForEveryInputAndParameter) {
  constexpr double kTolerance = 1e-8;  // central_difference() says why; a wrong term is 1e-2
  net_.forward(agent_qs_, state_);
  net_.backward(agent_qs_, state_, d_q_tot_);
  const Mat<double> d_agent_qs = net_.d_agent_qs;
  const std::vector<double> gradient = net_.gradient;

  for (Index i = 0; i < agent_qs_.size(); ++i) {
    EXPECT_NEAR(d_agent_qs.data()[i], central_difference(agent_qs_.data()[i]), kTolerance)
        << "agent_qs[" << i << "]";
  }
  for (const nn::TensorSpec& tensor : net_.layout.tensors()) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const bool is_of_value = tensor.name.find("si_weight") == std::string::npos;
      EXPECT_NEAR(gradient[tensor.offset + i],
                  central_difference(net_.params[tensor.offset + i], is_of_value), kTolerance)
          << tensor.name << "[" << i << "]";
    }
  }
}

TEST_P(EveryMixer, FloatAgreesWithDouble) {
  // Sums of at most a few dozen terms of order 1, each rounded to 6e-8: 1e-6 is some 20 roundings.
  constexpr double kTolerance = 2e-6;
  const Mat<double> q_tot = net_.forward(agent_qs_, state_);
  const Mat<float> float_q_tot = float_net_.forward(float_agent_qs_, float_state_);
  net_.backward(agent_qs_, state_, d_q_tot_);
  float_net_.backward(float_agent_qs_, float_state_, float_d_q_tot_);

  for (Index i = 0; i < q_tot.size(); ++i) {
    EXPECT_NEAR(float_q_tot.data()[i], q_tot.data()[i], kTolerance) << "q_tot[" << i << "]";
  }
  for (Index i = 0; i < agent_qs_.size(); ++i) {
    EXPECT_NEAR(float_net_.d_agent_qs.data()[i], net_.d_agent_qs.data()[i], kTolerance)
        << "d_agent_qs[" << i << "]";
  }
  for (std::size_t i = 0; i < net_.gradient.size(); ++i) {
    EXPECT_NEAR(float_net_.gradient[i], net_.gradient[i], kTolerance) << "gradient[" << i << "]";
  }
}

// dQ_tot / dq_n >= 0 at every row, exactly: products and sums of non-negative numbers round to
// non-negative numbers.
TEST_P(EveryMixer, SlopesAreNonNegativeWhereItSaysSo) {
  const MixerConfig& config = GetParam().config;
  if (config.positivity == "none" || config.positivity_final == "none") {
    EXPECT_FALSE(net_.mixer->is_monotonic());
    return;
  }
  EXPECT_TRUE(net_.mixer->is_monotonic());
  const Mat<double> ones = Mat<double>::Constant(kRows, net_.mixer->n_outputs(), 1);
  for (int trial = 0; trial < 50; ++trial) {
    net_.randomise(rng_);
    agent_qs_ = 10 * random_matrix<double>(kRows, agent_qs_.cols(), rng_);
    net_.forward(agent_qs_, state_);
    net_.backward(agent_qs_, state_, ones);
    ASSERT_GE(net_.d_agent_qs.minCoeff(), 0) << "trial " << trial;
  }
}

// The other half of the law above: an unconstrained network of these sizes is not monotonic.
TEST(Qmix, WithoutPositivitySomeSlopeIsNegative) {
  MixerConfig config = {.n_agents = 3, .state_dim = 5};
  config.positivity = "none";
  Network<double> net(config);
  std::mt19937_64 rng(3);
  const Mat<double> agent_qs = random_matrix<double>(kRows, 3, rng);
  const Mat<double> state = random_matrix<double>(kRows, 5, rng);
  net.forward(agent_qs, state);
  net.backward(agent_qs, state, Mat<double>::Constant(kRows, 1, 1));
  EXPECT_LT(net.d_agent_qs.minCoeff(), 0);
}

// Q_tot at a mean of values is the mean of the Q_tots exactly where the mixer says so.
TEST_P(EveryMixer, ExpectationPassesThroughWhereItIsLinear) {
  const Mat<double> other = random_matrix<double>(kRows, agent_qs_.cols(), rng_);
  const Mat<double> mean = 0.25 * agent_qs_ + 0.75 * other;
  const Mat<double> mean_of_q_tots =
      0.25 * net_.forward(agent_qs_, state_) + 0.75 * net_.forward(other, state_);
  const double difference = (net_.forward(mean, state_) - mean_of_q_tots).abs().maxCoeff();
  const MixerConfig& config = GetParam().config;
  if (net_.mixer->is_linear()) {
    EXPECT_LT(difference, 1e-14);
  } else if (config.activation != "none") {  // the form of qmix that is linear does not say so
    EXPECT_GT(difference, 1e-6);
  }
}

// IGM by enumeration: of all joint actions, the tuple of per-agent argmaxes has the largest Q_tot.
TEST_P(EveryMixer, JointArgmaxIsTheTupleOfArgmaxes) {
  if (!net_.mixer->is_monotonic()) return;  // the law is about those that say so
  if (net_.mixer->reads_actions()) return;  // qplex_test.cpp says what they did
  constexpr Index kActions = 3;
  constexpr Index kJointActions = 27;  // kActions ^ n_agents
  const Index n_agents = agent_qs_.cols();
  ASSERT_EQ(n_agents, 3);
  for (int trial = 0; trial < 20; ++trial) {
    const Mat<double> utilities = random_matrix<double>(n_agents, kActions, rng_);
    const Mat<double> state = random_matrix<double>(1, state_.cols(), rng_);
    Mat<double> greedy(1, n_agents);
    for (Index n = 0; n < n_agents; ++n) greedy(0, n) = utilities.row(n).maxCoeff();
    const Mat<double> best = net_.forward(greedy, state);

    for (Index joint = 0; joint < kJointActions; ++joint) {
      Mat<double> chosen(1, n_agents);
      for (Index n = 0, rest = joint; n < n_agents; ++n, rest /= kActions) {
        chosen(0, n) = utilities(n, rest % kActions);
      }
      const Mat<double> q_tot = net_.forward(chosen, state);
      ASSERT_TRUE((q_tot <= best).all()) << "trial " << trial << ", joint " << joint;
    }
  }
}

// The same bits, not nearly, forwards and backwards: for any number of rows, hence on every path of
// the kernels.
TEST_P(EveryMixer, RowDoesNotDependOnTheRestOfTheBatch) {
  constexpr Index kMany = 37;
  const Mat<float> agent_qs = random_matrix<float>(kMany, agent_qs_.cols(), rng_);
  const Mat<float> state = random_matrix<float>(kMany, state_.cols(), rng_);
  const Mat<float> d_q_tot = random_matrix<float>(kMany, net_.mixer->n_outputs(), rng_);
  const Mat<float> together = float_net_.forward(agent_qs, state);
  float_net_.backward(agent_qs, state, d_q_tot);
  const Mat<float> d_together = float_net_.d_agent_qs;

  for (Index m = 0; m < kMany; ++m) {
    const Mat<float> one_agent_qs = agent_qs.row(m);
    const Mat<float> one_state = state.row(m);
    const Mat<float> alone = float_net_.forward(one_agent_qs, one_state);
    float_net_.backward(one_agent_qs, one_state, d_q_tot.row(m));
    EXPECT_TRUE((alone == together.row(m)).all()) << "row " << m;
    EXPECT_TRUE((float_net_.d_agent_qs == d_together.row(m)).all()) << "row " << m;
  }
}

// Rows of views may lie further apart than they are long: the learner passes slices of an episode.
TEST_P(EveryMixer, StridedViewsGiveTheSameBits) {
  const Mat<float> q_tot = float_net_.forward(float_agent_qs_, float_state_);
  float_net_.backward(float_agent_qs_, float_state_, float_d_q_tot_);
  std::vector<float> transposed(float_net_.params.size());
  nn::transpose_params<float>(float_net_.layout, float_net_.params, transposed);
  const nn::Weights<float> w = {float_net_.params.data(), transposed.data()};

  constexpr Index kGap = 2;
  const auto spread = [](const Mat<float>& m) {
    Mat<float> wide = Mat<float>::Constant(m.rows(), m.cols() + kGap, 99);
    wide.leftCols(m.cols()) = m;
    return wide;
  };
  const auto narrow = [](Mat<float>& wide) {
    return math::view(wide.data(), wide.rows(), wide.cols() - kGap, wide.cols());
  };
  Mat<float> agent_qs = spread(float_agent_qs_);
  Mat<float> state = spread(float_state_);
  Mat<float> d_q_tot = spread(float_d_q_tot_);
  Mat<float> out = spread(Mat<float>::Zero(q_tot.rows(), q_tot.cols()));
  Mat<float> d_agent_qs = spread(Mat<float>::Zero(agent_qs.rows(), float_agent_qs_.cols()));
  std::vector<float> gradient(float_net_.params.size());
  nn::Workspace<float> workspace;
  Tape<float> tape;
  const auto& mixer = *float_net_.mixer;
  Mat<float> best_qs = spread(float_net_.best_qs);
  const MixerInputs<float> mixed = {
      .agent_qs = math::as_const(narrow(agent_qs)),
      .state = math::as_const(narrow(state)),
      .best_qs = math::as_const(narrow(best_qs)),
      .joint_action = {
          .columns = float_net_.columns.data(), .rows = kRows, .per_row = agent_qs_.cols()}};
  mixer.forward(w, mixed, workspace, tape, narrow(out));
  mixer.backward(w, mixed, workspace, tape, math::as_const(narrow(d_q_tot)), narrow(d_agent_qs),
                 gradient.data());

  EXPECT_TRUE((out == spread(q_tot)).all());
  EXPECT_TRUE((d_agent_qs == spread(float_net_.d_agent_qs)).all());
  EXPECT_EQ(gradient, float_net_.gradient);
}

// Q = -9999999 stands for "no action is available": it must not become NaN or infinity.
TEST_P(EveryMixer, MaskedValuesStayFinite) {
  float_agent_qs_.setConstant(-9999999.0F);
  EXPECT_TRUE(float_net_.forward(float_agent_qs_, float_state_).allFinite());
  float_net_.backward(float_agent_qs_, float_state_, float_d_q_tot_);
  EXPECT_TRUE(float_net_.d_agent_qs.allFinite());
  for (const float g : float_net_.gradient) EXPECT_TRUE(std::isfinite(g));
}

TEST_P(EveryMixer, NoRowsGiveAZeroGradient) {
  const Mat<double> none(0, agent_qs_.cols());
  const Mat<double> no_state(0, state_.cols());
  const Mat<double> no_output(0, net_.mixer->n_outputs());
  EXPECT_EQ(net_.forward(none, no_state).rows(), 0);
  net_.backward(none, no_state, no_output);
  for (const double g : net_.gradient) EXPECT_EQ(g, 0);
}

TEST_P(EveryMixer, TensorsBearTheMixersPrefix) {
  for (const nn::TensorSpec& tensor : net_.layout.tensors()) {
    EXPECT_TRUE(tensor.name.starts_with("mixer.")) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Mixers, EveryMixer, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace qtot::mixers
