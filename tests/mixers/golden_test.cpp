// Numbers known from elsewhere: parameter counts that the papers' codes print, values that PyTorch's
// modules gave in double, slopes at the kinks.
#include <gtest/gtest.h>

#include "mixers/network.h"
#include "qtot/mixers/aliases.h"

namespace qtot::mixers {
namespace {

std::size_t n_params(const MixerConfig& config) {
  nn::ParamLayout layout;
  make_mixer<float>(config, layout);
  return layout.size();
}

TEST(ParameterCounts, OfQmixAreThoseOfPymarl) {
  EXPECT_EQ(n_params({.n_agents = 3, .state_dim = 48, .hypernet_layers = 2}), 17761u);
  EXPECT_EQ(n_params({.n_agents = 3, .state_dim = 48, .hypernet_layers = 1}), 9441u);
  EXPECT_EQ(n_params({.n_agents = 5, .state_dim = 98, .hypernet_layers = 2}), 31521u);
}

TEST(ParameterCounts, OfTheAblationsAreTheirFormulas) {
  constexpr std::size_t kN = 3, kS = 48, kE = 32, kH = 64;
  const std::size_t value = (kS + 1) * kE + (kE + 1);  // V(s)
  const MixerConfig base = {.n_agents = 3, .state_dim = 48};
  const auto of = [&base](const std::string& mixer, int layers, bool state_bias) {
    MixerConfig config = base;
    config.mixer = mixer;
    config.hypernet_layers = layers;
    config.ns_state_bias = state_bias;
    return n_params(config);
  };
  EXPECT_EQ(of("vdn", 2, false), 0u);
  EXPECT_EQ(of("iql", 2, false), 0u);
  EXPECT_EQ(of("vdn_s", 2, false), value);
  EXPECT_EQ(of("qmix_lin", 1, false), (kS + 1) * kN + value);
  EXPECT_EQ(of("qmix_lin", 2, false), (kS + 1) * kH + (kH + 1) * kN + value);
  EXPECT_EQ(of("qmix_ns", 2, false), kN * kE + kE + kE + 1);
  EXPECT_EQ(of("qmix_ns", 2, true), kN * kE + kE + kE + value);
}

// The k-th parameter in PyMARL's order is ((7 k mod 11) - 5) / 10.
class PymarlExample : public testing::Test {
 protected:
  PymarlExample()
      : net_({.n_agents = 2, .state_dim = 2, .mixing_embed_dim = 2, .hypernet_embed = 2}) {
    int k = 0;
    for (const char* layer : {"hyper_w_1.0", "hyper_w_1.2", "hyper_w_final.0", "hyper_w_final.2",
                              "hyper_b_1", "V.0", "V.2"}) {
      for (const char* part : {".weight", ".bias"}) {
        const std::string name = canonical_name(std::string("mixer.") + layer + part);
        double* values = net_.tensor(name);
        for (std::size_t i = 0; i < net_.spec(name).size(); ++i, ++k) {
          values[i] = (7 * k % 11 - 5) / 10.0;
        }
      }
    }
    agent_qs_ << 1, -2;
    state_ << 0.5, 1.5;
    q_tot_ = net_.forward(agent_qs_, state_)(0, 0);
    net_.backward(agent_qs_, state_, Mat<double>::Constant(1, 1, 1));
  }

  void expect_gradient(const std::string& peer_name, const std::vector<double>& expected) {
    const std::string name = canonical_name("mixer." + peer_name);
    ASSERT_EQ(net_.spec(name).size(), expected.size()) << name;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(net_.gradient_of(name)[i], expected[i], kTolerance) << name << "[" << i << "]";
    }
  }

