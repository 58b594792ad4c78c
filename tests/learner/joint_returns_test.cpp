// The key `returns` where V and Q come from more than the agents' own values: under Qatten, under QPLEX,
// whose Q_tot reads the actions, and under Weighted QMIX, whose targets the central networks make. Each
// return against its forward view, with V the expectation over joint actions of the target policy.
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
    .n_agents = 2, .n_actions = 3, .obs_dim = 4, .state_dim = 4, .episode_limit = 7};
constexpr int kLength = 6;
constexpr int kActions = 3;
constexpr double kGamma = 0.9;
constexpr double kLambda = 0.7;
constexpr int kSteps = 3;

using Joint = std::array<int, 2>;

class Recorder final : public Probe<double> {
 public:
  void episode(std::string_view name, std::size_t, math::ConstMatView<double> value) override {
    tensors[std::string(name)].assign(value.data(), value.data() + value.size());
  }
  void update(std::string_view, std::span<const double>) override {}
  void scalar(std::string_view, double) override {}

  std::map<std::string, std::vector<double>> tensors;
};

struct Way {
  const char* name;
  const char* mixer;
  const char* objective = "td";
  bool optimistic = false;
  double target_epsilon = 0;
};

struct Rule {
  const char* name;
  ReturnRule rule;
};

core::Episode random_behaviour(bool terminated) {
  test::Random random(31);
  core::Episode episode = test::random_episode(kSpec, kLength, terminated, random);
  std::vector<float> mu(episode.all_actions().size());
  for (float& p : mu) p = static_cast<float>(0.55 + 0.45 * random.next());
  episode.set_behaviour(mu);
  return episode;
}

// A learner whose target network is not the online one, and an episode of mostly greedy actions.
class Trial {
 public:
  Trial(const Way& way, ReturnRule rule, bool terminated)
      : config_{.gamma = kGamma,
                .td_lambda = kLambda,
                .returns = rule,
                .n_step = rule == ReturnRule::kNStep ? kSteps : 1,
                .target_epsilon = way.target_epsilon,
                .optimistic = way.optimistic,
                .optimiser = {.lr = 0}},
        learner_(make_network<double>(
                     {.agent = "rnn", .spec = kSpec, .hidden_dim = 5, .obs_last_action = false},
                     {.mixer = way.mixer,
                      .mixing_embed_dim = 5,
                      .hypernet_embed = 6,
                      .unit_dim = 2,
                      .n_kernels = 2,
                      .kernel_hidden = 6},
                     {.objective = way.objective, .central_mixing_embed_dim = 5}),
                 config_, 3, executor_),
        episode_(random_behaviour(terminated)),
        is_central_(learner_.network().central_mixer != nullptr),
        transposed_(learner_.network().layout.size()) {
    LearnerState<double> state = learner_.state();
    for (std::size_t i = 0; i < state.target_params.size(); ++i) {
      state.target_params[i] *= i % 2 == 0 ? 0.9 : 1.2;
    }
    learner_.set_state(state);
    nn::transpose_params<double>(learner_.network().layout, learner_.state().target_params,
                                 transposed_);
    record();
    for (int slot = 0; slot <= kLength; ++slot) {
      for (int n = 0; n < 2 && slot % 3 != 0; ++n) {
        episode_.actions(slot)[static_cast<std::size_t>(n)] = greedy(slot, n);
      }
    }
    record();
  }

  const std::vector<double>& found() const { return tensors_.at("returns"); }

  double expected(int t) const {
    switch (config_.returns) {
      case ReturnRule::kNStep:
        return n_step(t, kSteps);
      case ReturnRule::kPeng:
      case ReturnRule::kSarsa:
        return lambda_return(t);
      default:
        return corrected(t);
    }
  }

 private:
  void record() {
    const core::Episode* const batch[] = {&episode_};
    Recorder recorder;
    learner_.update(batch, 0, &recorder);
    tensors_ = recorder.tensors;
  }

  double utility(const char* name, int slot, int n, int action) const {
    return tensors_.at(name)[static_cast<std::size_t>((slot * 2 + n) * kActions + action)];
  }
  double target(int slot, int n, int action) const {
    return utility(is_central_ ? "central_target_utilities" : "target_utilities", slot, n, action);
  }

  template <class Value>
  int best_available(int slot, int n, Value value) const {
    int best = -1;
    for (int a = 0; a < kActions; ++a) {
      if (!episode_.is_available(slot, n, a)) continue;
      if (best < 0 || value(a) > value(best)) best = a;
    }
    return best;
  }
  int greedy(int slot, int n) const {
    return best_available(slot, n, [&](int a) { return utility("utilities", slot, n, a); });
  }
  Joint stored(int slot) const { return {episode_.actions(slot)[0], episode_.actions(slot)[1]}; }

  // What the target mixer says of a joint action.
  double joint_value(int slot, const Joint& actions) const {
    const Network<double>& network = learner_.network();
    double agent_qs[2];
    double best_qs[2];
    std::int32_t columns[2];
    for (int n = 0; n < 2; ++n) {
      const auto own = [&](int a) { return target(slot, n, a); };
      agent_qs[n] = own(actions[static_cast<std::size_t>(n)]);
      best_qs[n] = own(best_available(slot, n, own));
      columns[n] = n * kActions + actions[static_cast<std::size_t>(n)];
    }
    std::vector<double> state(episode_.state(slot).begin(), episode_.state(slot).end());
    nn::Workspace<double> workspace;
    mixers::Tape<double> tape;
    double q_tot = 0;
    const mixers::Mixer<double>& mixer = is_central_ ? *network.central_mixer : *network.mixer;
    mixer.forward(
        {.values = learner_.state().target_params.data(), .transposed = transposed_.data()},
        {.agent_qs = math::view(std::as_const(agent_qs), 1, 2),
         .state = math::view(std::as_const(state).data(), 1, kSpec.state_dim),
         .best_qs = math::view(std::as_const(best_qs), 1, 2),
         .joint_action = {.columns = columns, .rows = 1, .per_row = 2}},
        workspace, tape, math::view(&q_tot, 1, 1));
    return q_tot;
  }

