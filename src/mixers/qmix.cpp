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
//   M  rows: one per (episode, step)     N  agents
//   S  size of the state                 E  mixing embedding       H  width of the hypernetworks

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
  kHidden,    // [M, E]      after the elu
  kHyper2,    // [M, H]      hidden layer of hyper_w2, after the relu; empty with one layer
  kPreW2,     // [M, E]      before phi
  kW2,        // [M, E]      as kW1
  kVHidden,   // [M, E]      hidden layer of V, after the relu
};

template <class T>
class Qmix final : public Mixer<T> {
 public:
  Qmix(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents), embed_dim_(config.mixing_embed_dim), phi_(config) {
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

  bool is_monotonic() const override { return phi_.is_positive(); }

  void forward(nn::Weights<T> w, ConstMatView<T> agent_qs, ConstMatView<T> state,
               nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = agent_qs.rows();
    QTOT_CHECK_EQ(agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(state.rows(), rows);
    QTOT_CHECK_EQ(q_tot.rows(), rows);

    // the state writes the weights of the mixer
    const nn::Buffer<T> pre_w1 = workspace.take(rows, n_agents_ * embed_dim_);
    const nn::Buffer<T> pre_w2 = workspace.take(rows, embed_dim_);
    const nn::Buffer<T> hidden = workspace.take(rows, embed_dim_);
    tape.saved[kHyper1] = mixers::forward<T>(hyper_w1_, w, state, workspace, pre_w1.view());
    tape.saved[kHyper2] = mixers::forward<T>(hyper_w2_, w, state, workspace, pre_w2.view());
    mixers::forward<T>(hyper_b1_, w, state, workspace, hidden.view());                 // b1
    tape.saved[kVHidden] = mixers::forward<T>(hyper_b2_, w, state, workspace, q_tot);  // V(s)
    const nn::Buffer<T> w1 = phi_.weights(pre_w1, workspace);
    const nn::Buffer<T> w2 = phi_.weights(pre_w2, workspace);

    // the agents' values run through it
    const auto size = static_cast<std::size_t>(rows * embed_dim_);
    math::mix_agents<T>(agent_qs, w1.const_view(), phi_.use(), hidden.view());
    math::elu<T>({hidden.data, size}, {hidden.data, size});
    math::mix_embedding<T>(hidden.const_view(), w2.const_view(), phi_.use(), q_tot);

    tape.saved[kPreW1] = pre_w1;
    tape.saved[kW1] = w1;
    tape.saved[kHidden] = hidden;
    tape.saved[kPreW2] = pre_w2;
    tape.saved[kW2] = w2;
  }

  void backward(nn::Weights<T> w, ConstMatView<T> agent_qs, ConstMatView<T> state,
                nn::Workspace<T>& workspace, const Tape<T>& tape, ConstMatView<T> d_q_tot,
                MatView<T> d_agent_qs, T* gradient) const override {
    const Index rows = agent_qs.rows();
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
    math::mix_outer<T>(d_q_tot, hidden, pre_w2.const_view(), phi_.use(), d_pre_w2.view());
    phi_.multiply_slope_after_outer(pre_w2, d_pre_w2.view());

    // hidden = elu(z)
    const nn::Buffer<T> d_z = workspace.take(rows, embed_dim_);
    math::mix_elu_slope<T>(d_q_tot, w2, phi_.use(), hidden, d_z.view());

    // z[e] = b1[e] + q[n] phi(pre_w1[n, e])
    const nn::Buffer<T> d_pre_w1 = workspace.take(rows, n_agents_ * embed_dim_);
    math::mix_outer<T>(agent_qs, d_z.const_view(), pre_w1.const_view(), phi_.use(),
                       d_pre_w1.view());
    phi_.multiply_slope_after_outer(pre_w1, d_pre_w1.view());
    d_agent_qs.setZero();
    math::mix_embedding<T>(d_z.const_view(), w1, phi_.use(), d_agent_qs);

    // the hypernetworks; d_z is the gradient of b1, d_q_tot that of V
    mixers::backward<T>(hyper_w1_, w, state, tape.saved[kHyper1], d_pre_w1.const_view(), workspace,
                        gradient);
    mixers::backward<T>(hyper_b1_, w, state, {}, d_z.const_view(), workspace, gradient);
    mixers::backward<T>(hyper_w2_, w, state, tape.saved[kHyper2], d_pre_w2.const_view(), workspace,
                        gradient);
    mixers::backward<T>(hyper_b2_, w, state, tape.saved[kVHidden], d_q_tot, workspace, gradient);
  }

 private:
  Index n_agents_;
  Index embed_dim_;
  Positivity<T> phi_;
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
