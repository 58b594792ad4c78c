// Qatten (Yang et al., 2020), as PyMARL2 has it: H attention heads weigh the agents.
//
//   lam[h]   = softmax_n(query_h(s) . key_h(u_n) / sqrt(D))     u_n: U numbers of the state about agent n
//   Q_head   = sum_n q_n lam[h][n]
//   Q_tot    = c(s) + sum_h Q_head[h] w[h]                      w = |head(s)|, or 1 if unweighted
//
// lam is that of attention.h; head and c have two layers with a relu between. SMAC's states begin with
// the features of the allies. All weights of the agents are >= 0, so Q_tot is monotonic.
//
//   M rows   N agents   S size of the state   H heads

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "mixers/attention.h"
#include "mixers/registry.h"
#include "mixers/stacked.h"
#include "qtot/base/check.h"
#include "qtot/math/mixing.h"

namespace qtot::mixers {
namespace {

enum Saved {    // entries of the tape
  kHeadQs,      // [M, H]
  kHeadHidden,  // [M, .]  hidden layer of head, after the relu; empty if unweighted
  kPreW,        // [M, H]  before the absolute value; 1 if unweighted
  kCHidden,     // [M, .]  hidden layer of c, after the relu
  kAttention,   // the attention's
};

template <class T>
class Qatten final : public Mixer<T> {
 public:
  Qatten(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents), is_weighted_(config.weighted_heads) {
    const Index state_dim = config.state_dim;
    const bool orthogonal = config.orthogonal;
    std::vector<Hypernet> queries;
    std::vector<nn::Linear> keys;
    queries.reserve(static_cast<std::size_t>(config.n_heads));
    keys.reserve(static_cast<std::size_t>(config.n_heads));
    for (int h = 0; h < config.n_heads; ++h) {
      queries.push_back(Hypernet::add(layout, "mixer.query_embedding_layers." + std::to_string(h),
                                      state_dim, config.query_hidden, config.key_embed,
                                      orthogonal));
    }
    for (int h = 0; h < config.n_heads; ++h) {
      keys.push_back(nn::Linear::add(layout, "mixer.key_embedding_layers." + std::to_string(h),
                                     config.unit_dim, config.key_embed, orthogonal ? 1 : 0));
    }
    attention_ = {std::move(queries), std::move(keys), n_agents_};
    head_ = Hypernet::add(layout, "mixer.head_embedding_layer", state_dim, config.head_hidden,
                          config.n_heads, orthogonal);
    c_ = Hypernet::add(layout, "mixer.constrant_value_layer", state_dim, config.value_hidden, 1,
                       orthogonal);
  }

  bool is_linear() const override { return true; }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.state.rows(), rows);
    QTOT_CHECK_EQ(q_tot.rows(), rows);
    const AttentionTape<T> attention = attention_.forward(w, in.state, workspace);
    save(attention, tape, kAttention);

    tape.saved[kCHidden] = mixers::forward<T>(c_, w, in.state, workspace, q_tot);
    const nn::Buffer<T> pre_w = workspace.take(rows, n_heads());
    if (is_weighted_) {
      tape.saved[kHeadHidden] = mixers::forward<T>(head_, w, in.state, workspace, pre_w.view());
    } else {
      pre_w.view().setConstant(T(1));
    }
    const nn::Buffer<T> head_qs = workspace.take_zero(rows, n_heads());
    math::mix_embedding<T>(in.agent_qs, attention.lambda.const_view(), math::MixWeight::kPlain,
                           head_qs.view());
    math::mix_embedding<T>(head_qs.const_view(), pre_w.const_view(), math::MixWeight::kAbs, q_tot);
    tape.saved[kPreW] = pre_w;
    tape.saved[kHeadQs] = head_qs;
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const Index rows = in.agent_qs.rows();
    QTOT_CHECK_EQ(d_q_tot.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    const ConstMatView<T> pre_w = tape.saved[kPreW].const_view();
    const AttentionTape<T> attention = saved_attention(tape, kAttention);
    const ConstMatView<T> lambda = attention.lambda.const_view();

    // Q_tot = c + Q_head[h] |pre_w[h]|
    mixers::backward<T>(c_, w, in.state, tape.saved[kCHidden], d_q_tot, workspace, gradient);
    const nn::Buffer<T> d_head_qs = workspace.take_zero(rows, n_heads());
    math::mix_agents<T>(d_q_tot, pre_w, math::MixWeight::kAbs, d_head_qs.view());
    head_backward(w, in.state, workspace, tape, d_q_tot, gradient);

    // Q_head[h] = q[n] lam[h][n]
    d_agent_qs.setZero();
    math::mix_agents<T>(d_head_qs.const_view(), lambda, math::MixWeight::kPlain, d_agent_qs);
    const nn::Buffer<T> d_lambda = workspace.take(rows, n_heads() * n_agents_);
    math::mix_outer<T>(d_head_qs.const_view(), in.agent_qs, lambda, math::MixWeight::kPlain,
                       d_lambda.view());
    attention_.backward(w, in.state, attention, d_lambda, workspace, gradient);
  }

 private:
  Index n_heads() const { return attention_.n_heads(); }

  void head_backward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                     const Tape<T>& tape, ConstMatView<T> d_q_tot, T* gradient) const {
    if (!is_weighted_) {  // the tensors are there, as PyMARL2's, and nothing reads them
      zero_gradient(head_, gradient);
      return;
    }
    const nn::Buffer<T> d_pre_w = workspace.take(d_q_tot.rows(), n_heads());
    math::mix_outer<T>(d_q_tot, tape.saved[kHeadQs].const_view(), tape.saved[kPreW].const_view(),
                       math::MixWeight::kAbs, d_pre_w.view());
    mixers::backward<T>(head_, w, state, tape.saved[kHeadHidden], d_pre_w.const_view(), workspace,
                        gradient);
  }

  Index n_agents_;
  bool is_weighted_;
  Attention<T> attention_;
  Hypernet head_;  // S -> H
  Hypernet c_;     // S -> 1
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qatten(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Qatten<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qatten)

}  // namespace qtot::mixers
