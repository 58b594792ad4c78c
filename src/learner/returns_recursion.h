#pragma once

#include <algorithm>
#include <cstddef>

#include "qtot/learner/returns.h"

/// The recursions of returns.h for any scalar, with multiply_add(a, b, c) = a b + c, so that a test can run
/// them in exact rationals.
namespace qtot::learner {

inline bool earns(const ReturnShape& shape, std::ptrdiff_t t) {
  return t < shape.n_valid && t >= shape.first_valid && t != shape.excluded;
}

/// One column: the recursion that all returns are. `of_next_return(t)`, `reward(t)`, `next_value(t)` and
/// `result(t)` access element t.
template <class T, class OfNextReturn, class Reward, class NextValue, class Result,
          class MultiplyAdd>
void lambda_return_recursion(const ReturnShape& shape, OfNextReturn of_next_return,
                             const T& of_next_value, Reward reward, NextValue next_value,
                             Result result, MultiplyAdd multiply_add) {
  T next = shape.bootstrap && shape.n > 0 ? T(next_value(shape.n - 1)) : T(0);
  for (std::ptrdiff_t t = shape.n - 1; t >= 0; --t) {
    const bool is_end = t == shape.end;
    if (!earns(shape, t)) {
      next = T(of_next_return(t)) * next;
    } else if (is_end && shape.end_is_value) {
      next = next_value(t);
    } else if (is_end && t == shape.n - 1 && !shape.bootstrap) {
      next = reward(t);
    } else {
      const T one_step =
          is_end ? T(reward(t)) : multiply_add(of_next_value, T(next_value(t)), T(reward(t)));
      next = multiply_add(T(of_next_return(t)), next, one_step);
    }
    result(t) = next;
  }
}

/// One column of corrected_returns(). The trace behind the last step of an episode has to be 0.
template <class T, class Reward, class NextValue, class NextQ, class NextTrace, class Result,
          class MultiplyAdd>
void corrected_return_recursion(const ReturnShape& shape, const T& gamma, Reward reward,
                                NextValue next_value, NextQ next_q, NextTrace next_trace,
                                Result result, MultiplyAdd multiply_add) {
  const auto follows = [&](std::ptrdiff_t t) { return t + 1 < shape.n; };
  const auto value = [&](std::ptrdiff_t t) {
    if (!follows(t)) return T(next_value(t));
    const T trace = next_trace(t);
    return multiply_add(T(-trace), T(next_q(t)), T(next_value(t)));
  };
  const auto weight = [&](std::ptrdiff_t t) {
    return follows(t) ? T(gamma * T(next_trace(t))) : T(0);
  };
  lambda_return_recursion<T>(shape, weight, gamma, reward, value, result, multiply_add);
}

/// One column of n_step_returns().
template <class T, class Reward, class NextValue, class Result, class MultiplyAdd>
void n_step_return_recursion(const ReturnShape& shape, std::ptrdiff_t n_step, const T& gamma,
                             Reward reward, NextValue next_value, Result result,
                             MultiplyAdd multiply_add) {
  const std::ptrdiff_t n_earning = std::min(shape.n, shape.n_valid);
  for (std::ptrdiff_t t = 0; t < shape.n; ++t) {
    const std::ptrdiff_t m = std::min(n_step, n_earning - t);
    T at_first = T(0);
    if (m >= 1 && earns(shape, t)) {
      const bool ends = shape.end >= t && shape.end < t + m;
      ReturnShape window = shape;  // rows t .. t + m - 1, counted from 0
      window.n = window.n_valid = static_cast<int>(m);
      window.bootstrap = t + m == shape.n ? shape.bootstrap : !ends;
      window.end = ends ? static_cast<int>(shape.end - t) : -1;
      window.first_valid = 0;
      window.excluded = static_cast<int>(shape.excluded - t);
      lambda_return_recursion<T>(
          window, [&](std::ptrdiff_t) { return gamma; }, T(0),
          [&](std::ptrdiff_t i) { return reward(t + i); },
          [&](std::ptrdiff_t i) { return next_value(t + i); },
          [&](std::ptrdiff_t) -> T& { return at_first; }, multiply_add);
    }
    result(t) = at_first;
  }
}

}  // namespace qtot::learner
