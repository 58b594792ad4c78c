// The key `returns` in the learner: targets against the equations of docs/algorithms.md, written out over
// what the learner recorded, with VDN (joint traces) and IQL (traces of each agent).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "qtot/learner/learner.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 2, .n_actions = 3, .obs_dim = 4, .state_dim = 2, .episode_limit = 7};
constexpr double kGamma = 0.9;
constexpr double kLambda = 0.7;

class Recorder final : public Probe<double> {
 public:
  void episode(std::string_view name, std::size_t, math::ConstMatView<double> value) override {
    tensors[std::string(name)].assign(value.data(), value.data() + value.size());
  }
  void update(std::string_view, std::span<const double>) override {}
  void scalar(std::string_view, double) override {}

  std::map<std::string, std::vector<double>> tensors;
};

struct Recorded {
  core::Episode episode;
  std::map<std::string, std::vector<double>> tensors;
  LearnerConfig config;

  std::size_t row(int slot, int n) const { return static_cast<std::size_t>(slot * 2 + n); }
  double q(int slot, int n, int action) const {
    return tensors.at("target_utilities")[row(slot, n) * 3 + static_cast<std::size_t>(action)];
  }
  int stored(int slot, int n) const { return episode.actions(slot)[static_cast<std::size_t>(n)]; }
  int greedy(int slot, int n) const {
    return static_cast<int>(tensors.at("greedy_actions")[row(slot, n)]);
  }
  int n_available(int slot, int n) const {
    int count = 0;
    for (int a = 0; a < 3; ++a) count += episode.is_available(slot, n, a) ? 1 : 0;
    return count;
  }
  double probability(int slot, int n, int action) const {  // of the target policy
    if (!episode.is_available(slot, n, action)) return 0;
    const double share = config.target_epsilon / n_available(slot, n);
    return share + (action == greedy(slot, n) ? 1 - config.target_epsilon : 0);
  }
  double value(int slot, int n) const {
    double sum = 0;
    for (int a = 0; a < 3; ++a) sum += probability(slot, n, a) * q(slot, n, a);
    return sum;
  }
  double factor(int slot, int n) const {  // of the trace
    if (config.returns == ReturnRule::kHarutyunyan) return 1;
    const double pi = probability(slot, n, stored(slot, n));
    if (!weighs_by_behaviour(config.returns)) return pi;
    return pi / static_cast<double>(episode.mu(slot)[static_cast<std::size_t>(n)]);
  }
  double trace(int slot, int first, int end) const {  // of agents [first, end) together
    double product = 1;
    for (int n = first; n < end; ++n) product *= factor(slot, n);
    return kLambda * (config.returns == ReturnRule::kRetrace ? std::min(1.0, product) : product);
  }
};

core::Episode episode_of(bool terminated) {
  test::Random random(21);
  core::Episode episode = test::random_episode(kSpec, 6, terminated, random);
  std::vector<float> mu(episode.all_actions().size());
  for (float& p : mu) p = static_cast<float>(0.55 + 0.45 * random.next());
  episode.set_behaviour(mu);
  return episode;
}

Recorded record(const std::string& mixer, const LearnerConfig& config, core::Episode episode) {
  Recorded result{std::move(episode), {}, config};
  SerialExecutor executor;
  Learner<double> learner(
      make_network<double>({.agent = "rnn", .spec = kSpec, .hidden_dim = 5}, {.mixer = mixer}),
      config, 3, executor);
  const core::Episode* const batch[] = {&result.episode};
  Recorder recorder;
  learner.update(batch, 1, &recorder);
  result.tensors = recorder.tensors;
  return result;
}

// Backwards over the joint action of agents [first, end).
std::vector<double> corrected(const Recorded& x, int first, int end) {
  const int length = x.episode.length();
  std::vector<double> g(static_cast<std::size_t>(length));
  for (int t = length - 1; t >= 0; --t) {
    double v = 0, q = 0;
    for (int n = first; n < end; ++n) {
      v += x.value(t + 1, n);
      q += x.q(t + 1, n, x.stored(t + 1, n));
    }
    const double c = x.trace(t + 1, first, end);
    const auto at = static_cast<std::size_t>(t);
    double rest = v;
    if (t == length - 1) {
      rest = x.episode.terminated() ? 0 : v;
    } else {
      rest = v + c * (g[at + 1] - q);
    }
    g[at] = static_cast<double>(x.episode.rewards()[at]) + kGamma * rest;
  }
  return g;
}

