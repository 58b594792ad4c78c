#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "qtot/base/error.h"
#include "qtot/learner/learner.h"
#include "support/random.h"

// The losses of QTRAN written down once more, plainly, on nested vectors: what is marked as constant
// is evaluated with parameters of its own, so that central differences of the rest are its gradient.
namespace qtot::learner {
namespace {

using Vec = std::vector<double>;
using Rows = std::vector<Vec>;  // [N, .] of one slot

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 3, .n_actions = 4, .obs_dim = 5, .state_dim = 6, .episode_limit = 6};
constexpr std::size_t kAgents = 3;
constexpr std::size_t kActions = 4;
constexpr double kGamma = 0.9;
constexpr double kOpt = 0.8;
constexpr double kNopt = 0.3;

struct Form {
  const char* name;
  const char* objective;
  const char* agent;
  const char* size;
  const char* arch;
  bool double_q = true;
};

class Reference {
 public:
  Reference(const Form& form, const nn::ParamLayout& layout) : form_(form), layout_(layout) {}

  Vec linear(const Vec& p, const std::string& name, const Vec& x) const {
    const nn::TensorSpec& w = *layout_.find(name + ".weight");
    const nn::TensorSpec& b = *layout_.find(name + ".bias");
    Vec y(static_cast<std::size_t>(w.rows));
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = p[b.offset + i];
      for (std::size_t k = 0; k < x.size(); ++k) y[i] += p[w.offset + i * x.size() + k] * x[k];
    }
    return y;
  }
  static Vec relu(Vec x) {
    for (double& v : x) v = std::max(v, 0.0);
    return x;
  }
  Vec mlp(const Vec& p, const std::string& name, Vec x) const {
    for (int i = 0;; i += 2) {
      x = linear(p, name + "." + std::to_string(i), x);
      if (layout_.find(name + "." + std::to_string(i + 2) + ".weight") == nullptr) return x;
      x = relu(x);
    }
  }
  Vec gru(const Vec& p, const Vec& x, const Vec& h) const {
    const auto half = [&](const std::string& of, const Vec& in) {
      const nn::TensorSpec& w = *layout_.find("agent.rnn.weight_" + of);
      const nn::TensorSpec& b = *layout_.find("agent.rnn.bias_" + of);
      Vec y(3 * h.size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] = p[b.offset + i];
        for (std::size_t k = 0; k < in.size(); ++k) y[i] += p[w.offset + i * in.size() + k] * in[k];
      }
      return y;
    };
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    const Vec gi = half("ih", x);
    const Vec gh = half("hh", h);
    Vec next(h.size());
    for (std::size_t i = 0; i < h.size(); ++i) {
      const double r = sigmoid(gi[i] + gh[i]);
      const double z = sigmoid(gi[h.size() + i] + gh[h.size() + i]);
      const double n = std::tanh(gi[2 * h.size() + i] + r * gh[2 * h.size() + i]);
      next[i] = (1 - z) * n + z * h[i];
    }
    return next;
  }

  // hidden states and utilities of every slot
  struct Unrolled {
    std::vector<Rows> hidden;
    std::vector<Rows> q;
  };
  Unrolled unroll(const Vec& p, const core::Episode& episode) const {
    Unrolled all;
    Rows h(kAgents, Vec(5, 0.0));
    for (int t = 0; t < episode.n_slots(); ++t) {
      Rows q;
      for (std::size_t n = 0; n < kAgents; ++n) {
        Vec x;
        const std::size_t row = static_cast<std::size_t>(t) * kAgents + n;
        for (std::size_t o = 0; o < 5; ++o) {
          x.push_back(static_cast<double>(episode.all_obs()[row * 5 + o]));
        }
        for (std::size_t a = 0; a < kActions; ++a) {
          x.push_back(t > 0 && episode.actions(t - 1)[n] == static_cast<int>(a) ? 1 : 0);
        }
        for (std::size_t m = 0; m < kAgents; ++m) x.push_back(m == n ? 1 : 0);
        const Vec first = relu(linear(p, "agent.fc1", x));
        if (std::string(form_.agent) == "rnn") {
          h[n] = gru(p, first, h[n]);
          q.push_back(linear(p, "agent.fc2", h[n]));
        } else {
          h[n] = relu(linear(p, "agent.fc2", first));
          q.push_back(linear(p, "agent.fc3", h[n]));
        }
      }
      all.hidden.push_back(h);
      all.q.push_back(q);
    }
    return all;
  }

  static Vec state(const core::Episode& episode, int t) {
    return {episode.state(t).begin(), episode.state(t).end()};
  }
  using Joint = std::vector<std::size_t>;

  // Q_jt(s, u); of QTRAN-alt agent i's, at the action `own` of its own
  double joint(const Vec& p, const Vec& s, const Rows& hidden, const Joint& u, std::size_t i,
               std::size_t own) const {
    Vec x = s;
    const auto add = [](Vec& sum, const Vec& term) {
      if (sum.empty()) sum.assign(term.size(), 0.0);
      for (std::size_t k = 0; k < term.size(); ++k) sum[k] += term[k];
    };
    const auto one_hot = [](std::size_t at, std::size_t n) {
      Vec v(n, 0.0);
      v[at] = 1;
      return v;
    };
    if (is_alt()) {
      Vec f;
      Vec g;
      for (std::size_t j = 0; j < kAgents; ++j) {
        add(f, mlp(p, "mixer.hidden_encoding", hidden[j]));
        if (j != i) add(g, mlp(p, "mixer.action_encoding", one_hot(u[j], kActions)));
      }
      x.insert(x.end(), f.begin(), f.end());
      x.insert(x.end(), g.begin(), g.end());
      const Vec id = one_hot(i, kAgents);
      x.insert(x.end(), id.begin(), id.end());
      return mlp(p, "mixer.Q", x)[own];
    }
    Vec sum;
    for (std::size_t j = 0; j < kAgents; ++j) {
      const Vec action = one_hot(u[j], kActions);
      if (std::string(form_.arch) == "coma_critic") {
        x.insert(x.end(), action.begin(), action.end());
        continue;
      }
      Vec seen = hidden[j];
      seen.insert(seen.end(), action.begin(), action.end());
      add(sum, mlp(p, "mixer.action_encoding", seen));
    }
    x.insert(x.end(), sum.begin(), sum.end());
    return mlp(p, "mixer.Q", x)[0];
  }

  static bool available(const core::Episode& episode, int t, std::size_t n, std::size_t a) {
    return episode.is_available(t, static_cast<int>(n), static_cast<core::Action>(a));
  }
  static Joint greedy(const Rows& q, const core::Episode& episode, int t) {
    Joint best;
    for (std::size_t n = 0; n < kAgents; ++n) {
      std::size_t top = kActions;
      for (std::size_t a = 0; a < kActions; ++a) {
        if (!available(episode, t, n, a)) continue;
        if (top == kActions || q[n][a] > q[n][top]) top = a;
      }
      best.push_back(top);
    }
    return best;
  }

  struct Losses {
    double td = 0;
    double opt = 0;
    double nopt = 0;
    double all() const { return td + kOpt * opt + kNopt * nopt; }
  };

  // L(p), with the constants of the losses at `fixed` and the target network at `target`
  Losses losses(const Vec& p, const Vec& fixed, const Vec& target, core::Batch batch) const {
    Losses sum;
    std::size_t n_terms = 0;
    for (const core::Episode* episode : batch) {
      const Unrolled now = unroll(p, *episode);
      const Unrolled constant = unroll(fixed, *episode);
      const Unrolled later = unroll(target, *episode);
      for (int step = 0; step < episode->length(); ++step) {
        const auto t = static_cast<std::size_t>(step);
        const Vec s = state(*episode, step);
        Joint u;
        double chosen = 0;
        double best = 0;
        const Joint top = greedy(now.q[t], *episode, step);
        for (std::size_t n = 0; n < kAgents; ++n) {
          u.push_back(static_cast<std::size_t>(episode->actions(step)[n]));
          chosen += now.q[t][n][u[n]];
          best += now.q[t][n][top[n]];
        }
        const double v = mlp(p, "mixer.V", s)[0];
        const bool ends = episode->terminated() && step + 1 == episode->length();
        const Joint next = greedy((form_.double_q ? constant : later).q[t + 1], *episode, step + 1);
        for (std::size_t i = 0; i < (is_alt() ? kAgents : 1); ++i, ++n_terms) {
          const double target_q =
              joint(target, state(*episode, step + 1), later.hidden[t + 1], next, i, next[i]);
          const double y =
              static_cast<double>(episode->rewards()[t]) + (ends ? 0 : kGamma * target_q);
          const double td = joint(p, s, now.hidden[t], u, i, u[i]) - y;
          const double opt = best + v - joint(fixed, s, constant.hidden[t], top, i, top[i]);
          double nopt = 0;
          if (is_alt()) {
            nopt = std::numeric_limits<double>::infinity();
            for (std::size_t a = 0; a < kActions; ++a) {
              if (!available(*episode, step, i, a)) continue;
              const double gap = chosen - now.q[t][i][u[i]] + now.q[t][i][a] + v -
                                 joint(fixed, s, constant.hidden[t], u, i, a);
              nopt = std::min(nopt, gap);
            }
          } else {
            nopt = std::min(chosen + v - joint(fixed, s, constant.hidden[t], u, 0, 0), 0.0);
          }
          sum.td += td * td;
          sum.opt += opt * opt;
          sum.nopt += nopt * nopt;
        }
      }
    }
    const auto n = static_cast<double>(n_terms);
    return {.td = sum.td / n, .opt = sum.opt / n, .nopt = sum.nopt / n};
  }

 private:
  bool is_alt() const { return std::string(form_.objective) == "qtran_alt"; }

  Form form_;
  nn::ParamLayout layout_;
};