  // the expected numbers are printed with twelve decimals
  static constexpr double kTolerance = 1e-11;
  Network<double> net_;
  Mat<double> agent_qs_{1, 2};
  Mat<double> state_{1, 2};
  double q_tot_ = 0;
};

TEST_F(PymarlExample, ValueAndSlopesAreThoseOfPytorch) {
  EXPECT_NEAR(q_tot_, -.417579546839, kTolerance);
  EXPECT_NEAR(net_.d_agent_qs(0, 0), .281800965708, kTolerance);
  EXPECT_NEAR(net_.d_agent_qs(0, 1), .249471363138, kTolerance);
}

TEST_F(PymarlExample, GradientsAreThoseOfPytorch) {
  expect_gradient("hyper_w_1.0.weight",
                  {.045031818736, .135095456207, -.245652841394, -.736958524181});
  expect_gradient("hyper_w_1.0.bias", {.090063637471, -.491305682787});
  expect_gradient("hyper_w_1.2.weight", {.075, .175, .001863067974, .004347158606, .15, .35,
                                         -.003726135948, -.008694317213});
  expect_gradient("hyper_w_1.2.bias", {.5, .012420453161, 1, -.024840906322});
  expect_gradient("hyper_w_final.0.weight", {0, 0, -.111448867098, -.334346601293});
  expect_gradient("hyper_w_final.0.bias", {0, -.222897734196});
  expect_gradient("hyper_w_final.2.weight", {0, .006, 0, .158598489464});
  expect_gradient("hyper_w_final.2.bias", {.03, .792992447319});
  expect_gradient("hyper_b_1.weight", {.25, .75, .00621022658, .018630679741});
  expect_gradient("hyper_b_1.bias", {.5, .012420453161});
  expect_gradient("V.0.weight", {.15, .45, -.05, -.15});
  expect_gradient("V.0.bias", {.3, -.1});
  expect_gradient("V.2.weight", {.4, .05});
  expect_gradient("V.2.bias", {1});
}

// One agent, one state entry, E = 1 and hypernetworks of one layer with zero weights: the biases are
// w1, b1 and w2 before positivity, so every kink can be met exactly.
class Kinks : public testing::Test {
 protected:
  Network<double> network(const std::string& positivity, double pre_w1, double b1, double pre_w2) {
    MixerConfig config = {.n_agents = 1, .state_dim = 1, .mixing_embed_dim = 1};
    config.hypernet_layers = 1;
    config.positivity = positivity;
    Network<double> net(config);
    std::fill(net.params.begin(), net.params.end(), 0.0);
    *net.tensor("mixer.hyper_w1.0.bias") = pre_w1;
    *net.tensor("mixer.hyper_b1.0.bias") = b1;
    *net.tensor("mixer.hyper_w2.0.bias") = pre_w2;
    return net;
  }

  double run(Network<double>& net, double q) {
    const Mat<double> agent_qs = Mat<double>::Constant(1, 1, q);
    const Mat<double> state = Mat<double>::Constant(1, 1, 1);
    const double q_tot = net.forward(agent_qs, state)(0, 0);
    net.backward(agent_qs, state, Mat<double>::Constant(1, 1, 1));
    return q_tot;
  }
};

TEST_F(Kinks, SlopeOfEluAtZeroIsOne) {
  Network<double> net = network("abs", 2, -6, 5);
  EXPECT_EQ(run(net, 3), 0);  // z = 3 |2| - 6
  EXPECT_EQ(net.d_agent_qs(0, 0), 2 * 5);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_b1.0.bias"), 5);
}

TEST_F(Kinks, SlopeOfAbsAtZeroIsZero) {
  Network<double> net = network("abs", 0, 1, 0);
  EXPECT_EQ(run(net, 3), 0);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_w1.0.bias"), 0);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_w2.0.bias"), 0);

  // beside 0 it is the sign
  Network<double> below = network("abs", 1, 1, -0x1p-1074);
  run(below, 3);
  EXPECT_EQ(*below.gradient_of("mixer.hyper_w2.0.bias"), -4);
}

TEST_F(Kinks, SlopeOfReluAtZeroIsZero) {
  Network<double> net = network("abs", 1, 1, 1);  // V's hidden layer lies at 0
  *net.tensor("mixer.hyper_b2.2.weight") = 3;
  run(net, 2);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_b2.0.bias"), 0);
  *net.tensor("mixer.hyper_b2.0.bias") = 0x1p-100;
  run(net, 2);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_b2.0.bias"), 3);
}

TEST_F(Kinks, SoftplusIsTheIdentityBeyondTwenty) {
  Network<double> beyond = network("softplus", 20.5, 0, 21);  // beta = 1
  EXPECT_EQ(run(beyond, 1), 20.5 * 21);
  EXPECT_EQ(*beyond.gradient_of("mixer.hyper_w1.0.bias"), 21);
  EXPECT_EQ(*beyond.gradient_of("mixer.hyper_w2.0.bias"), 20.5);

  Network<double> at = network("softplus", 20, 0, 21);  // the threshold itself is still curved
  EXPECT_GT(run(at, 1), 20.0 * 21);
  EXPECT_LT(*at.gradient_of("mixer.hyper_w1.0.bias"), 21);
}

TEST_F(Kinks, QuadraticIsHalfTheSquare) {
  Network<double> net = network("quadratic", -3, 0, 2);
  EXPECT_EQ(run(net, 1), 4.5 * 2);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_w1.0.bias"), -3 * 2);
  EXPECT_EQ(*net.gradient_of("mixer.hyper_w2.0.bias"), 4.5 * 2);
}

TEST(Vdn, AddsFromTheLeft) {
  MixerConfig config = {.mixer = "vdn", .n_agents = 3};
  Network<float> net(config);
  Mat<float> agent_qs(1, 3);
  agent_qs << 1, 0x1p-24F, 0x1p-24F;  // from the right the two small ones would count
  EXPECT_EQ(net.forward(agent_qs, Mat<float>(1, 0))(0, 0), 1.0F);
}

}  // namespace
}  // namespace qtot::mixers
