// QMIX-NS, an ablation of QMIX (Rashid et al., 2018, sec. 6.2): the mixing network has weights of its
// own, which the state does not write.
//
//   hidden = elu(b1 + sum_n q_n w1'[n])        w1' = phi(w1)
//   Q_tot  = b2 + sum_e hidden[e] w2'[e]       w2' = phi(w2)
//
// b2 is a number, or V(s) = hyper_b2(s) with ns_state_bias. The sums are canonical products: they start
// at the bias and take one fused multiply-add a term, n and e ascending. Gradients of w1, w2 and the
// biases are sums over the rows, m ascending.

#include "mixers/hypernet.h"
#include "mixers/positivity.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/matmul.h"

namespace qtot::mixers {
namespace {

enum Saved {  // entries of the tape
  kW1,        // [N, E]  after phi
  kHidden,    // [M, E]  after the elu
  kW2,        // [E, 1]  after phi
  kVHidden,   // [M, E]  hidden layer of V, after the relu; empty without ns_state_bias
};

// As PyTorch's Linear of that many inputs would begin.
nn::Init uniform(Index n_inputs) {
  return {nn::Init::kUniform, 1 / math::sqrt(static_cast<double>(n_inputs))};
}

template <class T>
class QmixNs final : public Mixer<T> {
 public:
  QmixNs(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents),
        embed_dim_(config.mixing_embed_dim),
        has_state_bias_(config.ns_state_bias),
        phi_(config) {
    const nn::Init orthogonal = {nn::Init::kOrthogonal, 1};
    const nn::Init zero = {nn::Init::kZero, 0};
    const bool is_orthogonal = config.orthogonal;
    w1_ = layout.add_matrix("mixer.w1", n_agents_, embed_dim_,
                            is_orthogonal ? orthogonal : uniform(n_agents_));
    b1_ = layout.add_vector("mixer.b1", embed_dim_, is_orthogonal ? zero : uniform(n_agents_));
    w2_ = layout.add_matrix("mixer.w2", embed_dim_, 1,
                            is_orthogonal ? orthogonal : uniform(embed_dim_));
    if (has_state_bias_) {
      hyper_b2_ =
          Hypernet::add(layout, "mixer.hyper_b2", config.state_dim, embed_dim_, 1, is_orthogonal);
    } else {
      b2_ = layout.add_vector("mixer.b2", 1, is_orthogonal ? zero : uniform(embed_dim_));
    }
  }

  bool is_monotonic() const override { return phi_.is_positive(); }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(q_tot.rows(), rows);
    const nn::Buffer<T> w1 = positive(w, w1_, n_agents_, embed_dim_, workspace);
    const nn::Buffer<T> w2 = positive(w, w2_, embed_dim_, 1, workspace);

    const nn::Buffer<T> hidden = workspace.take(rows, embed_dim_);
    const auto size = static_cast<std::size_t>(rows * embed_dim_);
    math::matmul_bias<T>(in.agent_qs, w1.const_view(), w.values + b1_, hidden.view());
    math::elu<T>({hidden.data, size}, {hidden.data, size});
    if (has_state_bias_) {
      tape.saved[kVHidden] = mixers::forward<T>(hyper_b2_, w, in.state, workspace, q_tot);  // V(s)
      math::matmul<T>(hidden.const_view(), w2.const_view(), q_tot, math::kAccumulate);
    } else {
      math::matmul_bias<T>(hidden.const_view(), w2.const_view(), w.values + b2_, q_tot);
    }

    tape.saved[kW1] = w1;
    tape.saved[kHidden] = hidden;
    tape.saved[kW2] = w2;
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(d_q_tot.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    const ConstMatView<T> hidden = tape.saved[kHidden].const_view();

    // Q_tot = b2 + hidden[e] phi(w2[e])
    const MatView<T> d_w2 = math::view(gradient + w2_, embed_dim_, 1);
    math::matmul_tn<T>(hidden, d_q_tot, d_w2);
    phi_.multiply_slope(w.values + w2_, d_w2);
    if (has_state_bias_) {
      mixers::backward<T>(hyper_b2_, w, in.state, tape.saved[kVHidden], d_q_tot, workspace,
                          gradient);
    } else {
      math::column_sums<T>(d_q_tot, gradient + b2_);
    }

    // hidden = elu(z)
    const T* w2 = tape.saved[kW2].data;
    const nn::Buffer<T> d_z = workspace.take(rows, embed_dim_);
    for (Index m = 0; m < rows; ++m) {
      for (Index e = 0; e < embed_dim_; ++e) {
        const T slope = hidden(m, e) > T(0) ? T(1) : hidden(m, e) + T(1);
        d_z.row(m)[e] = (d_q_tot(m, 0) * w2[e]) * slope;
      }
    }

    // z[e] = b1[e] + q[n] phi(w1[n, e])
    const MatView<T> d_w1 = math::view(gradient + w1_, n_agents_, embed_dim_);
    math::matmul_tn<T>(in.agent_qs, d_z.const_view(), d_w1);
    phi_.multiply_slope(w.values + w1_, d_w1);
    math::column_sums<T>(d_z.const_view(), gradient + b1_);
    math::matmul_nt<T>(d_z.const_view(), tape.saved[kW1].const_view(), d_agent_qs);
  }

 private:
  nn::Buffer<T> positive(nn::Weights<T> w, std::size_t offset, Index rows, Index cols,
                         nn::Workspace<T>& workspace) const {
    const nn::Buffer<T> result = workspace.take(rows, cols);
    phi_.apply(w.values + offset, result);
    return result;
  }

  Index n_agents_;
  Index embed_dim_;
  bool has_state_bias_;
  Positivity<T> phi_;
  std::size_t w1_ = 0;  // [N, E]
  std::size_t b1_ = 0;  // [E]
  std::size_t w2_ = 0;  // [E, 1]
  std::size_t b2_ = 0;  // [1], without ns_state_bias
  Hypernet hyper_b2_;   // S -> 1, with ns_state_bias
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qmix_ns(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<QmixNs<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qmix_ns)

}  // namespace qtot::mixers