class Recorder final : public Probe<double> {
 public:
  void episode(std::string_view name, std::size_t position,
               math::ConstMatView<double> value) override {
    if (name == "td_error") td_errors[position] = {value.data(), value.data() + value.size()};
  }
  void update(std::string_view name, std::span<const double> value) override {
    of[std::string(name)] = {value.begin(), value.end()};
  }
  void scalar(std::string_view, double) override {}
  std::map<std::string, Vec> of;
  std::map<std::size_t, Vec> td_errors;
};

class Qtran : public testing::TestWithParam<Form> {
 protected:
  Qtran() {
    test::Random random(17);
    for (const int length : {3, 6, 1}) {
      episodes_.push_back(test::random_episode(kSpec, length, length < 6, random));
    }
    for (const core::Episode& episode : episodes_) batch_.push_back(&episode);
  }
  static LearnerConfig config() {
    LearnerConfig config;
    config.gamma = kGamma;
    config.opt_loss = kOpt;
    config.nopt_min_loss = kNopt;
    config.double_q = GetParam().double_q;
    config.optimiser.lr = 0;
    return config;
  }
  static Network<double> networks() {
    return make_network<double>({.agent = GetParam().agent, .spec = kSpec, .hidden_dim = 5},
                                {.mixer = "vdn"},
                                {.objective = GetParam().objective,
                                 .joint_embed_dim = 4,
                                 .network_size = GetParam().size,
                                 .qtran_arch = GetParam().arch});
  }
  Learner<double> learner() { return {networks(), config(), 5, executor_}; }
  // targets that are not the online network's
  static void set_apart(Learner<double>& learner) {
    LearnerState<double> state = learner.state();
    for (std::size_t i = 0; i < state.target_params.size(); ++i) {
      state.target_params[i] *= i % 2 == 0 ? 0.9 : 1.2;
    }
    learner.set_state(std::move(state));
  }

