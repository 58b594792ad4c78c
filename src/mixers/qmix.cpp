// QMIX (Rashid et al., 2018, sec. 4.1; hypernetworks of two layers: Rashid et al., 2020).
//
//   hidden = elu(b1 + sum_n q_n w1[n])        w1 = phi(hyper_w1(s))    b1 = hyper_b1(s)
//   Q_tot  = V(s) + sum_e hidden[e] w2[e]     w2 = phi(hyper_w2(s))    V(s) = hyper_b2(s)
//
// hyper_w1 and hyper_w2 have one or two layers, hyper_b1 one, V two of width E. phi >= 0 (positivity.h)
// gives dQ_tot / dq_n >= 0, hence IGM: the joint argmax is the tuple of argmaxes.
//
// Each sum starts at its first term above and takes one fused multiply-add a term, n and e ascending.
//
// Other forms (MixerConfig) have another phi in the second layer, another function than elu, b1 added
// behind it, |b1(s)| or |V(s)|, or no V(s).
//
//   M  rows: one per (episode, step)     N  agents
//   S  size of the state                 E  mixing embedding       H  width of the hypernetworks

#include "mixers/activation.h"
#include "mixers/hypernet.h"
#include "mixers/positivity.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/mixing.h"

namespace qtot::mixers {
namespace {

enum Saved {  // entries of the tape
  kHyper1,    // [M, H]      hidden layer of hyper_w1, after the relu; empty with one layer
  kPreW1,     // [M, N * E]  before phi; column n * E + e
  kW1,        // [M, N * E]  what the products read: after phi, or pre_w1 itself where that will do
  kActive,    // [M, E]      after the elu
  kHidden,    // [M, E]      what w2 weighs: kActive itself, unless b1 is added behind the elu
  kPreB1,     // [M, E]      b1(s), kept for bias_place = after and abs_b1 alone
  kHyper2,    // [M, H]      hidden layer of hyper_w2, after the relu; empty with one layer
  kPreW2,     // [M, E]      before phi
  kW2,        // [M, E]      as kW1
  kVHidden,   // [M, E]      hidden layer of V, after the relu
  kPreV,      // [M, 1]      V(s), kept for abs_v alone
};

template <class T>
class Qmix final : public Mixer<T> {
 public:
  Qmix(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents),
        embed_dim_(config.mixing_embed_dim),
        phi_(config),
        phi_final_(config.positivity_final.empty() ? config.positivity : config.positivity_final,
                   config.softplus_beta),
        activation_(config.activation),
        is_bias_behind_(config.bias_place == "after"),
        is_b1_abs_(config.abs_b1),
        is_v_abs_(config.abs_v),
        has_v_(config.state_value) {
    const Index state_dim = config.state_dim;
    const Index hidden_dim = config.hypernet_layers == 2 ? config.hypernet_embed : 0;
    const bool orthogonal = config.orthogonal;
    hyper_w1_ = Hypernet::add(layout, "mixer.hyper_w1", state_dim, hidden_dim,
                              n_agents_ * embed_dim_, orthogonal);
    hyper_b1_ = Hypernet::add(layout, "mixer.hyper_b1", state_dim, 0, embed_dim_, orthogonal);
    hyper_w2_ =
        Hypernet::add(layout, "mixer.hyper_w2", state_dim, hidden_dim, embed_dim_, orthogonal);
    hyper_b2_ = Hypernet::add(layout, "mixer.hyper_b2", state_dim, embed_dim_, 1, orthogonal);
  }

  bool is_monotonic() const override { return phi_.is_positive() && phi_final_.is_positive(); }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.state.rows(), rows);
    QTOT_CHECK_EQ(q_tot.rows(), rows);

