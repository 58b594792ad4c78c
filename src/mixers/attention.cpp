#include "mixers/attention.h"

#include <utility>

#include "mixers/stacked.h"
#include "qtot/math/elementary.h"
#include "qtot/math/mixing.h"
#include "qtot/nn/softmax.h"

namespace qtot::mixers {
namespace {

// [M, N * dim] as [M * N, dim]
template <class T>
ConstMatView<T> per_agent(nn::Buffer<T> all, Index dim) {
  return math::view(static_cast<const T*>(all.data), all.rows * all.cols / dim, dim);
}

}  // namespace

template <class T>
Attention<T>::Attention(std::vector<Hypernet> queries, std::vector<nn::Linear> keys, Index n_agents)
    : n_agents_(n_agents),
      unit_dim_(keys.front().in),
      embed_dim_(keys.front().out),
      scale_(math::sqrt(static_cast<T>(keys.front().out))),
      queries_(std::move(queries)),
      keys_(std::move(keys)) {}

// Fills all of the tape, with the logits in the place of lambda.
template <class T>
void Attention<T>::logits(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                          AttentionTape<T>& tape) const {
  const Index rows = state.rows();
  tape = {.units = workspace.take(rows, n_agents_ * unit_dim_),
          .query_hidden = workspace.take(n_heads() * rows, queries_[0].first.out),
          .query = workspace.take(n_heads() * rows, embed_dim_),
          .key = workspace.take(n_heads() * rows, n_agents_ * embed_dim_),
          .lambda = workspace.take_zero(rows, n_heads() * n_agents_)};
  for (Index m = 0; m < rows; ++m) {
    for (Index i = 0; i < tape.units.cols; ++i) tape.units.row(m)[i] = state(m, i);
  }
  const ConstMatView<T> units = per_agent(tape.units, unit_dim_);
  for (Index h = 0; h < n_heads(); ++h) {
    const auto k = static_cast<std::size_t>(h);
    const nn::Buffer<T> hidden = part(tape.query_hidden, h, rows);
    const nn::Buffer<T> query = part(tape.query, h, rows);
    const nn::Buffer<T> key = part(tape.key, h, rows);
    nn::forward<T>(queries_[k].first, w, state, hidden.view());
    math::relu<T>(hidden.elements(), hidden.elements());
    nn::forward<T>(queries_[k].second, w, hidden.const_view(), query.view());
    nn::forward<T>(keys_[k], w, units, math::view(key.data, rows * n_agents_, embed_dim_));
    const MatView<T> logits_h =
        math::view(tape.lambda.data + h * n_agents_, rows, n_agents_, tape.lambda.cols);
    math::mix_embedding<T>(query.const_view(), key.const_view(), math::MixWeight::kPlain, logits_h);
  }
}

template <class T>
AttentionTape<T> Attention<T>::forward(nn::Weights<T> w, ConstMatView<T> state,
                                       nn::Workspace<T>& workspace) const {
  AttentionTape<T> tape;
  logits(w, state, workspace, tape);
  for (Index h = 0; h < n_heads(); ++h) {
    MatView<T> lambda_h =
        math::view(tape.lambda.data + h * n_agents_, state.rows(), n_agents_, tape.lambda.cols);
    lambda_h = lambda_h / scale_;
    nn::softmax<T>(math::as_const<T>(lambda_h), lambda_h);
  }
  return tape;
}

template <class T>
void Attention<T>::backward(nn::Weights<T> w, ConstMatView<T> state, const AttentionTape<T>& tape,
                            nn::Buffer<T> d_lambda, nn::Workspace<T>& workspace,
                            T* gradient) const {
  const auto of_head = [&](nn::Buffer<T> all, Index h) {
    return math::view(static_cast<const T*>(all.data) + h * n_agents_, all.rows, n_agents_,
                      all.cols);
  };
  const nn::Buffer<T> d_logits = workspace.take(state.rows(), n_agents_);
  for (Index h = 0; h < n_heads(); ++h) {
    nn::softmax_backward<T>(of_head(tape.lambda, h), of_head(d_lambda, h), d_logits.view());
    d_logits.view() = d_logits.view() / scale_;
    head_backward(h, w, state, tape, d_logits.const_view(), workspace, gradient, math::kFromZero);
  }
}

template <class T>
math::Sum<T> Attention<T>::add_squared_logits(nn::Weights<T> w, ConstMatView<T> state, T factor,
                                              nn::Workspace<T>& workspace, T* gradient) const {
  AttentionTape<T> tape;
  logits(w, state, workspace, tape);
  math::Sum<T> sum = 0;
  for (const T& logit : tape.lambda.elements()) {
    const auto wide = static_cast<math::Sum<T>>(logit);
    sum = math::fma(wide, wide, sum);
  }
  const T twice = T(2) * factor;
  const nn::Buffer<T> d_logits = workspace.take(state.rows(), n_agents_);
  for (Index h = 0; h < n_heads(); ++h) {
    for (Index m = 0; m < d_logits.rows; ++m) {
      for (Index n = 0; n < n_agents_; ++n) {
        d_logits.row(m)[n] = twice * tape.lambda.row(m)[h * n_agents_ + n];
      }
    }
    head_backward(h, w, state, tape, d_logits.const_view(), workspace, gradient, math::kAccumulate);
  }
  return sum;
}

// logits[h] = query_h . key_h
template <class T>
void Attention<T>::head_backward(Index h, nn::Weights<T> w, ConstMatView<T> state,
                                 const AttentionTape<T>& tape, ConstMatView<T> d_logits,
                                 nn::Workspace<T>& workspace, T* gradient,
                                 math::Start start) const {
  const Index rows = state.rows();
  const auto k = static_cast<std::size_t>(h);
  const ConstMatView<T> query = part(tape.query, h, rows).const_view();
  const ConstMatView<T> key = part(tape.key, h, rows).const_view();
  const nn::Buffer<T> d_query = workspace.take_zero(rows, embed_dim_);
  const nn::Buffer<T> d_key = workspace.take(rows, n_agents_ * embed_dim_);
  math::mix_agents<T>(d_logits, key, math::MixWeight::kPlain, d_query.view());
  math::mix_outer<T>(d_logits, query, key, math::MixWeight::kPlain, d_key.view());
  mixers::backward<T>(queries_[k], w, state, part(tape.query_hidden, h, rows), d_query.const_view(),
                      workspace, gradient, start);
  nn::backward_params<T>(keys_[k], per_agent(tape.units, unit_dim_), per_agent(d_key, embed_dim_),
                         gradient, start);
}

#define QTOT_INSTANTIATE(T) template class Attention<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
