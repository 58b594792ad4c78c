#pragma once

#include "qtot/math/views.h"

namespace qtot::learner {

/// What a step's return looks ahead to; the key `returns`. Peng's and SARSA's are lambda_returns(), n-step
/// has a function of its own, the rest are corrected_returns() with the traces
///
///   Watkins       c = lambda where the stored joint action is the target policy's, else 0
///   Harutyunyan   c = lambda
///   tree backup   c = lambda pi(u), the target policy's probability of the stored joint action
///   Retrace       c = lambda min(1, pi(u) / mu(u)), mu(u) that of the policy which acted
///   importance    c = lambda pi(u) / mu(u)
///   sampling
///
/// Where values stay apart (IQL) u is each agent's action, else the joint one, whose probability is the
/// product over the agents: a joint value is right only about the joint action, with any mixer.
///
/// Sources: Watkins (1989); Peng & Williams (1996); Precup, Sutton & Singh (2000); Harutyunyan et al.
/// (2016); Munos et al. (2016), sec. 2 and 3, for Retrace and the rest in one form; Yao et al. (2021) for
/// SARSA's, as SMIX(lambda).
enum class ReturnRule {
  kPeng,
  kNStep,
  kWatkins,
  kHarutyunyan,
  kTreeBackup,
  kRetrace,
  kImportanceSampling,
  kSarsa
};

/// The rules of corrected_returns().
bool is_corrected(ReturnRule rule);

/// Those that need to know how likely the stored actions were when they were taken.
bool weighs_by_behaviour(ReturnRule rule);

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
/// PyMARL2 alone: there the recursion starts at the end of the padded batch. With the values of the stored
/// actions in place of V it is SARSA's.
///
/// @param[in]  rewards      [n_valid or more, K]
/// @param[in]  next_values  [n, K]   V[t+1] in row t; row `end` is not read, unless end_is_value
/// @param[out] returns      [n, K]
/// Source: Peng & Williams (1996); Sutton & Barto (2018), sec. 12.1.
template <class T>
void lambda_returns(math::ConstMatView<T> rewards, math::ConstMatView<T> next_values,
                    const ReturnShape& shape, ReturnWeights<T> weights, math::MatView<T> returns);

/// What the corrected returns are made of, [n, K] each; row t has what belongs to slot t + 1.
template <class T>
struct ReturnTerms {
  math::ConstMatView<T> rewards;      // r[t], of row t; n_valid rows or more
  math::ConstMatView<T> next_values;  // V[t+1] of the target policy
  math::ConstMatView<T> next_qs;      // Q[t+1] of the stored actions; the last row is not read
  math::ConstMatView<T> next_traces;  // c[t+1]; the last row is not read, where it is 0
};

/// The off-policy corrected return, by the same recursion with a weight of R[t+1] for each row:
///
///   G[t] = r[t] + gamma (V[t+1] + c[t+1] (G[t+1] - Q[t+1]))
///        = fma(gamma c[t+1], G[t+1], fma(gamma, fma(-c[t+1], Q[t+1], V[t+1]), r[t]))
///
/// Forward view: G[t] = Q[t] + sum over k >= t of gamma^(k-t) c[t+1] .. c[k] delta[k], delta[k] = r[k] +
/// gamma V[k+1] - Q[k].
///
/// @param[out] returns  [n, K]
/// Source: Munos et al. (2016), eq. 3.
template <class T>
void corrected_returns(const ReturnTerms<T>& terms, const ReturnShape& shape, T gamma,
                       math::MatView<T> returns);

/// The next m = min(n_step, valid rows left) rewards, discounted, and gamma^m V[t+m], as the recursion with
/// lambda = 1 over that window alone. Rows that earn nothing return 0.
///
/// @param[in]  rewards      [n_valid or more, K]
/// @param[in]  next_values  [n, K]
/// @param[out] returns      [n, K]
template <class T>
void n_step_returns(math::ConstMatView<T> rewards, math::ConstMatView<T> next_values,
                    const ReturnShape& shape, int n_step, T gamma, math::MatView<T> returns);

}  // namespace qtot::learner
