#pragma once

#include "qtot/math/views.h"

namespace qtot::learner {

/// gamma lambda and gamma (1 - lambda), each product taken in double and rounded once (PyMARL lets
/// Python do the same). lambda = 0 is one-step Q-learning, 1 is Monte Carlo.
template <class T>
struct ReturnWeights {
  T of_next_return;
  T of_next_value;

  static ReturnWeights from(double gamma, double lambda);
};

/// Where the recursion starts and what cuts it. The defaults but for n are those of a truncated episode.
struct ReturnShape {
  int n = 0;                  // rows; the recursion starts behind row n - 1
  int n_valid = 0;            // rows with a reward; later ones only discount
  bool bootstrap = true;      // the value behind the last row counts
  int end = -1;               // the row after which nothing follows (terminated); -1: none
  int first_valid = 0;        // rows before it, and row `excluded`, only discount: masks that are
  int excluded = -1;          // wrong have such holes
  bool end_is_value = false;  // quirk T5: that row returns V[end + 1], not its reward
};

/// Of an episode of length n, as it should be.
inline ReturnShape return_shape(int n, bool terminated) {
  return {.n = n, .n_valid = n, .bootstrap = !terminated, .end = terminated ? n - 1 : -1};
}

/// Peng's lambda-return of K values side by side (K = 1 for a joint value, N for IQL), by the
/// backward recursion over n steps:
///
///   R[n]  = V[n] if `bootstrap`, else 0
///   R[t]  = fma(gamma lambda, R[t+1], fma(gamma (1 - lambda), V[t+1], r[t]))   for t < n_valid
///   R[t]  = gamma lambda R[t+1]                                            for n_valid <= t < n
///
/// and V[t+1] = 0 at t = `end`. With n = n_valid = L this is the forward view: G_t^(k) = sum of k
/// discounted rewards + gamma^k V[t+k], R[t] = (1 - lambda) sum over k of lambda^(k-1) G_t^(k) +
/// lambda^(L-t-1) G_t^(L-t) (returns_test.cpp shows it in rationals). n > n_valid serves the quirk T1 of
/// PyMARL2 alone: there the recursion starts at the end of the padded batch.
///
/// @param[in]  rewards      [n_valid or more, K]
/// @param[in]  next_values  [n, K]   V[t+1] in row t; row `end` is not read, unless end_is_value
/// @param[out] returns      [n, K]
/// Source: Peng & Williams (1996); Sutton & Barto (2018), sec. 12.1.
template <class T>
void lambda_returns(math::ConstMatView<T> rewards, math::ConstMatView<T> next_values,
                    const ReturnShape& shape, ReturnWeights<T> weights, math::MatView<T> returns);

}  // namespace qtot::learner
