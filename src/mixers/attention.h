#pragma once

#include <cstddef>
#include <vector>

#include "mixers/hypernet.h"
#include "qtot/math/scalars.h"

/// Attention heads by which the state weighs the agents (Yang et al., 2020).
///
///   logits[h][n] = query_h(s) . key_h(u_n)
///   lam[h][n]    = softmax_n(logits[h][n] / sqrt(D))
///
/// The features u_n are the entries [n U, (n + 1) U) of the state. Queries have two layers with a relu
/// between, keys have one. Products are those of qtot/math/mixing.h and nn::softmax.
///
///   M rows   N agents   S size of the state   H heads   D width of queries and keys   K hidden width
namespace qtot::mixers {

/// What the forward pass leaves for the backward pass.
template <class T>
struct AttentionTape {
  nn::Buffer<T> units;         // [M, N * U]
  nn::Buffer<T> query_hidden;  // [H * M, K]      after the relu; head h has rows [h M, (h + 1) M)
  nn::Buffer<T> query;         // [H * M, D]
  nn::Buffer<T> key;           // [H * M, N * D]
  nn::Buffer<T> lambda;        // [M, H * N]      column h * N + n
};

/// A mixer's tape keeps it in five entries from `first` on.
template <class T>
void save(const AttentionTape<T>& attention, Tape<T>& tape, std::size_t first) {
  tape.saved[first] = attention.units;
  tape.saved[first + 1] = attention.query_hidden;
  tape.saved[first + 2] = attention.query;
  tape.saved[first + 3] = attention.key;
  tape.saved[first + 4] = attention.lambda;
}
template <class T>
AttentionTape<T> saved_attention(const Tape<T>& tape, std::size_t first) {
  return {.units = tape.saved[first],
          .query_hidden = tape.saved[first + 1],
          .query = tape.saved[first + 2],
          .key = tape.saved[first + 3],
          .lambda = tape.saved[first + 4]};
}

template <class T>
class Attention {
 public:
  Attention() = default;
  /// queries: [H] S -> D, of two layers   keys: [H] U -> D
  Attention(std::vector<Hypernet> queries, std::vector<nn::Linear> keys, Index n_agents);

  Index n_heads() const { return static_cast<Index>(queries_.size()); }

  /// state [M, S]
  AttentionTape<T> forward(nn::Weights<T> w, ConstMatView<T> state,
                           nn::Workspace<T>& workspace) const;

  /// Parameter gradients from d_lambda [M, H * N].
  void backward(nn::Weights<T> w, ConstMatView<T> state, const AttentionTape<T>& tape,
                nn::Buffer<T> d_lambda, nn::Workspace<T>& workspace, T* gradient) const;

  /// Returns the sum of logits[h][n]^2 over rows, heads and agents, and adds `factor` times its gradient
  /// to `gradient`.
  math::Sum<T> add_squared_logits(nn::Weights<T> w, ConstMatView<T> state, T factor,
                                  nn::Workspace<T>& workspace, T* gradient) const;

 private:
  void logits(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
              AttentionTape<T>& tape) const;
  void head_backward(Index h, nn::Weights<T> w, ConstMatView<T> state, const AttentionTape<T>& tape,
                     ConstMatView<T> d_logits, nn::Workspace<T>& workspace, T* gradient,
                     math::Start start) const;

  Index n_agents_ = 0;
  Index unit_dim_ = 0;   // U
  Index embed_dim_ = 0;  // D
  T scale_ = 1;          // sqrt(D)
  std::vector<Hypernet> queries_;
  std::vector<nn::Linear> keys_;
};

}  // namespace qtot::mixers