    // the state writes the weights of the mixer
    const nn::Buffer<T> pre_w1 = workspace.take(rows, n_agents_ * embed_dim_);
    const nn::Buffer<T> pre_w2 = workspace.take(rows, embed_dim_);
    const nn::Buffer<T> active = workspace.take(rows, embed_dim_);
    tape.saved[kHyper1] = mixers::forward<T>(hyper_w1_, w, in.state, workspace, pre_w1.view());
    tape.saved[kHyper2] = mixers::forward<T>(hyper_w2_, w, in.state, workspace, pre_w2.view());
    start_with_b1(w, in.state, workspace, tape, active);
    start_with_v(w, in.state, workspace, tape, q_tot);
    const nn::Buffer<T> w1 = phi_.weights(pre_w1, workspace);
    const nn::Buffer<T> w2 = phi_final_.weights(pre_w2, workspace);

    // the agents' values run through it
    math::mix_agents<T>(in.agent_qs, w1.const_view(), phi_.use(), active.view());
    activation_.apply(active);
    const nn::Buffer<T> hidden = is_bias_behind_ ? plus_b1(active, workspace, tape) : active;
    math::mix_embedding<T>(hidden.const_view(), w2.const_view(), phi_final_.use(), q_tot);

    tape.saved[kPreW1] = pre_w1;
    tape.saved[kW1] = w1;
    tape.saved[kActive] = active;
    tape.saved[kHidden] = hidden;
    tape.saved[kPreW2] = pre_w2;
    tape.saved[kW2] = w2;
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(d_q_tot.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    const nn::Buffer<T> pre_w1 = tape.saved[kPreW1];
    const nn::Buffer<T> pre_w2 = tape.saved[kPreW2];
    const ConstMatView<T> hidden = tape.saved[kHidden].const_view();
    const ConstMatView<T> w1 = tape.saved[kW1].const_view();
    const ConstMatView<T> w2 = tape.saved[kW2].const_view();

    // Q_tot = ... + hidden[e] phi(pre_w2[e])
    const nn::Buffer<T> d_pre_w2 = workspace.take(rows, embed_dim_);
    math::mix_outer<T>(d_q_tot, hidden, pre_w2.const_view(), phi_final_.use(), d_pre_w2.view());
    phi_final_.multiply_slope_after_outer(pre_w2, d_pre_w2.view());

    // hidden = elu(z)
    const nn::Buffer<T> d_z = workspace.take(rows, embed_dim_);
    activation_.backward(d_q_tot, w2, phi_final_.use(), tape.saved[kActive].const_view(),
                         d_z.view());

    // z[e] = b1[e] + q[n] phi(pre_w1[n, e])
    const nn::Buffer<T> d_pre_w1 = workspace.take(rows, n_agents_ * embed_dim_);
    math::mix_outer<T>(in.agent_qs, d_z.const_view(), pre_w1.const_view(), phi_.use(),
                       d_pre_w1.view());
    phi_.multiply_slope_after_outer(pre_w1, d_pre_w1.view());
    d_agent_qs.setZero();
    math::mix_embedding<T>(d_z.const_view(), w1, phi_.use(), d_agent_qs);

    // the hypernetworks; in QMIX itself d_z is the gradient of b1, d_q_tot that of V
    const ConstMatView<T> d_b1 = b1_gradient(d_q_tot, d_z, workspace, tape);
    const ConstMatView<T> d_v = v_gradient(d_q_tot, workspace, tape);
    mixers::backward<T>(hyper_w1_, w, in.state, tape.saved[kHyper1], d_pre_w1.const_view(),
                        workspace, gradient);
    mixers::backward<T>(hyper_b1_, w, in.state, {}, d_b1, workspace, gradient);
    mixers::backward<T>(hyper_w2_, w, in.state, tape.saved[kHyper2], d_pre_w2.const_view(),
                        workspace, gradient);
    mixers::backward<T>(hyper_b2_, w, in.state, tape.saved[kVHidden], d_v, workspace, gradient);
  }

 private:
  bool keeps_pre_b1() const { return is_bias_behind_ || is_b1_abs_; }
  T b1(T pre) const { return is_b1_abs_ ? math::abs(pre) : pre; }

