#pragma once

#include <cstddef>

/// The recursion of returns.h for any scalar with an overload of multiply_add (found by argument-
/// dependent lookup or declared before use), so that a test can run it in exact rationals.
namespace qtot::learner {

/// One column. `reward(t)`, `next_value(t)` and `result(t)` access element t.
template <class T, class Reward, class NextValue, class Result, class MultiplyAdd>
void lambda_return_recursion(std::ptrdiff_t n, std::ptrdiff_t n_valid, bool bootstrap,
                             const T& of_next_return, const T& of_next_value, Reward reward,
                             NextValue next_value, Result result, MultiplyAdd multiply_add) {
  T next = bootstrap ? T(next_value(n - 1)) : T(0);
  for (std::ptrdiff_t t = n - 1; t >= 0; --t) {
    if (t >= n_valid) {
      next = of_next_return * next;
    } else if (t == n - 1 && !bootstrap) {
      next = reward(t);
    } else {
      const T one_step = multiply_add(of_next_value, T(next_value(t)), T(reward(t)));
      next = multiply_add(of_next_return, next, one_step);
    }
    result(t) = next;
  }
}

}  // namespace qtot::learner
