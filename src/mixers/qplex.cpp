// QPLEX (Wang et al., 2021), the duplex dueling mixer as its authors and PyMARL2 have it.
//
//   w      = |hyper_w_final(s)| + 1e-10        v = V(s)         or w = 1, v = 0 (weighted_head = False)
//   value  = sum_n (w_n q_n + v_n)                              the dueling network's V
//   adv_n  = w_n (q_n - m_n)                                    m_n: largest available value of agent n
//   lam_n  = sum_k (|key_k(s)| + 1e-10) sigmoid(agents_k(s))_n sigmoid(action_k(s, u))_n
//   Q_tot  = value + sum_n adv_n (lam_n - 1)                    or lam_n (is_minus_one = False)
//
// Sums start at 0, n and k ascending, and take one fused multiply-add a term. hyper_w_final and V have
// two layers, the networks of the kernels one to three; u is the joint action, one-hot. For the greedy
// joint action q = m, so the advantages are exactly 0.
//
// Gradients: m is data, and so is adv where lam weighs it. Hence dQ_tot / dq_n is w_n, w and v learn from
// the value alone, and the kernels from the advantages alone.
//
//   M  rows   N  agents   A  actions   S  size of the state   K  kernels   H  hidden widths

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "mixers/hypernet.h"
#include "mixers/kernel_net.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

constexpr double kFloor = 1e-10;  // keeps weights off 0
constexpr Index kMaxHidden = 2;   // layers of a kernel's network but for the last

enum Saved {   // entries of the tape; of kernel k the rows [k M, (k + 1) M)
  kWHidden,    // [M, H]      hidden layer of hyper_w_final, after the relu
  kPreW,       // [M, N]      before the absolute value
  kW,          // [M, N]
  kVHidden,    // [M, H]      hidden layer of V, after the relu
  kAdvantage,  // [M, N]      adv
  kPreKey,     // [K M, 1]    before the absolute value
  kAgents,     // [K M, N]    after the sigmoid
  kAction,     // [K M, N]    after the sigmoid
  kKeyHidden,  // [K M, H]    two entries each: hidden layers after the relu
  kAgentsHidden = kKeyHidden + kMaxHidden,
  kActionHidden = kAgentsHidden + kMaxHidden,
};

template <class T>
nn::Buffer<T> part(nn::Buffer<T> stacked, Index k, Index rows) {
  return {stacked.row(k * rows), rows, stacked.cols};
}

template <class T>
std::span<T> elements(nn::Buffer<T> buffer) {
  return {buffer.data, static_cast<std::size_t>(buffer.rows * buffer.cols)};
}

template <class T>
class Qplex final : public Mixer<T> {
 public:
  Qplex(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents),
        n_joint_(Index{config.n_agents} * config.n_actions),
        subtracts_one_(config.advantage_minus_one),
        is_weighted_(config.weighted_agents) {
    const Index state_dim = config.state_dim;
    const Index embed = config.hypernet_embed;
    const bool orthogonal = config.orthogonal;
    hyper_w_ =
        Hypernet::add(layout, "mixer.hyper_w_final", state_dim, embed, n_agents_, orthogonal);
    hyper_v_ = Hypernet::add(layout, "mixer.V", state_dim, embed, n_agents_, orthogonal);
    const auto add = [&](const char* name, Index one_hot_in, Index out) {
      std::vector<KernelNet> nets;
      for (int k = 0; k < config.n_kernels; ++k) {
        nets.push_back(KernelNet::add(
            layout, "mixer.si_weight." + std::string(name) + "." + std::to_string(k), state_dim,
            one_hot_in, config.kernel_layers, config.kernel_hidden, out, orthogonal));
      }
      return nets;
    };
    keys_ = add("key_extractors", 0, 1);
    agents_ = add("agents_extractors", 0, n_agents_);
    actions_ = add("action_extractors", n_joint_, n_agents_);
  }

