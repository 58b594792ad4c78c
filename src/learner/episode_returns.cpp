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

}  // namespace

template <class T>
void episode_returns(const LearnerConfig& config, const EpisodePlan& plan, ConstMatView<T> rewards,
                     ConstMatView<T> target_q_tot, MatView<T> returns) {
  const Index n = plan.returns.n;
  const auto weights = ReturnWeights<T>::from(config.gamma, config.td_lambda);
  const auto recursion =
      config.mistakes.returns_forwards ? &forward_returns<T>
      : config.mistakes.returns_accumulate
          ? &accumulated_returns<T>
          : +[](const ReturnShape& shape, ReturnWeights<T> w, ConstMatView<T> r, ConstMatView<T> v,
                MatView<T> out) { lambda_returns<T>(r, v, shape, w, out); };
  recursion(plan.returns, weights, rewards, math::rows(target_q_tot, 0, n),
            math::rows(returns, 0, n));
  // the recursion ended with the episode: a fictitious step (M1) stands alone
  const T gamma = static_cast<T>(config.gamma);
  for (Index t = n; t < returns.rows(); ++t) {
    for (Index k = 0; k < returns.cols(); ++k) {
      returns(t, k) = math::fma(gamma, T(target_q_tot(t, k)), T(rewards(t, k)));
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                   \
  template void episode_returns<T>(const LearnerConfig&, const EpisodePlan&, ConstMatView<T>, \
                                   ConstMatView<T>, MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
