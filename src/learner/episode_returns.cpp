#include "learner/episode_returns.h"

#include "qtot/learner/returns.h"
#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

using math::ConstMatView;
using math::Index;
using math::MatView;

// The mistake `returns_forwards`: row t is computed before row t + 1, which is still zero.
template <class T>
void forward_returns(const ReturnShape& shape, ReturnWeights<T> weights, ConstMatView<T> rewards,
                     ConstMatView<T> next_values, MatView<T> returns) {
  for (Index t = 0; t < shape.n; ++t) {
    ReturnShape row{
        .n = 1,
        .n_valid = t < shape.n_valid && t >= shape.first_valid && t != shape.excluded ? 1 : 0,
        .bootstrap = shape.bootstrap && t == shape.n - 1,
        .end = t == shape.end ? 0 : -1,
        .end_is_value = shape.end_is_value};
    lambda_returns<T>(math::rows(rewards, t, 1), math::rows(next_values, t, 1), row, weights,
                      math::rows(returns, t, 1));
  }
}

// The mistake `returns_accumulate`: the recursion builds on the row before.
template <class T>
void accumulated_returns(const ReturnShape& shape, ReturnWeights<T> weights,
                         ConstMatView<T> rewards, ConstMatView<T> next_values, MatView<T> returns) {
  for (Index t = 0; t < shape.n; ++t) {
    const bool is_valid = t < shape.n_valid && t >= shape.first_valid && t != shape.excluded;
    for (Index k = 0; k < returns.cols(); ++k) {
      const T value = t == shape.end ? T(0) : T(weights.of_next_value * next_values(t, k));
      const T earned = is_valid ? T(rewards(t, k) + value) : T(0);
      returns(t, k) = t == 0 ? earned : T(weights.of_next_return * returns(t - 1, k) + earned);
    }
  }
}

// Peng's, and SARSA's with the values of the stored actions.
template <class T>
void by_lambda(const LearnerConfig& config, const ReturnShape& shape, ConstMatView<T> rewards,
               ConstMatView<T> next_values, MatView<T> returns) {
  const auto weights = ReturnWeights<T>::from(config.gamma, config.td_lambda);
  if (config.mistakes.returns_forwards) {
    forward_returns(shape, weights, rewards, next_values, returns);
  } else if (config.mistakes.returns_accumulate) {
    accumulated_returns(shape, weights, rewards, next_values, returns);
  } else {
    lambda_returns(rewards, next_values, shape, weights, returns);
  }
}

}  // namespace

template <class T>
void episode_returns(const LearnerConfig& config, const EpisodePlan& plan,
                     const ReturnTerms<T>& terms, MatView<T> returns) {
  const Index n = plan.returns.n;
  const T gamma = static_cast<T>(config.gamma);
  const MatView<T> of_recursion = math::rows(returns, 0, n);
  const ConstMatView<T> next_values = math::rows(terms.next_values, 0, n);
  switch (config.returns) {
    case ReturnRule::kPeng:
    case ReturnRule::kSarsa:
      by_lambda(config, plan.returns, terms.rewards, next_values, of_recursion);
      break;
    case ReturnRule::kNStep:
      n_step_returns(terms.rewards, next_values, plan.returns, config.n_step, gamma, of_recursion);
      break;
    case ReturnRule::kWatkins:
    case ReturnRule::kHarutyunyan:
    case ReturnRule::kTreeBackup:
    case ReturnRule::kRetrace:
    case ReturnRule::kImportanceSampling:
      corrected_returns<T>({.rewards = terms.rewards,
                            .next_values = next_values,
                            .next_qs = math::rows(terms.next_qs, 0, n),
                            .next_traces = math::rows(terms.next_traces, 0, n)},
                           plan.returns, gamma, of_recursion);
      break;
  }
  // the recursion ended with the episode: a fictitious step (M1) stands alone
  for (Index t = n; t < returns.rows(); ++t) {
    for (Index k = 0; k < returns.cols(); ++k) {
      returns(t, k) = math::fma(gamma, T(terms.next_values(t, k)), T(terms.rewards(t, k)));
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                  \
  template void episode_returns<T>(const LearnerConfig&, const EpisodePlan&, \
                                   const ReturnTerms<T>&, MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
