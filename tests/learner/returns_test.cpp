#include "qtot/learner/returns.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <vector>

#include "learner/returns_recursion.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

using Rational = boost::multiprecision::cpp_rational;

std::vector<double> returns_of(const std::vector<double>& rewards,
                               const std::vector<double>& next_values, double gamma, double lambda,
                               bool bootstrap, std::size_t n_valid) {
  std::vector<double> result(next_values.size());
  const auto n = static_cast<math::Index>(next_values.size());
  ReturnShape shape = return_shape(static_cast<int>(n), !bootstrap);
  shape.n_valid = static_cast<int>(n_valid);
  lambda_returns<double>(math::view(rewards.data(), n, 1), math::view(next_values.data(), n, 1),
                         shape, ReturnWeights<double>::from(gamma, lambda),
                         math::view(result.data(), n, 1));
  return result;
}

TEST(LambdaReturns, GivesTheGoldenNumbers) {
  const std::vector<double> r = {1, 0, 2};
  const std::vector<double> v = {1, -1, 3};
  const auto expect = [](const std::vector<double>& found, const std::vector<double>& golden) {
    for (std::size_t t = 0; t < 3; ++t) EXPECT_NEAR(found[t], golden[t], 1e-15) << t;
  };
  expect(returns_of(r, v, .9, 0, true, 3), {1.9, -.9, 4.7});
  expect(returns_of(r, v, .9, 0, false, 3), {1.9, -.9, 2});
  expect(returns_of(r, v, .9, .6, true, 3), {2.53612, 2.178, 4.7});
  expect(returns_of(r, v, .9, .6, false, 3), {1.7488, .72, 2});
}

TEST(LambdaReturns, FromTheEndOfThePaddedBatchReproducesTheQuirkT1) {
  const std::vector<double> found = returns_of({1, 0, 2, 0}, {1, -1, 3, -7}, .9, .6, true, 4);
  const std::vector<double> golden = {1.0717048, -.53388, -.322, -6.3};
  for (std::size_t t = 0; t < 4; ++t) EXPECT_NEAR(found[t], golden[t], 1e-15) << t;
}

// G_t^(k) = sum of k discounted rewards + gamma^k V[t + k];
// R[t] = (1 - lambda) sum_{k < M} lambda^(k-1) G_t^(k) + lambda^(M-1) G_t^(M), M = L - t.
Rational forward_view(const std::vector<Rational>& r, const std::vector<Rational>& next_v,
                      bool bootstrap, const Rational& gamma, const Rational& lambda,
                      std::size_t t) {
  const std::size_t m = r.size() - t;
  Rational rewards = 0, discount = 1, weight = 1, result = 0;
  for (std::size_t k = 1; k <= m; ++k) {
    rewards += discount * r[t + k - 1];
    discount *= gamma;
    const bool ends = k == m;
    const Rational value = ends && !bootstrap ? Rational(0) : next_v[t + k - 1];
    const Rational g = rewards + discount * value;
    result += (ends ? weight : (1 - lambda) * weight) * g;
    weight *= lambda;
  }
  return result;
}

TEST(LambdaReturns, BackwardRecursionIsTheForwardViewInRationalArithmetic) {
  test::Random random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t length = 1 + static_cast<std::size_t>(random.below(12));
    const Rational gamma(random.below(101), 100);
    const Rational lambda(random.below(11), 10);
    const bool bootstrap = trial % 2 == 0;
    std::vector<Rational> r(length), v(length), result(length);
    for (std::size_t t = 0; t < length; ++t) {
      r[t] = Rational(random.below(2001) - 1000, 64);
      v[t] = Rational(random.below(2001) - 1000, 7);
    }
    lambda_return_recursion<Rational>(
        return_shape(static_cast<int>(length), !bootstrap),
        [&](std::ptrdiff_t) { return Rational(lambda * gamma); }, Rational((1 - lambda) * gamma),
        [&](std::ptrdiff_t t) { return r[static_cast<std::size_t>(t)]; },
        [&](std::ptrdiff_t t) { return v[static_cast<std::size_t>(t)]; },
        [&](std::ptrdiff_t t) -> Rational& { return result[static_cast<std::size_t>(t)]; },
        [](const Rational& a, const Rational& b, const Rational& c) {
          return Rational(a * b + c);
        });
    for (std::size_t t = 0; t < length; ++t) {
      ASSERT_EQ(result[t], forward_view(r, v, bootstrap, gamma, lambda, t))
          << "trial " << trial << ", t " << t;
    }
  }
}

TEST(LambdaReturns, ColumnsDoNotTouchEachOther) {
  const std::vector<double> r = {1, 10, 0, 20, 2, 30};
  const std::vector<double> two = {1, 5, -1, 6, 3, 7};
  std::vector<double> result(6);
  lambda_returns<double>(math::view(r.data(), 3, 2), math::view(two.data(), 3, 2),
                         return_shape(3, false), ReturnWeights<double>::from(.9, .6),
                         math::view(result.data(), 3, 2));
  const auto first = returns_of({1, 0, 2}, {1, -1, 3}, .9, .6, true, 3);
  const auto second = returns_of({10, 20, 30}, {5, 6, 7}, .9, .6, true, 3);
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(result[2 * t], first[t]);
    EXPECT_EQ(result[2 * t + 1], second[t]);
  }
}

}  // namespace
}  // namespace qtot::learner
