// QMIX-Lin, an ablation of QMIX (Rashid et al., 2018, sec. 6.2): no hidden mixing layer.
//
//   Q_tot = V(s) + sum_n q_n w[n]      w = phi(hyper_w1(s))      V(s) = hyper_b2(s)
//
// The sum starts at V(s) and takes one fused multiply-add a term, n ascending. hyper_w1 has one or two
// layers, V two of width E; phi as in positivity.h.

#include "mixers/hypernet.h"
#include "mixers/positivity.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"
#include "qtot/math/mixing.h"

namespace qtot::mixers {
namespace {

enum Saved {  // entries of the tape
  kHyper,     // [M, H]  hidden layer of hyper_w1, after the relu; empty with one layer
  kPreW,      // [M, N]  before phi
  kW,         // [M, N]  what the products read: after phi, or pre_w itself where that will do
  kVHidden,   // [M, E]  hidden layer of V, after the relu
};

template <class T>
class QmixLin final : public Mixer<T> {
 public:
  QmixLin(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents), phi_(config) {
    const Index hidden_dim = config.hypernet_layers == 2 ? config.hypernet_embed : 0;
    hyper_w1_ = Hypernet::add(layout, "mixer.hyper_w1", config.state_dim, hidden_dim, n_agents_,
                              config.orthogonal);
    hyper_b2_ = Hypernet::add(layout, "mixer.hyper_b2", config.state_dim, config.mixing_embed_dim,
                              1, config.orthogonal);
  }

  bool is_linear() const override { return true; }
  bool is_monotonic() const override { return phi_.is_positive(); }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.state.rows(), rows);
    QTOT_CHECK_EQ(q_tot.rows(), rows);
    const nn::Buffer<T> pre_w = workspace.take(rows, n_agents_);
    tape.saved[kHyper] = mixers::forward<T>(hyper_w1_, w, in.state, workspace, pre_w.view());
    tape.saved[kVHidden] = mixers::forward<T>(hyper_b2_, w, in.state, workspace, q_tot);  // V(s)
    tape.saved[kPreW] = pre_w;
    tape.saved[kW] = phi_.weights(pre_w, workspace);
    math::mix_embedding<T>(in.agent_qs, tape.saved[kW].const_view(), phi_.use(), q_tot);
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(d_q_tot.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    const nn::Buffer<T> pre_w = tape.saved[kPreW];

    // Q_tot = ... + q[n] phi(pre_w[n]); each derivative is one product
    const nn::Buffer<T> d_pre_w = workspace.take(rows, n_agents_);
    math::mix_outer<T>(d_q_tot, in.agent_qs, pre_w.const_view(), phi_.use(), d_pre_w.view());
    phi_.multiply_slope_after_outer(pre_w, d_pre_w.view());
    d_agent_qs.setZero();
    math::mix_agents<T>(d_q_tot, tape.saved[kW].const_view(), phi_.use(), d_agent_qs);

    mixers::backward<T>(hyper_w1_, w, in.state, tape.saved[kHyper], d_pre_w.const_view(), workspace,
                        gradient);
    mixers::backward<T>(hyper_b2_, w, in.state, tape.saved[kVHidden], d_q_tot, workspace, gradient);
  }

 private:
  Index n_agents_;
  Positivity<T> phi_;
  Hypernet hyper_w1_;  // S -> N
  Hypernet hyper_b2_;  // S -> 1
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qmix_lin(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<QmixLin<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qmix_lin)

}  // namespace qtot::mixers
