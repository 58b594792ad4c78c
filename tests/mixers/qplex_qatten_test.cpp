// What QPLEX with attention promises beside the laws of every mixer and of every QPLEX.
#include <gtest/gtest.h>

#include <cmath>

#include "mixers/network.h"

namespace qtot::mixers {
namespace {

constexpr Index kRows = 4;
constexpr Index kAgents = 3;
constexpr Index kState = 5;
constexpr Index kHidden = 6;
constexpr Index kEmbed = 4;
constexpr int kHeads = 2;

MixerConfig config_of(bool weighted) {
  MixerConfig config{.mixer = "qplex_qatten", .n_agents = 3, .state_dim = 5};
  config.mixing_embed_dim = 4;
  config.hypernet_embed = 6;
  config.unit_dim = 1;
  config.n_heads = kHeads;
  config.weighted_heads = weighted;
  config.n_actions = 2;
  config.n_kernels = 2;
  config.kernel_hidden = 7;
  return config;
}

std::string head_name(const char* kind, int h) {
  return std::string("mixer.attention_weight.") + kind + "." + std::to_string(h);
}

class QplexQatten : public testing::Test {
 protected:
  explicit QplexQatten(bool weighted = true) : net_(config_of(weighted)) {
    net_.randomise(rng_);
    net_.gradient.assign(net_.params.size(), 0);
    state_ = random_matrix<double>(kRows, kState, rng_);
    agent_qs_ = random_matrix<double>(kRows, kAgents, rng_);
  }

  // query . key of one head and agent, term by term
  double logit(Index m, int h, Index n) {
    const double* first = net_.tensor(head_name("selector_extractors", h) + ".0.weight");
    const double* bias = net_.tensor(head_name("selector_extractors", h) + ".0.bias");
    const double* second = net_.tensor(head_name("selector_extractors", h) + ".2.weight");
    const double* key = net_.tensor(head_name("key_extractors", h) + ".weight");
    double sum = 0;
    for (Index d = 0; d < kEmbed; ++d) {
      double query = 0;
      for (Index k = 0; k < kHidden; ++k) {
        double hidden = bias[k];
        for (Index i = 0; i < kState; ++i) hidden += first[k * kState + i] * state_(m, i);
        query += second[d * kHidden + k] * std::max(hidden, 0.0);
      }
      sum += query * key[d] * state_(m, n);  // the agent's one feature is entry n of the state
    }
    return sum;
  }

  Network<double> net_;
  std::mt19937_64 rng_{5};
  Mat<double> state_, agent_qs_;
};

TEST_F(QplexQatten, TheRegulariserIsTheSumOfTheSquaresOfTheUnscaledLogits) {
  double sum = 0;
  for (Index m = 0; m < kRows; ++m) {
    for (int h = 0; h < kHeads; ++h) {
      for (Index n = 0; n < kAgents; ++n) sum += std::pow(logit(m, h, n), 2);
    }
  }
  EXPECT_GT(sum, 1e-3);
  EXPECT_NEAR(net_.add_regulariser(state_, 0), sum, 1e-12);
}

TEST_F(QplexQatten, TheGradientOfTheRegulariserIsAddedAndEqualsCentralDifferences) {
  constexpr double kFactor = 0.7;
  constexpr double kStep = 1e-6;
  net_.gradient.assign(net_.params.size(), 3);
  net_.add_regulariser(state_, kFactor);
  const std::vector<double> gradient = net_.gradient;
  double largest = 0;
  for (std::size_t i = 0; i < net_.params.size(); ++i) {
    const double before = net_.params[i];
    net_.params[i] = before + kStep;
    const double above = net_.add_regulariser(state_, 0);
    net_.params[i] = before - kStep;
    const double below = net_.add_regulariser(state_, 0);
    net_.params[i] = before;
    const double slope = kFactor * (above - below) / (2 * kStep);
    ASSERT_NEAR(gradient[i] - 3, slope, 1e-8) << i;
    largest = std::max(largest, std::abs(slope));
  }
  EXPECT_GT(largest, 0.01);
}

TEST_F(QplexQatten, TheValueIsTheNaiveOne) {
  net_.forward(agent_qs_, state_);
  const double* first = net_.tensor("mixer.attention_weight.V.0.weight");
  const double* first_bias = net_.tensor("mixer.attention_weight.V.0.bias");
  const double* second = net_.tensor("mixer.attention_weight.V.2.weight");
  const double* head = net_.tensor("mixer.attention_weight.hyper_w_head.0.weight");
  const double* head_bias = net_.tensor("mixer.attention_weight.hyper_w_head.0.bias");
  const double* heads = net_.tensor("mixer.attention_weight.hyper_w_head.2.weight");
  const double* heads_bias = net_.tensor("mixer.attention_weight.hyper_w_head.2.bias");
  for (Index m = 0; m < kRows; ++m) {
    const auto hidden = [&](const double* w, const double* b, Index k) {
      double sum = b[k];
      for (Index i = 0; i < kState; ++i) sum += w[k * kState + i] * state_(m, i);
      return std::max(sum, 0.0);
    };
    double value = *net_.tensor("mixer.attention_weight.V.2.bias");
    for (Index d = 0; d < kEmbed; ++d) value += second[d] * hidden(first, first_bias, d);
    for (int h = 0; h < kHeads; ++h) {
      double weight = heads_bias[h];
      for (Index k = 0; k < kHidden; ++k) {
        weight += heads[h * kHidden + k] * hidden(head, head_bias, k);
      }
      double norm = 0;
      double mixed = 0;
      for (Index n = 0; n < kAgents; ++n) {
        const double e = std::exp(logit(m, h, n) / std::sqrt(static_cast<double>(kEmbed)));
        norm += e;
        mixed += e * agent_qs_(m, n);
      }
      value += std::abs(weight) * mixed / norm;
    }
    for (Index n = 0; n < kAgents; ++n) value += 1e-10 * agent_qs_(m, n);
    EXPECT_NEAR(net_.tape().value_part.data[m], value, 1e-12) << m;
  }
}

}  // namespace
}  // namespace qtot::mixers