  bool reads_actions() const override { return true; }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.state.rows(), rows);
    QTOT_CHECK_EQ(in.best_qs.rows(), rows);
    QTOT_CHECK_EQ(in.best_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.joint_action.rows, rows);
    QTOT_CHECK_EQ(q_tot.rows(), rows);
    value_forward(w, in, workspace, tape);

    const nn::Buffer<T> lambda = kernels_forward(w, in, workspace, tape);
    const nn::Buffer<T> advantage = tape.saved[kAdvantage];
    tape.advantage_part = workspace.take(rows, 1);
    for (Index m = 0; m < rows; ++m) {
      T sum = 0;
      for (Index n = 0; n < n_agents_; ++n) {
        const T weight = subtracts_one_ ? T(lambda.row(m)[n] - T(1)) : lambda.row(m)[n];
        sum = math::fma(advantage.row(m)[n], weight, sum);
      }
      tape.advantage_part.data[m] = sum;
      q_tot(m, 0) = tape.value_part.data[m] + sum;
    }
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(d_q_tot.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    value_backward(w, in, workspace, tape, d_q_tot, d_agent_qs, gradient);

    // Q_tot = ... + adv[n] lam[n]
    const nn::Buffer<T> d_lambda = workspace.take(rows, n_agents_);
    for (Index m = 0; m < rows; ++m) {
      for (Index n = 0; n < n_agents_; ++n) {
        d_lambda.row(m)[n] = d_q_tot(m, 0) * tape.saved[kAdvantage].row(m)[n];
      }
    }
    for (Index k = 0; k < n_kernels(); ++k) {
      kernel_backward(k, w, in, workspace, tape, d_lambda, gradient);
    }
  }

 private:
  Index n_kernels() const { return static_cast<Index>(keys_.size()); }

  // w, adv and value
  void value_forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                     Tape<T>& tape) const {
    const Index rows = in.agent_qs.rows();
    const nn::Buffer<T> pre_w = workspace.take(rows, n_agents_);
    const nn::Buffer<T> weight = workspace.take(rows, n_agents_);
    const nn::Buffer<T> v = workspace.take_zero(rows, n_agents_);
    const nn::Buffer<T> advantage = workspace.take(rows, n_agents_);
    if (is_weighted_) {
      tape.saved[kWHidden] = mixers::forward<T>(hyper_w_, w, in.state, workspace, pre_w.view());
      tape.saved[kVHidden] = mixers::forward<T>(hyper_v_, w, in.state, workspace, v.view());
    }
    tape.value_part = workspace.take(rows, 1);
    for (Index m = 0; m < rows; ++m) {
      T sum = 0;
      for (Index n = 0; n < n_agents_; ++n) {
        const T q = in.agent_qs(m, n);
        const T w_n = is_weighted_ ? T(math::abs(pre_w.row(m)[n]) + T(kFloor)) : T(1);
        weight.row(m)[n] = w_n;
        advantage.row(m)[n] = w_n * T(q - in.best_qs(m, n));
        sum = sum + math::fma(w_n, q, v.row(m)[n]);
      }
      tape.value_part.data[m] = sum;
    }
    tape.saved[kPreW] = pre_w;
    tape.saved[kW] = weight;
    tape.saved[kAdvantage] = advantage;
  }

  void value_backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                      const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                      T* gradient) const {
    const Index rows = in.agent_qs.rows();
    const nn::Buffer<T> d_pre_w = workspace.take(rows, n_agents_);
    const nn::Buffer<T> d_v = workspace.take(rows, n_agents_);
    for (Index m = 0; m < rows; ++m) {
      const T d = d_q_tot(m, 0);
      for (Index n = 0; n < n_agents_; ++n) {
        d_agent_qs(m, n) = d * tape.saved[kW].row(m)[n];
        d_v.row(m)[n] = d;
        d_pre_w.row(m)[n] =
            is_weighted_
                ? T(T(d * in.agent_qs(m, n)) * math::abs_slope(tape.saved[kPreW].row(m)[n]))
                : T(0);
      }
    }
    if (!is_weighted_) {  // the tensors are there, as the peers', and nothing reads them
      zero(hyper_w_, gradient);
      zero(hyper_v_, gradient);
      return;
    }
    mixers::backward<T>(hyper_w_, w, in.state, tape.saved[kWHidden], d_pre_w.const_view(),
                        workspace, gradient);
    mixers::backward<T>(hyper_v_, w, in.state, tape.saved[kVHidden], d_v.const_view(), workspace,
                        gradient);
  }

  // The hidden layers of all kernels' networks of one kind, [K M, H] each.
  void take_hidden(Index rows, int first, nn::Workspace<T>& workspace, Tape<T>& tape) const {
    for (std::size_t i = 0; i + 1 < keys_.front().layers.size(); ++i) {
      tape.saved[static_cast<std::size_t>(first) + i] =
          workspace.take(n_kernels() * rows, keys_.front().layers[i].out);
    }
  }

  struct Hidden {
    std::array<nn::Buffer<T>, kMaxHidden> layers;
  };
  Hidden hidden_of(const Tape<T>& tape, int first, Index k, Index rows) const {
    Hidden hidden;
    for (std::size_t i = 0; i + 1 < keys_.front().layers.size(); ++i) {
      hidden.layers[i] = part(tape.saved[static_cast<std::size_t>(first) + i], k, rows);
    }
    return hidden;
  }

  // Fills what the tape keeps of the kernels, and returns lambda.
  nn::Buffer<T> kernels_forward(nn::Weights<T> w, const MixerInputs<T>& in,
                                nn::Workspace<T>& workspace, Tape<T>& tape) const {
    const Index rows = in.agent_qs.rows();
    tape.saved[kPreKey] = workspace.take(n_kernels() * rows, 1);
    tape.saved[kAgents] = workspace.take(n_kernels() * rows, n_agents_);
    tape.saved[kAction] = workspace.take(n_kernels() * rows, n_agents_);
    for (const int first : {kKeyHidden, kAgentsHidden, kActionHidden}) {
      take_hidden(rows, first, workspace, tape);
    }
    const nn::Buffer<T> lambda = workspace.take_zero(rows, n_agents_);
    for (Index k = 0; k < n_kernels(); ++k) {
      const auto i = static_cast<std::size_t>(k);
      const nn::Buffer<T> key = part(tape.saved[kPreKey], k, rows);
      const nn::Buffer<T> agents = part(tape.saved[kAgents], k, rows);
      const nn::Buffer<T> action = part(tape.saved[kAction], k, rows);
      mixers::forward<T>(keys_[i], w, in.state, {},
                         hidden_of(tape, kKeyHidden, k, rows).layers.data(), key.view());
      mixers::forward<T>(agents_[i], w, in.state, {},
                         hidden_of(tape, kAgentsHidden, k, rows).layers.data(), agents.view());
      mixers::forward<T>(actions_[i], w, in.state, in.joint_action,
                         hidden_of(tape, kActionHidden, k, rows).layers.data(), action.view());
      math::sigmoid<T>(elements(agents), elements(agents));
      math::sigmoid<T>(elements(action), elements(action));
      for (Index m = 0; m < rows; ++m) {
        const T key_m = math::abs(key.data[m]) + T(kFloor);
        for (Index n = 0; n < n_agents_; ++n) {
          lambda.row(m)[n] =
              math::fma(T(key_m * agents.row(m)[n]), action.row(m)[n], lambda.row(m)[n]);
        }
      }
    }
    return lambda;
  }

  // lam[n] = ... + (|key| + 1e-10) agents[n] action[n]
  void kernel_backward(Index k, nn::Weights<T> w, const MixerInputs<T>& in,
                       nn::Workspace<T>& workspace, const Tape<T>& tape, nn::Buffer<T> d_lambda,
                       T* gradient) const {
    const Index rows = d_lambda.rows;
    const auto i = static_cast<std::size_t>(k);
    const nn::Buffer<T> key = part(tape.saved[kPreKey], k, rows);
    const nn::Buffer<T> agents = part(tape.saved[kAgents], k, rows);
    const nn::Buffer<T> action = part(tape.saved[kAction], k, rows);
    const nn::Buffer<T> d_key = workspace.take(rows, 1);
    const nn::Buffer<T> d_agents = workspace.take(rows, n_agents_);
    const nn::Buffer<T> d_action = workspace.take(rows, n_agents_);
    for (Index m = 0; m < rows; ++m) {
      const T key_m = math::abs(key.data[m]) + T(kFloor);
      T sum = 0;
      for (Index n = 0; n < n_agents_; ++n) {
        const T d = d_lambda.row(m)[n];
        const T of_agents = agents.row(m)[n];
        const T of_action = action.row(m)[n];
        sum = math::fma(d, T(of_agents * of_action), sum);
        d_agents.row(m)[n] = T(d * T(key_m * of_action)) * math::sigmoid_slope(of_agents);
        d_action.row(m)[n] = T(d * T(key_m * of_agents)) * math::sigmoid_slope(of_action);
      }
      d_key.data[m] = sum * math::abs_slope(key.data[m]);
    }
    mixers::backward<T>(keys_[i], w, in.state, {},
                        hidden_of(tape, kKeyHidden, k, rows).layers.data(), d_key.const_view(),
                        workspace, gradient);
    mixers::backward<T>(agents_[i], w, in.state, {},
                        hidden_of(tape, kAgentsHidden, k, rows).layers.data(),
                        d_agents.const_view(), workspace, gradient);
    mixers::backward<T>(actions_[i], w, in.state, in.joint_action,
                        hidden_of(tape, kActionHidden, k, rows).layers.data(),
                        d_action.const_view(), workspace, gradient);
  }

  static void zero(const Hypernet& net, T* gradient) {
    for (const nn::Linear* layer : {&net.first, &net.second}) {
      math::view(gradient + layer->weight, layer->out, layer->in).setZero();
      math::view(gradient + layer->bias, layer->out, 1).setZero();
    }
  }

  Index n_agents_;
  Index n_joint_;  // N A
  bool subtracts_one_;
  bool is_weighted_;
  Hypernet hyper_w_;                // S -> N
  Hypernet hyper_v_;                // S -> N
  std::vector<KernelNet> keys_;     // [K]  S -> 1
  std::vector<KernelNet> agents_;   // [K]  S -> N
  std::vector<KernelNet> actions_;  // [K]  S + N A -> N
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qplex(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Qplex<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qplex)

}  // namespace qtot::mixers