  // z = b1, or 0 where b1 comes later
  void start_with_b1(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                     Tape<T>& tape, nn::Buffer<T> z) const {
    const nn::Buffer<T> pre = keeps_pre_b1() ? workspace.take(z.rows, z.cols) : z;
    mixers::forward<T>(hyper_b1_, w, state, workspace, pre.view());
    tape.saved[kPreB1] = pre;
    if (!keeps_pre_b1()) return;
    for (Index i = 0; i < z.rows * z.cols; ++i) {
      z.data[i] = is_bias_behind_ ? T(0) : b1(pre.data[i]);
    }
  }

  // hidden = elu(z) + b1
  nn::Buffer<T> plus_b1(nn::Buffer<T> active, nn::Workspace<T>& workspace,
                        const Tape<T>& tape) const {
    const nn::Buffer<T> hidden = workspace.take(active.rows, active.cols);
    const T* const pre = tape.saved[kPreB1].data;
    for (Index i = 0; i < hidden.rows * hidden.cols; ++i) {
      hidden.data[i] = active.data[i] + b1(pre[i]);
    }
    return hidden;
  }

  // Q_tot = V(s)
  void start_with_v(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                    Tape<T>& tape, MatView<T> q_tot) const {
    tape.saved[kVHidden] = mixers::forward<T>(hyper_b2_, w, state, workspace, q_tot);
    if (is_v_abs_) {
      tape.saved[kPreV] = workspace.take(q_tot.rows(), 1);
      tape.saved[kPreV].view() = q_tot;
      for (Index m = 0; m < q_tot.rows(); ++m) q_tot(m, 0) = math::abs(q_tot(m, 0));
    }
    if (!has_v_) q_tot.setZero();
  }

  ConstMatView<T> b1_gradient(ConstMatView<T> d_q_tot, nn::Buffer<T> d_z,
                              nn::Workspace<T>& workspace, const Tape<T>& tape) const {
    if (!keeps_pre_b1()) return d_z.const_view();
    const nn::Buffer<T> d_b1 = workspace.take(d_z.rows, d_z.cols);
    if (is_bias_behind_) {  // no slope between b1 and w2
      const Activation<T> identity(Activation<T>::kNone);
      identity.backward(d_q_tot, tape.saved[kW2].const_view(), phi_final_.use(), d_z.const_view(),
                        d_b1.view());
    } else {
      d_b1.view() = d_z.const_view();
    }
    if (is_b1_abs_) multiply_abs_slope(tape.saved[kPreB1], d_b1);
    return d_b1.const_view();
  }

  ConstMatView<T> v_gradient(ConstMatView<T> d_q_tot, nn::Workspace<T>& workspace,
                             const Tape<T>& tape) const {
    if (!has_v_) return workspace.take_zero(d_q_tot.rows(), 1).const_view();
    if (!is_v_abs_) return d_q_tot;
    const nn::Buffer<T> d_v = workspace.take(d_q_tot.rows(), 1);
    d_v.view() = d_q_tot;
    multiply_abs_slope(tape.saved[kPreV], d_v);
    return d_v.const_view();
  }

  static void multiply_abs_slope(nn::Buffer<T> pre, nn::Buffer<T> d) {
    for (Index i = 0; i < d.rows * d.cols; ++i) {
      d.data[i] = d.data[i] * math::abs_slope(pre.data[i]);
    }
  }

  Index n_agents_;
  Index embed_dim_;
  Positivity<T> phi_;
  Positivity<T> phi_final_;
  Activation<T> activation_;
  bool is_bias_behind_;
  bool is_b1_abs_;
  bool is_v_abs_;
  bool has_v_;
  Hypernet hyper_w1_;  // S -> N * E
  Hypernet hyper_b1_;  // S -> E
  Hypernet hyper_w2_;  // S -> E
  Hypernet hyper_b2_;  // S -> 1
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qmix(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Qmix<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qmix)

}  // namespace qtot::mixers
