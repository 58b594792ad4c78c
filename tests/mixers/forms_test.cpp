// The other forms of qmix, number by number: one agent, one state entry, E = 1 and hypernetworks of one
// layer with zero weights, so that the biases are w1, b1 and w2 before positivity, and V is its last bias.
#include <gtest/gtest.h>

#include <cmath>

#include "mixers/network.h"

namespace qtot::mixers {
namespace {

struct Numbers {
  double w1, b1, w2, v;
};

class Forms : public testing::Test {
 protected:
  Forms() {
    config_ = {.n_agents = 1, .state_dim = 1, .mixing_embed_dim = 1};
    config_.hypernet_layers = 1;
  }

  // Q_tot of q; afterwards d_q_ and gradient() hold its slopes.
  double run(const Numbers& numbers, double q) {
    net_ = std::make_unique<Network<double>>(config_);
    std::fill(net_->params.begin(), net_->params.end(), 0.0);
    *net_->tensor("mixer.hyper_w1.0.bias") = numbers.w1;
    *net_->tensor("mixer.hyper_b1.0.bias") = numbers.b1;
    *net_->tensor("mixer.hyper_w2.0.bias") = numbers.w2;
    *net_->tensor("mixer.hyper_b2.2.bias") = numbers.v;
    const Mat<double> agent_qs = Mat<double>::Constant(1, 1, q);
    const Mat<double> state = Mat<double>::Constant(1, 1, 1);
    const double q_tot = net_->forward(agent_qs, state)(0, 0);
    net_->backward(agent_qs, state, Mat<double>::Constant(1, 1, 1));
    d_q_ = net_->d_agent_qs(0, 0);
    return q_tot;
  }
  double d_b1() { return *net_->gradient_of("mixer.hyper_b1.0.bias"); }
  double d_v() { return *net_->gradient_of("mixer.hyper_b2.2.bias"); }

  MixerConfig config_;
  std::unique_ptr<Network<double>> net_;
  double d_q_ = 0;
};

TEST_F(Forms, OfThePaperIsTheDefault) {
  EXPECT_EQ(run({.w1 = -2, .b1 = 1, .w2 = -3, .v = -10}, 4), (4 * 2 + 1) * 3 - 10);
  EXPECT_EQ(d_q_, 2 * 3);
  EXPECT_EQ(d_b1(), 3);
  EXPECT_EQ(d_v(), 1);
}

TEST_F(Forms, TheSecondLayersWeightMayKeepItsSign) {
  config_.positivity_final = "none";
  EXPECT_EQ(run({.w1 = -2, .b1 = 1, .w2 = -3, .v = 0}, 4), (4 * 2 + 1) * -3);
  EXPECT_EQ(d_q_, 2 * -3);
  EXPECT_FALSE(net_->mixer->is_monotonic());
}

TEST_F(Forms, TheFirstLayersWeightMayKeepItsSign) {
  config_.positivity = "none";
  config_.positivity_final = "abs";
  EXPECT_EQ(run({.w1 = -2, .b1 = 10, .w2 = -3, .v = 0}, 4), (4 * -2 + 10) * 3);
  EXPECT_EQ(d_q_, -2 * 3);
  EXPECT_FALSE(net_->mixer->is_monotonic());
}

TEST_F(Forms, TheActivationIsTheOneNamed) {
  const Numbers numbers = {.w1 = 2, .b1 = 1, .w2 = 3, .v = 0};
  config_.activation = "relu";
  EXPECT_EQ(run(numbers, -4), 0);
  EXPECT_EQ(d_q_, 0);
  EXPECT_EQ(run(numbers, -0.5), 0);  // z = 0: the slope there is 0
  EXPECT_EQ(d_q_, 0);
  EXPECT_EQ(run(numbers, 4), 27);
  EXPECT_EQ(d_q_, 6);
  config_.activation = "none";
  EXPECT_EQ(run(numbers, -4), -21);
  EXPECT_EQ(d_q_, 6);
  config_.activation = "tanh";
  EXPECT_DOUBLE_EQ(run(numbers, -0.25), 3 * std::tanh(0.5));
  EXPECT_DOUBLE_EQ(d_q_, 2 * 3 * (1 - std::tanh(0.5) * std::tanh(0.5)));
}

TEST_F(Forms, TheBiasMayComeBehindTheActivation) {
  config_.bias_place = "after";
  EXPECT_DOUBLE_EQ(run({.w1 = 2, .b1 = 5, .w2 = 3, .v = 0}, -1), (std::expm1(-2) + 5) * 3);
  EXPECT_DOUBLE_EQ(d_q_, 2 * 3 * std::exp(-2));
  EXPECT_EQ(d_b1(), 3);
}

TEST_F(Forms, TheBiasMayLoseItsSign) {
  config_.abs_b1 = true;
  EXPECT_EQ(run({.w1 = 2, .b1 = -5, .w2 = 3, .v = 0}, 1), (2 + 5) * 3);
  EXPECT_EQ(d_b1(), -3);
  EXPECT_EQ(run({.w1 = 2, .b1 = 0, .w2 = 3, .v = 0}, 1), 6);
  EXPECT_EQ(d_b1(), 0);  // abs' = 0 at 0
  config_.bias_place = "after";
  EXPECT_EQ(run({.w1 = 2, .b1 = -5, .w2 = 3, .v = 0}, 1), (2 + 5) * 3);
  EXPECT_EQ(d_b1(), -3);
}

TEST_F(Forms, TheStateValueMayLoseItsSign) {
  config_.abs_v = true;
  EXPECT_EQ(run({.w1 = 2, .b1 = 0, .w2 = 3, .v = -10}, 1), 6 + 10);
  EXPECT_EQ(d_v(), -1);
}

TEST_F(Forms, TheStateValueMayBeLeftOut) {
  config_.state_value = false;
  EXPECT_EQ(run({.w1 = 2, .b1 = 0, .w2 = 3, .v = -10}, 1), 6);
  EXPECT_EQ(d_v(), 0);
  EXPECT_FALSE(std::signbit(d_v()));
}

}  // namespace
}  // namespace qtot::mixers
