#include "qtot/learner/returns.h"

#include "learner/returns_recursion.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::learner {

template <class T>
ReturnWeights<T> ReturnWeights<T>::from(double gamma, double lambda) {
  return {.of_next_return = static_cast<T>(lambda * gamma),
          .of_next_value = static_cast<T>((1 - lambda) * gamma)};
}

template <class T>
void lambda_returns(std::span<const T> rewards, math::ConstMatView<T> next_values, bool bootstrap,
                    ReturnWeights<T> weights, math::MatView<T> returns) {
  const math::Index n = returns.rows();
  const auto n_valid = static_cast<math::Index>(rewards.size());
  QTOT_CHECK_GE(n_valid, 1);
  QTOT_CHECK_GE(n, n_valid);
  QTOT_CHECK_EQ(next_values.rows(), n);
  QTOT_CHECK_EQ(next_values.cols(), returns.cols());
  for (math::Index k = 0; k < returns.cols(); ++k) {
    lambda_return_recursion<T>(
        n, n_valid, bootstrap, weights.of_next_return, weights.of_next_value,
        [&](math::Index t) { return rewards[static_cast<std::size_t>(t)]; },
        [&](math::Index t) { return next_values(t, k); },
        [&](math::Index t) -> T& { return returns(t, k); },
        [](const T& a, const T& b, const T& c) { return math::fma(a, b, c); });
  }
}

template struct ReturnWeights<float>;
template struct ReturnWeights<double>;
template void lambda_returns<float>(std::span<const float>, math::ConstMatView<float>, bool,
                                    ReturnWeights<float>, math::MatView<float>);
template void lambda_returns<double>(std::span<const double>, math::ConstMatView<double>, bool,
                                     ReturnWeights<double>, math::MatView<double>);

}  // namespace qtot::learner
