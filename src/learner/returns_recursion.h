#pragma once

#include <cstddef>

#include "qtot/learner/returns.h"

/// The recursion of returns.h for any scalar with an overload of multiply_add (found by argument-
/// dependent lookup or declared before use), so that a test can run it in exact rationals.
namespace qtot::learner {

/// One column. `reward(t)`, `next_value(t)` and `result(t)` access element t.
template <class T, class Reward, class NextValue, class Result, class MultiplyAdd>
void lambda_return_recursion(const ReturnShape& shape, const T& of_next_return,
                             const T& of_next_value, Reward reward, NextValue next_value,
                             Result result, MultiplyAdd multiply_add) {
  T next = shape.bootstrap && shape.n > 0 ? T(next_value(shape.n - 1)) : T(0);
  for (std::ptrdiff_t t = shape.n - 1; t >= 0; --t) {
    const bool is_end = t == shape.end;
    if (t >= shape.n_valid || t < shape.first_valid || t == shape.excluded) {
      next = of_next_return * next;
    } else if (is_end && shape.end_is_value) {
      next = next_value(t);
    } else if (is_end && t == shape.n - 1 && !shape.bootstrap) {
      next = reward(t);
    } else {
      const T one_step =
          is_end ? T(reward(t)) : multiply_add(of_next_value, T(next_value(t)), T(reward(t)));
      next = multiply_add(of_next_return, next, one_step);
    }
    result(t) = next;
  }
}

}  // namespace qtot::learner
