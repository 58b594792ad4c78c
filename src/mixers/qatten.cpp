// Qatten (Yang et al., 2020), as PyMARL2 has it: H attention heads weigh the agents.
//
//   lam[h]   = softmax_n(query_h(s) . key_h(u_n) / sqrt(D))     u_n: U numbers of the state about agent n
//   Q_head   = sum_n q_n lam[h][n]
//   Q_tot    = c(s) + sum_h Q_head[h] w[h]                      w = |head(s)|, or 1 if unweighted
//
// query_h, head and c have two layers with a relu between, key_h has one. The features u_n are the
// entries [n U, (n + 1) U) of the state: SMAC's states begin so, with the allies. All weights of the
// agents are >= 0, so Q_tot is monotonic. Products are those of qtot/math/mixing.h and nn::softmax.
//
//   M rows   N agents   S size of the state   H heads   D width of queries and keys   K hidden width

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "mixers/hypernet.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/mixing.h"
#include "qtot/nn/softmax.h"

namespace qtot::mixers {
namespace {

enum Saved {     // entries of the tape
  kUnits,        // [M, N * U]
  kQueryHidden,  // [H * M, K]      after the relu; head h has rows [h M, (h + 1) M)
  kQuery,        // [H * M, D]
  kKey,          // [H * M, N * D]
  kLambda,       // [M, H * N]      column h * N + n
  kHeadQs,       // [M, H]
  kHeadHidden,   // [M, .]          hidden layer of head, after the relu; empty if unweighted
  kPreW,         // [M, H]          before the absolute value; 1 if unweighted
  kCHidden,      // [M, .]          hidden layer of c, after the relu
};

template <class T>
nn::Buffer<T> part(nn::Buffer<T> stacked, Index h, Index rows) {
  return {stacked.row(h * rows), rows, stacked.cols};
}

template <class T>
class Qatten final : public Mixer<T> {
 public:
  Qatten(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents),
        unit_dim_(config.unit_dim),
        embed_dim_(config.key_embed),
        is_weighted_(config.weighted_heads),
        scale_(math::sqrt(static_cast<T>(config.key_embed))) {
    const Index state_dim = config.state_dim;
    const bool orthogonal = config.orthogonal;
    for (int h = 0; h < config.n_heads; ++h) {
      queries_.push_back(Hypernet::add(layout, "mixer.query_embedding_layers." + std::to_string(h),
                                       state_dim, config.query_hidden, embed_dim_, orthogonal));
    }
    for (int h = 0; h < config.n_heads; ++h) {
      keys_.push_back(nn::Linear::add(layout, "mixer.key_embedding_layers." + std::to_string(h),
                                      unit_dim_, embed_dim_, orthogonal ? 1 : 0));
    }
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
    tape.saved[kLambda] = attention(w, in.state, workspace, tape);

    tape.saved[kCHidden] = mixers::forward<T>(c_, w, in.state, workspace, q_tot);
    const nn::Buffer<T> pre_w = workspace.take(rows, n_heads());
    if (is_weighted_) {
      tape.saved[kHeadHidden] = mixers::forward<T>(head_, w, in.state, workspace, pre_w.view());
    } else {
      pre_w.view().setConstant(T(1));
    }
    const nn::Buffer<T> head_qs = workspace.take_zero(rows, n_heads());
    math::mix_embedding<T>(in.agent_qs, tape.saved[kLambda].const_view(), math::MixWeight::kPlain,
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
    const ConstMatView<T> lambda = tape.saved[kLambda].const_view();

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

    // lam[h] = softmax(query_h . key_h / sqrt(D))
    const nn::Buffer<T> d_logits = workspace.take(rows, n_agents_);
    for (Index h = 0; h < n_heads(); ++h) {
      nn::softmax_backward<T>(of_head(tape.saved[kLambda], h), of_head(d_lambda, h),
                              d_logits.view());
      d_logits.view() = d_logits.view() / scale_;
      attention_backward(h, w, in.state, workspace, tape, d_logits.const_view(), gradient);
    }
  }

 private:
  Index n_heads() const { return static_cast<Index>(queries_.size()); }

  // Columns [h N, (h + 1) N) of a matrix over (head, agent).
  ConstMatView<T> of_head(nn::Buffer<T> all, Index h) const {
    return math::view(static_cast<const T*>(all.data) + h * n_agents_, all.rows, n_agents_,
                      all.cols);
  }

  // Fills what the tape keeps of queries and keys, and returns lambda.
  nn::Buffer<T> attention(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                          Tape<T>& tape) const {
    const Index rows = state.rows();
    const nn::Buffer<T> units = workspace.take(rows, n_agents_ * unit_dim_);
    const nn::Buffer<T> hidden = workspace.take(n_heads() * rows, queries_[0].first.out);
    const nn::Buffer<T> query = workspace.take(n_heads() * rows, embed_dim_);
    const nn::Buffer<T> key = workspace.take(n_heads() * rows, n_agents_ * embed_dim_);
    const nn::Buffer<T> lambda = workspace.take_zero(rows, n_heads() * n_agents_);
    for (Index m = 0; m < rows; ++m) {
      for (Index i = 0; i < units.cols; ++i) units.row(m)[i] = state(m, i);
    }
    const ConstMatView<T> unit_rows = per_agent(units, unit_dim_);
    for (Index h = 0; h < n_heads(); ++h) {
      const auto k = static_cast<std::size_t>(h);
      const nn::Buffer<T> hidden_h = part(hidden, h, rows);
      const nn::Buffer<T> query_h = part(query, h, rows);
      const nn::Buffer<T> key_h = part(key, h, rows);
      const std::span<T> all(hidden_h.data, static_cast<std::size_t>(rows * hidden_h.cols));
      nn::forward<T>(queries_[k].first, w, state, hidden_h.view());
      math::relu<T>(all, all);
      nn::forward<T>(queries_[k].second, w, hidden_h.const_view(), query_h.view());
      nn::forward<T>(keys_[k], w, unit_rows, math::view(key_h.data, rows * n_agents_, embed_dim_));
      MatView<T> lambda_h = math::view(lambda.data + h * n_agents_, rows, n_agents_, lambda.cols);
      math::mix_embedding<T>(query_h.const_view(), key_h.const_view(), math::MixWeight::kPlain,
                             lambda_h);
      lambda_h = lambda_h / scale_;
      nn::softmax<T>(math::as_const<T>(lambda_h), lambda_h);
    }
    tape.saved[kUnits] = units;
    tape.saved[kQueryHidden] = hidden;
    tape.saved[kQuery] = query;
    tape.saved[kKey] = key;
    return lambda;
  }

  void attention_backward(Index h, nn::Weights<T> w, ConstMatView<T> state,
                          nn::Workspace<T>& workspace, const Tape<T>& tape,
                          ConstMatView<T> d_logits, T* gradient) const {
    const Index rows = state.rows();
    const auto k = static_cast<std::size_t>(h);
    const ConstMatView<T> query = part(tape.saved[kQuery], h, rows).const_view();
    const ConstMatView<T> key = part(tape.saved[kKey], h, rows).const_view();
    const nn::Buffer<T> d_query = workspace.take_zero(rows, embed_dim_);
    const nn::Buffer<T> d_key = workspace.take(rows, n_agents_ * embed_dim_);
    math::mix_agents<T>(d_logits, key, math::MixWeight::kPlain, d_query.view());
    math::mix_outer<T>(d_logits, query, key, math::MixWeight::kPlain, d_key.view());
    mixers::backward<T>(queries_[k], w, state, part(tape.saved[kQueryHidden], h, rows),
                        d_query.const_view(), workspace, gradient);
    nn::backward_params<T>(keys_[k], per_agent(tape.saved[kUnits], unit_dim_),
                           per_agent(d_key, embed_dim_), gradient);
  }

  void head_backward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                     const Tape<T>& tape, ConstMatView<T> d_q_tot, T* gradient) const {
    if (!is_weighted_) {  // the tensors are there, as PyMARL2's, and nothing reads them
      zero(head_.first, gradient);
      zero(head_.second, gradient);
      return;
    }
    const nn::Buffer<T> d_pre_w = workspace.take(d_q_tot.rows(), n_heads());
    math::mix_outer<T>(d_q_tot, tape.saved[kHeadQs].const_view(), tape.saved[kPreW].const_view(),
                       math::MixWeight::kAbs, d_pre_w.view());
    mixers::backward<T>(head_, w, state, tape.saved[kHeadHidden], d_pre_w.const_view(), workspace,
                        gradient);
  }

  static void zero(const nn::Linear& layer, T* gradient) {
    math::view(gradient + layer.weight, layer.out, layer.in).setZero();
    math::view(gradient + layer.bias, layer.out, 1).setZero();
  }

  // [M, N * dim] as [M * N, dim]
  ConstMatView<T> per_agent(nn::Buffer<T> all, Index dim) const {
    return math::view(static_cast<const T*>(all.data), all.rows * n_agents_, dim);
  }

  Index n_agents_;
  Index unit_dim_;   // U
  Index embed_dim_;  // D
  bool is_weighted_;
  T scale_;                        // sqrt(D)
  std::vector<Hypernet> queries_;  // [H]  S -> D
  std::vector<nn::Linear> keys_;   // [H]  U -> D
  Hypernet head_;                  // S -> H
  Hypernet c_;                     // S -> 1
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qatten(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Qatten<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qatten)

}  // namespace qtot::mixers
