#pragma once

#include <span>

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

/// Peng's lambda-return of K values side by side (K = 1 for a joint value, N for IQL), by the
/// backward recursion over n steps:
///
///   R[n]  = V[n] if `bootstrap`, else 0
///   R[t]  = fma(gamma lambda, R[t+1], fma(gamma (1 - lambda), V[t+1], r[t]))   for t < n_valid
///   R[t]  = gamma lambda R[t+1]                                            for n_valid <= t < n
///
/// and where not `bootstrap` the last step is r[n-1] alone. With n = n_valid = L this is the forward
/// view: G_t^(k) = sum of k discounted rewards + gamma^k V[t+k], R[t] = (1 - lambda) sum over k of
/// lambda^(k-1) G_t^(k) + lambda^(L-t-1) G_t^(L-t) (returns_test.cpp shows it in rationals). n > n_valid
/// serves the quirk T1 of PyMARL2 alone: there the recursion starts at the end of the padded batch.
///
/// @param[in]  rewards      [n_valid]
/// @param[in]  next_values  [n, K]   V[t+1] in row t; the last row is read only when `bootstrap`
/// @param[out] returns      [n, K]
/// Source: Peng & Williams (1996); Sutton & Barto (2018), sec. 12.1.
template <class T>
void lambda_returns(std::span<const T> rewards, math::ConstMatView<T> next_values, bool bootstrap,
                    ReturnWeights<T> weights, math::MatView<T> returns);

}  // namespace qtot::learner