  SerialExecutor executor_;
  std::vector<core::Episode> episodes_;
  std::vector<const core::Episode*> batch_;
};

TEST_P(Qtran, LossesAreThoseOfTheEquations) {
  Learner<double> learner = this->learner();
  set_apart(learner);
  const Reference reference(GetParam(), learner.network().layout);
  const Vec params = learner.state().params;
  const Reference::Losses expected =
      reference.losses(params, params, learner.state().target_params, batch_);
  const UpdateStats stats = learner.update(batch_, 0);
  EXPECT_NEAR(stats.loss_td, expected.td, 1e-13);
  EXPECT_NEAR(stats.loss_opt, expected.opt, 1e-13);
  EXPECT_NEAR(stats.loss_nopt, expected.nopt, 1e-13);
  EXPECT_NEAR(stats.loss, expected.all(), 1e-13);
  EXPECT_GT(expected.nopt, 0);
}

TEST_P(Qtran, GradientOfTheWholeUpdateEqualsCentralDifferences) {
  Learner<double> learner = this->learner();
  set_apart(learner);
  const nn::ParamLayout& layout = learner.network().layout;
  const Reference reference(GetParam(), layout);
  const Vec params = learner.state().params;
  const Vec target = learner.state().target_params;
  Recorder recorder;
  learner.update(batch_, 0, &recorder);

  constexpr double kStep = 1e-6;
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    const Vec& gradient = recorder.of.at("grad/" + tensor.name);
    for (std::size_t i = 0; i < tensor.size(); i += 5) {
      const auto loss_with = [&](double step) {
        Vec moved = params;
        moved[tensor.offset + i] += step;
        return reference.losses(moved, params, target, batch_).all();
      };
      const double slope = (loss_with(kStep) - loss_with(-kStep)) / (2 * kStep);
      ASSERT_NEAR(gradient[i], slope, 1e-7) << tensor.name << "[" << i << "]";
    }
  }
}

