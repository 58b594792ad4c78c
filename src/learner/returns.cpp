#include "qtot/learner/returns.h"

#include "learner/returns_recursion.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {

template <class T>
ReturnWeights<T> ReturnWeights<T>::from(double gamma, double lambda) {
  const math::Sum<T> g = gamma;
  const math::Sum<T> l = lambda;
  return {.of_next_return = static_cast<T>(l * g), .of_next_value = static_cast<T>((1 - l) * g)};
}

template <class T>
void lambda_returns(math::ConstMatView<T> rewards, math::ConstMatView<T> next_values,
                    const ReturnShape& shape, ReturnWeights<T> weights, math::MatView<T> returns) {
  QTOT_CHECK_GE(shape.n, shape.n_valid);
  QTOT_CHECK_GE(shape.n_valid, 0);
  QTOT_CHECK_EQ(returns.rows(), shape.n);
  QTOT_CHECK_GE(rewards.rows(), shape.n_valid);
  QTOT_CHECK_EQ(rewards.cols(), returns.cols());
  QTOT_CHECK_EQ(next_values.rows(), shape.n);
  QTOT_CHECK_EQ(next_values.cols(), returns.cols());
  for (math::Index k = 0; k < returns.cols(); ++k) {
    lambda_return_recursion<T>(
        shape, weights.of_next_return, weights.of_next_value,
        [&](math::Index t) { return rewards(t, k); },
        [&](math::Index t) { return next_values(t, k); },
        [&](math::Index t) -> T& { return returns(t, k); },
        [](const T& a, const T& b, const T& c) { return math::fma(a, b, c); });
  }
}

#define QTOT_INSTANTIATE(T)                                                     \
  template struct ReturnWeights<T>;                                             \
  template void lambda_returns<T>(math::ConstMatView<T>, math::ConstMatView<T>, \
                                  const ReturnShape&, ReturnWeights<T>, math::MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