void expect_corrected(const LearnerConfig& config) {
  for (const bool terminated : {false, true}) {
    const Recorded joint = record("vdn", config, episode_of(terminated));
    const std::vector<double> of_joint = corrected(joint, 0, 2);
    for (std::size_t t = 0; t < 6; ++t) {
      EXPECT_NEAR(joint.tensors.at("returns")[t], of_joint[t], 1e-14) << t;
    }
    const Recorded apart = record("iql", config, episode_of(terminated));
    for (int n = 0; n < 2; ++n) {
      const std::vector<double> own = corrected(apart, n, n + 1);
      for (int t = 0; t < 6; ++t) {
        EXPECT_NEAR(apart.tensors.at("returns")[apart.row(t, n)], own[static_cast<std::size_t>(t)],
                    1e-14);
      }
    }
  }
}

LearnerConfig with(ReturnRule rule, double target_epsilon = 0) {
  return {.gamma = kGamma, .td_lambda = kLambda, .returns = rule, .target_epsilon = target_epsilon};
}

constexpr ReturnRule kCorrected[] = {ReturnRule::kWatkins, ReturnRule::kHarutyunyan,
                                     ReturnRule::kTreeBackup, ReturnRule::kRetrace,
                                     ReturnRule::kImportanceSampling};

TEST(ReturnRules, CorrectedReturnsAreThoseOfTheEquations) {
  for (const ReturnRule rule : kCorrected) expect_corrected(with(rule));
}

TEST(ReturnRules, AnExploringTargetPolicyGivesExpectationsAndProbabilities) {
  for (const ReturnRule rule : kCorrected) {
    if (rule != ReturnRule::kWatkins) expect_corrected(with(rule, 0.3));
  }
}

TEST(ReturnRules, TreeBackupAndRetraceToAGreedyPolicyAreWatkinsBitForBit) {
  for (const char* mixer : {"iql", "vdn", "qmix"}) {
    const auto watkins = record(mixer, with(ReturnRule::kWatkins), episode_of(false)).tensors;
    for (const ReturnRule rule : {ReturnRule::kTreeBackup, ReturnRule::kRetrace}) {
      EXPECT_EQ(record(mixer, with(rule), episode_of(false)).tensors, watkins);
    }
  }
}

// On-policy nothing is to be corrected: Q^pi(lambda).
TEST(ReturnRules, RetraceAndImportanceSamplingOfTheTargetPolicysOwnActionsAreHarutyunyans) {
  for (const char* mixer : {"iql", "vdn", "qmix_lin"}) {
    const Recorded q_pi = record(mixer, with(ReturnRule::kHarutyunyan, 0.5), episode_of(false));
    std::vector<float> mu;
    for (int slot = 0; slot <= q_pi.episode.length(); ++slot) {
      for (int n = 0; n < 2; ++n) {
        mu.push_back(static_cast<float>(q_pi.probability(slot, n, q_pi.stored(slot, n))));
      }
    }
    core::Episode on_policy = q_pi.episode;
    on_policy.set_behaviour(mu);
    const std::vector<double>& expected = q_pi.tensors.at("returns");
    for (const ReturnRule rule : {ReturnRule::kRetrace, ReturnRule::kImportanceSampling}) {
      const Recorded x = record(mixer, with(rule, 0.5), on_policy);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(x.tensors.at("returns")[i], expected[i], 1e-6) << mixer << i;  // mu is a float
      }
    }
  }
}

TEST(ReturnRules, WithoutLambdaAllButSarsaAreOneStepBitForBit) {
  for (const char* mixer : {"iql", "vdn", "qmix"}) {
    LearnerConfig config = with(ReturnRule::kPeng);
    config.td_lambda = 0;
    const auto one_step = record(mixer, config, episode_of(false)).tensors;
    config.returns = ReturnRule::kNStep;
    EXPECT_EQ(record(mixer, config, episode_of(false)).tensors, one_step);
    for (const ReturnRule rule : kCorrected) {
      config.returns = rule;
      EXPECT_EQ(record(mixer, config, episode_of(false)).tensors, one_step);
    }
  }
}

TEST(ReturnRules, SarsaBootstrapsWithTheStoredActionsAlsoBehindTheTimeLimit) {
  const Recorded x = record("vdn", with(ReturnRule::kSarsa), episode_of(false));
  double next = x.q(6, 0, x.stored(6, 0)) + x.q(6, 1, x.stored(6, 1));
  for (int t = 5; t >= 0; --t) {
    const double q = x.q(t + 1, 0, x.stored(t + 1, 0)) + x.q(t + 1, 1, x.stored(t + 1, 1));
    const auto at = static_cast<std::size_t>(t);
    next = static_cast<double>(x.episode.rewards()[at]) +
           kGamma * ((1 - kLambda) * q + kLambda * next);
    EXPECT_NEAR(x.tensors.at("returns")[at], next, 1e-14) << t;
  }
}

}  // namespace
}  // namespace qtot::learner
