// Every mixer in math::Wide: its hand-written gradients against central differences, where neither the
// step nor rounding leaves much room, and its values against those of double.
#ifdef QTOT_WIDE

#include <gtest/gtest.h>

#include "mixers/network.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

using math::Wide;

class EveryWideMixer : public testing::TestWithParam<Case> {
 protected:
  static constexpr Index kRows = 3;

  EveryWideMixer() : net_(GetParam().config) {
    net_.randomise(rng_);
    agent_qs_ = random_matrix<Wide>(kRows, GetParam().config.n_agents, rng_);
    state_ = random_matrix<Wide>(kRows, GetParam().config.state_dim, rng_);
    d_q_tot_ = random_matrix<Wide>(kRows, net_.mixer->n_outputs(), rng_);
  }

  // sum over rows and outputs of d_q_tot q_tot, or of the value part: backward() gives its derivatives
  Wide loss(bool of_value) {
    const Mat<Wide> q_tot = net_.forward(agent_qs_, state_);
    const Wide* const values =
        of_value && net_.mixer->reads_actions() ? net_.tape().value_part.data : q_tot.data();
    Wide sum = 0;
    for (Index i = 0; i < q_tot.size(); ++i) sum += d_q_tot_.data()[i] * values[i];
    return sum;
  }

  void expect_slope(const Wide& found, Wide& x, const std::string& what) {
    // the error is step^2 / 6 times a third derivative, and 1e-34 / step of rounding: 1e-22 both
    const Wide step = 1e-11;
    constexpr double kTolerance = 1e-20;
    const Wide before = x;
    x = before + step;
    const bool of_value = what.find("si_weight") == std::string::npos;
    const Wide above = loss(of_value);
    x = before - step;
    const Wide below = loss(of_value);
    x = before;
    const Wide error = found - (above - below) / (2 * step);
    EXPECT_LT(math::abs(error), kTolerance) << what;
  }

  Network<Wide> net_;
  std::mt19937_64 rng_{11};
  Mat<Wide> agent_qs_, state_, d_q_tot_;
};

TEST_P(EveryWideMixer, BackwardEqualsCentralDifferenceToTwentyDigits) {
  net_.forward(agent_qs_, state_);
  net_.backward(agent_qs_, state_, d_q_tot_);
  const Mat<Wide> d_agent_qs = net_.d_agent_qs;
  const std::vector<Wide> gradient = net_.gradient;
  for (Index i = 0; i < agent_qs_.size(); ++i) {
    expect_slope(d_agent_qs.data()[i], agent_qs_.data()[i], "agent_qs");
  }
  for (const nn::TensorSpec& tensor : net_.layout.tensors()) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      expect_slope(gradient[i], net_.params[i], tensor.name);
    }
  }
}

TEST_P(EveryWideMixer, DoubleAgrees) {
  // sums of at most a few dozen terms of order 1, each rounded to 1.1e-16
  constexpr double kTolerance = 5e-15;
  const auto narrow = [](const Mat<Wide>& wide) {
    Mat<double> m(wide.rows(), wide.cols());
    for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<double>(wide.data()[i]);
    return m;
  };
  const auto expect_near = [&](double found, const Wide& expected, const char* what, Index i) {
    EXPECT_LT(math::abs(found - expected), kTolerance) << what << "[" << i << "]";
  };
  Network<double> net(GetParam().config);
  for (std::size_t i = 0; i < net.params.size(); ++i) {
    net.params[i] = static_cast<double>(net_.params[i]);
  }
  const Mat<double> q_tot = net.forward(narrow(agent_qs_), narrow(state_));
  net.backward(narrow(agent_qs_), narrow(state_), narrow(d_q_tot_));
  const Mat<Wide> wide_q_tot = net_.forward(agent_qs_, state_);
  net_.backward(agent_qs_, state_, d_q_tot_);
  for (Index i = 0; i < q_tot.size(); ++i) {
    expect_near(q_tot.data()[i], wide_q_tot.data()[i], "q_tot", i);
  }
  for (Index i = 0; i < agent_qs_.size(); ++i) {
    expect_near(net.d_agent_qs.data()[i], net_.d_agent_qs.data()[i], "d_agent_qs", i);
  }
  for (std::size_t i = 0; i < net.gradient.size(); ++i) {
    expect_near(net.gradient[i], net_.gradient[i], "gradient", static_cast<Index>(i));
  }
}

INSTANTIATE_TEST_SUITE_P(Mixers, EveryWideMixer, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace qtot::mixers

#endif  // QTOT_WIDE