TEST_P(Qtran, LossOfTheJointValueReachesTheAgentsThroughTheirHiddenStatesAlone) {
  Learner<double> whole = this->learner();
  LearnerConfig config = Qtran::config();
  config.mistakes.hidden_detached = true;
  Learner<double> detached(networks(), config, 5, executor_);
  Recorder of_whole;
  Recorder of_detached;
  whole.update(batch_, 0, &of_whole);
  detached.update(batch_, 0, &of_detached);
  const bool reads_hidden = std::string(GetParam().arch) == "qtran_paper";
  EXPECT_EQ(of_whole.of.at("grad/agent.fc1.weight") != of_detached.of.at("grad/agent.fc1.weight"),
            reads_hidden);
  EXPECT_EQ(of_whole.of.at("grad/mixer.Q.0.weight"), of_detached.of.at("grad/mixer.Q.0.weight"));
}

// What priorities are made of: each agent's error of QTRAN-alt is a term of its own.
TEST_P(Qtran, ReturnsThatAskForMoreThanGreedyActionsAreRefused) {
  for (const auto& ask : std::vector<void (*)(LearnerConfig&)>{
           [](LearnerConfig& c) { c.returns = ReturnRule::kSarsa; },
           [](LearnerConfig& c) { c.returns = ReturnRule::kWatkins; },
           [](LearnerConfig& c) { c.q_lambda = true; },
           [](LearnerConfig& c) { c.target_epsilon = 0.1; }}) {
    LearnerConfig asked = config();
    ask(asked);
    EXPECT_THROW(Learner<double>(networks(), asked, 5, executor_), Error);
  }
}

TEST_P(Qtran, ErrorFiguresAreSumsOverTheRootOfTheirTerms) {
  Learner<double> learner = this->learner();
  set_apart(learner);
  Recorder recorder;
  learner.update(batch_, 0, &recorder);
  Vec figures(batch_.size());
  learner.error_figures(figures);
  for (std::size_t b = 0; b < figures.size(); ++b) {
    double sum = 0;
    for (const double error : recorder.td_errors.at(b)) sum += std::abs(error);
    const auto n_terms = static_cast<double>(recorder.td_errors.at(b).size());
    EXPECT_NEAR(figures[b], sum / std::sqrt(n_terms), 1e-13);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Qtran,
    testing::Values(Form{"Base", "qtran_base", "rnn", "small", "qtran_paper"},
                    Form{"BaseSingleQ", "qtran_base", "rnn", "small", "qtran_paper", false},
                    Form{"BaseBigFeedForward", "qtran_base", "ff", "big", "qtran_paper"},
                    Form{"BaseComaCritic", "qtran_base", "rnn", "small", "coma_critic"},
                    Form{"Alt", "qtran_alt", "rnn", "small", "qtran_paper"},
                    Form{"AltBigFeedForward", "qtran_alt", "ff", "big", "qtran_paper"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace qtot::learner
