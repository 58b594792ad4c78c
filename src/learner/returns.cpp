#include "qtot/learner/returns.h"

#include "learner/returns_recursion.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {
namespace {

using math::ConstMatView;
using math::Index;
using math::MatView;

template <class T>
void check_shapes(ConstMatView<T> rewards, ConstMatView<T> next_values, const ReturnShape& shape,
                  MatView<T> returns) {
  QTOT_CHECK_GE(shape.n, shape.n_valid);
  QTOT_CHECK_GE(shape.n_valid, 0);
  QTOT_CHECK_EQ(returns.rows(), shape.n);
  QTOT_CHECK_GE(rewards.rows(), shape.n_valid);
  QTOT_CHECK_EQ(rewards.cols(), returns.cols());
  QTOT_CHECK_EQ(next_values.rows(), shape.n);
  QTOT_CHECK_EQ(next_values.cols(), returns.cols());
}

constexpr auto kMultiplyAdd = [](const auto& a, const auto& b, const auto& c) {
  return math::fma(a, b, c);
};

}  // namespace

bool is_corrected(ReturnRule rule) {
  return rule != ReturnRule::kPeng && rule != ReturnRule::kNStep && rule != ReturnRule::kSarsa;
}

bool weighs_by_behaviour(ReturnRule rule) {
  return rule == ReturnRule::kRetrace || rule == ReturnRule::kImportanceSampling;
}

template <class T>
ReturnWeights<T> ReturnWeights<T>::from(double gamma, double lambda) {
  const math::Sum<T> g = gamma;
  const math::Sum<T> l = lambda;
  return {.of_next_return = static_cast<T>(l * g), .of_next_value = static_cast<T>((1 - l) * g)};
}

template <class T>
void lambda_returns(ConstMatView<T> rewards, ConstMatView<T> next_values, const ReturnShape& shape,
                    ReturnWeights<T> weights, MatView<T> returns) {
  check_shapes(rewards, next_values, shape, returns);
  for (Index k = 0; k < returns.cols(); ++k) {
    lambda_return_recursion<T>(
        shape, [&](Index) { return weights.of_next_return; }, weights.of_next_value,
        [&](Index t) { return rewards(t, k); }, [&](Index t) { return next_values(t, k); },
        [&](Index t) -> T& { return returns(t, k); }, kMultiplyAdd);
  }
}

template <class T>
void corrected_returns(const ReturnTerms<T>& terms, const ReturnShape& shape, T gamma,
                       MatView<T> returns) {
  check_shapes(terms.rewards, terms.next_values, shape, returns);
  check_shapes(terms.rewards, terms.next_qs, shape, returns);
  check_shapes(terms.rewards, terms.next_traces, shape, returns);
  for (Index k = 0; k < returns.cols(); ++k) {
    corrected_return_recursion<T>(
        shape, gamma, [&](Index t) { return terms.rewards(t, k); },
        [&](Index t) { return terms.next_values(t, k); },
        [&](Index t) { return terms.next_qs(t, k); },
        [&](Index t) { return terms.next_traces(t, k); },
        [&](Index t) -> T& { return returns(t, k); }, kMultiplyAdd);
  }
}

template <class T>
void n_step_returns(ConstMatView<T> rewards, ConstMatView<T> next_values, const ReturnShape& shape,
                    int n_step, T gamma, MatView<T> returns) {
  check_shapes(rewards, next_values, shape, returns);
  QTOT_CHECK_GE(n_step, 1);
  for (Index k = 0; k < returns.cols(); ++k) {
    n_step_return_recursion<T>(
        shape, n_step, gamma, [&](Index t) { return rewards(t, k); },
        [&](Index t) { return next_values(t, k); }, [&](Index t) -> T& { return returns(t, k); },
        kMultiplyAdd);
  }
}

#define QTOT_INSTANTIATE(T)                                                                     \
  template struct ReturnWeights<T>;                                                             \
  template void lambda_returns<T>(ConstMatView<T>, ConstMatView<T>, const ReturnShape&,         \
                                  ReturnWeights<T>, MatView<T>);                                \
  template void corrected_returns<T>(const ReturnTerms<T>&, const ReturnShape&, T, MatView<T>); \
  template void n_step_returns<T>(ConstMatView<T>, ConstMatView<T>, const ReturnShape&, int, T, \
                                  MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