  double probability(int slot, int n, int action) const {  // of the target policy
    if (!episode_.is_available(slot, n, action)) return 0;
    int n_available = 0;
    for (int a = 0; a < kActions; ++a) n_available += episode_.is_available(slot, n, a) ? 1 : 0;
    const double epsilon = config_.target_epsilon;
    return epsilon / n_available + (action == greedy(slot, n) ? 1 - epsilon : 0);
  }
  double v(int slot) const {
    double sum = 0;
    for (int a = 0; a < kActions; ++a) {
      for (int b = 0; b < kActions; ++b) {
        const double pi = probability(slot, 0, a) * probability(slot, 1, b);
        if (pi > 0) sum += pi * joint_value(slot, {a, b});
      }
    }
    return sum;
  }
  double q(int slot) const { return joint_value(slot, stored(slot)); }
  double next(int t, double value) const {  // what follows step t is worth
    return t == kLength - 1 && episode_.terminated() ? 0 : value;
  }
  double reward(int t) const {
    return static_cast<double>(episode_.rewards()[static_cast<std::size_t>(t)]);
  }

  double trace(int slot) const {
    if (config_.returns == ReturnRule::kHarutyunyan) return kLambda;
    double pi = 1, mu = 1;
    for (int n = 0; n < 2; ++n) {
      const auto agent = static_cast<std::size_t>(n);
      pi *= probability(slot, n, stored(slot)[agent]);
      mu *= static_cast<double>(episode_.mu(slot)[agent]);
    }
    if (config_.returns == ReturnRule::kRetrace) return kLambda * std::min(1.0, pi / mu);
    if (config_.returns == ReturnRule::kImportanceSampling) return kLambda * pi / mu;
    return kLambda * pi;  // Watkins' is 1 or 0
  }

  // Q_t + sum over k >= t of gamma^(k-t) (product of c_j, j = t+1 .. k) delta_k
  double corrected(int t) const {
    double result = q(t), weight = 1;
    for (int k = t; k < kLength; ++k) {
      if (k > t) weight *= kGamma * trace(k);
      result += weight * (reward(k) + kGamma * next(k, v(k + 1)) - q(k));
    }
    return result;
  }
  double n_step(int t, int n) const {
    double result = 0, discount = 1;
    int k = t;
    for (; k < std::min(t + n, kLength); ++k, discount *= kGamma) result += discount * reward(k);
    return result + discount * next(k - 1, config_.returns == ReturnRule::kSarsa ? q(k) : v(k));
  }
  // (1 - lambda) sum over n of lambda^(n-1) G^(n), the longest one with what is left
  double lambda_return(int t) const {
    double result = 0, weight = 1;
    for (int n = 1; n < kLength - t; ++n, weight *= kLambda) {
      result += (1 - kLambda) * weight * n_step(t, n);
    }
    return result + weight * n_step(t, kLength - t);
  }

  LearnerConfig config_;
  SerialExecutor executor_;
  Learner<double> learner_;
  core::Episode episode_;
  bool is_central_;
  std::vector<double> transposed_;
  std::map<std::string, std::vector<double>> tensors_;
};

constexpr Way kWays[] = {
    {.name = "Qatten", .mixer = "qatten"},
    {.name = "Qplex", .mixer = "qplex"},
    {.name = "Cw", .mixer = "qmix", .objective = "weighted_td"},
    {.name = "Ow", .mixer = "qmix", .objective = "weighted_td", .optimistic = true},
    {.name = "QattenExploring", .mixer = "qatten", .target_epsilon = 0.3}};

constexpr Rule kRules[] = {{"Peng", ReturnRule::kPeng},
                           {"NStep", ReturnRule::kNStep},
                           {"Watkins", ReturnRule::kWatkins},
                           {"Harutyunyan", ReturnRule::kHarutyunyan},
                           {"TreeBackup", ReturnRule::kTreeBackup},
                           {"Retrace", ReturnRule::kRetrace},
                           {"ImportanceSampling", ReturnRule::kImportanceSampling},
                           {"Sarsa", ReturnRule::kSarsa}};

class JointReturns : public testing::TestWithParam<std::tuple<Way, Rule>> {};

TEST_P(JointReturns, AreTheirForwardViewOverTheTargetMixersValues) {
  const auto& [way, rule] = GetParam();
  const bool is_corrected_rule = is_corrected(rule.rule) && rule.rule != ReturnRule::kWatkins;
  const Way used =
      is_corrected_rule ? way : Way{way.name, way.mixer, way.objective, way.optimistic};
  for (const bool terminated : {false, true}) {
    const Trial trial(used, rule.rule, terminated);
    for (int t = 0; t < kLength; ++t) {
      EXPECT_NEAR(trial.found()[static_cast<std::size_t>(t)], trial.expected(t), 1e-12)
          << "terminated " << terminated << ", t " << t;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, JointReturns,
                         testing::Combine(testing::ValuesIn(kWays), testing::ValuesIn(kRules)),
                         [](const auto& p) {
                           return std::string(std::get<0>(p.param).name) +
                                  std::get<1>(p.param).name;
                         });

}  // namespace
}  // namespace qtot::learner
