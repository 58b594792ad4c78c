// The family of returns (docs/algorithms.md, "Targets"): every recursion against its forward view in exact
// rationals, and what the rules have in common.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <vector>

#include "learner/returns_recursion.h"
#include "qtot/learner/returns.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Rationals = std::vector<Rational>;

std::size_t at(std::ptrdiff_t t) {
  return static_cast<std::size_t>(t);
}

// A random episode of length L: r[t] of step t, V, Q and c of slot t (slot L only has a V).
struct Trial {
  explicit Trial(int number) : random(static_cast<std::uint64_t>(100 + number)) {
    length = 1 + at(random.below(12));
    gamma = Rational(random.below(101), 100);
    lambda = Rational(random.below(11), 10);
    terminated = number % 2 == 0;
    for (std::size_t t = 0; t <= length; ++t) {
      r.push_back(Rational(random.below(2001) - 1000, 64));
      v.push_back(Rational(random.below(2001) - 1000, 7));
      q.push_back(Rational(random.below(2001) - 1000, 9));
      is_greedy.push_back(random.below(3) > 0);
      if (is_greedy.back()) q.back() = v.back();
      c.push_back(is_greedy.back() ? lambda : Rational(random.below(11), 10));
    }
  }

  ReturnShape shape() const { return return_shape(static_cast<int>(length), terminated); }
  Rational next_v(std::size_t t) const { return t + 1 == length && terminated ? 0 : v[t + 1]; }
  Rational trace(std::size_t slot) const { return slot < length ? c[slot] : Rational(0); }

  test::Random random;
  std::size_t length = 0;
  Rational gamma, lambda;
  bool terminated = false;
  Rationals r, v, q, c;
  std::vector<bool> is_greedy;
};

const auto kMultiplyAdd = [](const Rational& a, const Rational& b, const Rational& c) {
  return Rational(a * b + c);
};

Rationals corrected(const Trial& trial) {
  Rationals result(trial.length);
  corrected_return_recursion<Rational>(
      trial.shape(), trial.gamma, [&](std::ptrdiff_t t) { return trial.r[at(t)]; },
      [&](std::ptrdiff_t t) { return trial.v[at(t) + 1]; },
      [&](std::ptrdiff_t t) { return trial.q[at(t) + 1]; },
      [&](std::ptrdiff_t t) { return trial.trace(at(t) + 1); },
      [&](std::ptrdiff_t t) -> Rational& { return result[at(t)]; }, kMultiplyAdd);
  return result;
}

// Peng's, of values of slots 0 .. L and any rewards
Rationals lambda_return(const Trial& trial, const Rationals& rewards, const Rationals& values) {
  Rationals result(trial.length);
  lambda_return_recursion<Rational>(
      trial.shape(), [&](std::ptrdiff_t) { return Rational(trial.lambda * trial.gamma); },
      Rational((1 - trial.lambda) * trial.gamma), [&](std::ptrdiff_t t) { return rewards[at(t)]; },
      [&](std::ptrdiff_t t) { return values[at(t) + 1]; },
      [&](std::ptrdiff_t t) -> Rational& { return result[at(t)]; }, kMultiplyAdd);
  return result;
}

Rationals n_step(const Trial& trial, int n) {
  Rationals result(trial.length);
  n_step_return_recursion<Rational>(
      trial.shape(), n, trial.gamma, [&](std::ptrdiff_t t) { return trial.r[at(t)]; },
      [&](std::ptrdiff_t t) { return trial.v[at(t) + 1]; },
      [&](std::ptrdiff_t t) -> Rational& { return result[at(t)]; }, kMultiplyAdd);
  return result;
}

Rationals one_step(const Trial& trial) {
  Rationals result;
  for (std::size_t t = 0; t < trial.length; ++t) {
    result.push_back(trial.r[t] + trial.gamma * trial.next_v(t));
  }
  return result;
}

// Q_t + sum over k >= t of gamma^(k-t) (product of c_j, j = t+1 .. k) delta_k
Rational forward_view(const Trial& trial, std::size_t t) {
  Rational result = trial.q[t];
  Rational weight = 1;
  for (std::size_t k = t; k < trial.length; ++k) {
    if (k > t) weight *= trial.gamma * trial.c[k];
    result += weight * (trial.r[k] + trial.gamma * trial.next_v(k) - trial.q[k]);
  }
  return result;
}

constexpr int kTrials = 60;
const Rational kZero(0), kOne(1);

TEST(ReturnFamily, CorrectedRecursionIsItsForwardViewInRationalArithmetic) {
  for (int i = 0; i < kTrials; ++i) {
    const Trial trial(i);
    const Rationals found = corrected(trial);
    for (std::size_t t = 0; t < trial.length; ++t) {
      ASSERT_EQ(found[t], forward_view(trial, t)) << "trial " << i << ", t " << t;
    }
  }
}

TEST(ReturnFamily, NStepIsTheSumOfItsWindowInRationalArithmetic) {
  for (int i = 0; i < kTrials; ++i) {
    const Trial trial(i);
    for (const std::size_t n : {1U, 2U, 3U, 5U, 20U}) {
      const Rationals found = n_step(trial, static_cast<int>(n));
      for (std::size_t t = 0; t < trial.length; ++t) {
        Rational expected = 0, discount = 1;
        std::size_t k = t;
        for (; k < std::min(t + n, trial.length); ++k, discount *= trial.gamma) {
          expected += discount * trial.r[k];
        }
        if (k < trial.length || !trial.terminated) expected += discount * trial.v[k];
        ASSERT_EQ(found[t], expected) << "trial " << i << ", n " << n << ", t " << t;
      }
    }
  }
}

TEST(ReturnFamily, WithoutTracesEveryRuleIsOneStep) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    trial.lambda = kZero;
    trial.c.assign(trial.c.size(), kZero);
    EXPECT_EQ(corrected(trial), one_step(trial));
    EXPECT_EQ(lambda_return(trial, trial.r, trial.v), one_step(trial));
    EXPECT_EQ(n_step(trial, 1), one_step(trial));
  }
}

TEST(ReturnFamily, NStepOverTheWholeEpisodeIsMonteCarloAndSoIsPengsWithLambdaOne) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    trial.lambda = kOne;
    EXPECT_EQ(n_step(trial, 12), lambda_return(trial, trial.r, trial.v));
  }
}

Rational at_most_one(const Rational& x) {
  return x < 1 ? x : Rational(1);
}

// A probability above 0, in hundredths.
Rational random_probability(test::Random& random) {
  return Rational(random.below(100) + 1, 100);
}

// For a deterministic target policy: pi(u) is 1 or 0, and mu(u) <= 1.
TEST(ReturnFamily, WatkinsRetraceAndTreeBackupAreOneForAGreedyTarget) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    Rationals retrace, tree_backup;
    for (std::size_t slot = 0; slot <= trial.length; ++slot) {
      const Rational pi = trial.is_greedy[slot] ? 1 : 0;
      const Rational mu = random_probability(trial.random);
      retrace.push_back(trial.lambda * at_most_one(pi / mu));
      tree_backup.push_back(trial.lambda * pi);
      trial.c[slot] = trial.is_greedy[slot] ? trial.lambda : kZero;
    }
    const Rationals watkins = corrected(trial);
    trial.c = retrace;
    EXPECT_EQ(corrected(trial), watkins);
    trial.c = tree_backup;
    EXPECT_EQ(corrected(trial), watkins);
  }
}

// pi / mu on both sides of 1: Retrace cuts what importance sampling lets grow.
TEST(ReturnFamily, RatiosOfAnExploringTargetGiveTheForwardViewOfRetraceAndImportanceSampling) {
  int n_below = 0, n_above = 0;
  for (int i = 0; i < kTrials; ++i) {
    Trial retrace(i);
    Trial sampling = retrace;
    for (std::size_t slot = 0; slot <= retrace.length; ++slot) {
      const Rational pi = random_probability(retrace.random);
      const Rational ratio = pi / random_probability(retrace.random);
      ++(ratio < 1 ? n_below : n_above);
      retrace.c[slot] = retrace.lambda * at_most_one(ratio);
      sampling.c[slot] = sampling.lambda * ratio;
    }
    for (const Trial* const trial : {&retrace, &sampling}) {
      const Rationals found = corrected(*trial);
      for (std::size_t t = 0; t < trial->length; ++t) {
        ASSERT_EQ(found[t], forward_view(*trial, t)) << "trial " << i << ", t " << t;
      }
    }
  }
  EXPECT_GT(n_below, kTrials);
  EXPECT_GT(n_above, kTrials);
}

TEST(ReturnFamily, WhereEveryStoredActionIsGreedyWatkinsHarutyunyanAndPengAgree) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    trial.q = trial.v;
    trial.c.assign(trial.c.size(), trial.lambda);
    EXPECT_EQ(corrected(trial), lambda_return(trial, trial.r, trial.v));
  }
}

TEST(ReturnFamily, SarsaIsHarutyunyanWithTheValuesOfTheStoredActions) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    trial.v = trial.q;
    trial.c.assign(trial.c.size(), trial.lambda);
    EXPECT_EQ(lambda_return(trial, trial.r, trial.q), corrected(trial));
  }
}

TEST(ReturnFamily, QLambdaOfPymarl2IsHarutyunyanPlusVMinusQ) {
  for (int i = 0; i < kTrials; ++i) {
    Trial trial(i);
    trial.c.assign(trial.c.size(), trial.lambda);
    Rationals rewards = trial.r;
    for (std::size_t t = 0; t < rewards.size(); ++t) rewards[t] += trial.v[t] - trial.q[t];
    const Rationals pymarl2 = lambda_return(trial, rewards, trial.v);
    const Rationals right = corrected(trial);
    for (std::size_t t = 0; t < trial.length; ++t) {
      EXPECT_EQ(pymarl2[t], right[t] + trial.v[t] - trial.q[t]);
    }
  }
}

// ---- in floating point, against loops as plain as the equations, bit for bit

template <class T>
struct Columns {
  Columns(int length, int width, std::uint64_t seed) : n(length), k(width) {
    test::Random random(seed);
    for (std::vector<T>* const all : {&r, &v, &q, &c}) {
      all->resize(static_cast<std::size_t>(length * width));
      random.fill(std::span<T>(*all));
    }
    for (T& trace : c) trace = trace < 0 ? T(0) : trace;
    for (int i = 0; i < width; ++i) c[index(length - 1, i)] = 0;
  }

  std::size_t index(int t, int i) const { return static_cast<std::size_t>(t * k + i); }
  math::ConstMatView<T> view(const std::vector<T>& all) const {
    return math::view(all.data(), math::Index{n}, math::Index{k});
  }
  ReturnTerms<T> terms() const {
    return {.rewards = view(r), .next_values = view(v), .next_qs = view(q), .next_traces = view(c)};
  }

  int n, k;
  std::vector<T> r, v, q, c;
};

template <class T>
class ReturnBits : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ReturnBits, Scalars);

TYPED_TEST(ReturnBits, CorrectedReturnsEqualTheNaiveLoop) {
  using T = TypeParam;
  const T gamma = static_cast<T>(0.99);
  for (const bool terminated : {false, true}) {
    const Columns<T> x(9, 3, 7);
    std::vector<T> found(x.r.size());
    corrected_returns<T>(x.terms(), return_shape(x.n, terminated), gamma,
                         math::view(found.data(), math::Index{x.n}, math::Index{x.k}));
    for (int i = 0; i < x.k; ++i) {
      T g = 0;
      for (int t = x.n - 1; t >= 0; --t) {
        const std::size_t at = x.index(t, i);
        const T value = std::fma(-x.c[at], x.q[at], x.v[at]);
        g = terminated && t == x.n - 1
                ? x.r[at]
                : std::fma(gamma * x.c[at], g, std::fma(gamma, value, x.r[at]));
        ASSERT_EQ(found[at], g) << t << " " << i;
      }
    }
  }
}

TYPED_TEST(ReturnBits, NStepReturnsEqualTheNaiveLoop) {
  using T = TypeParam;
  const T gamma = static_cast<T>(0.99);
  for (const bool terminated : {false, true}) {
    for (const int n : {1, 2, 4, 30}) {
      const Columns<T> x(9, 3, 8);
      std::vector<T> found(x.r.size());
      n_step_returns<T>(x.view(x.r), x.view(x.v), return_shape(x.n, terminated), n, gamma,
                        math::view(found.data(), math::Index{x.n}, math::Index{x.k}));
      for (int i = 0; i < x.k; ++i) {
        for (int t = 0; t < x.n; ++t) {
          const int end = std::min(t + n, x.n);
          T g = terminated && end == x.n ? T(0) : x.v[x.index(end - 1, i)];
          for (int j = end - 1; j >= t; --j) g = std::fma(gamma, g, x.r[x.index(j, i)]);
          ASSERT_EQ(found[x.index(t, i)], g) << t << " " << i;
        }
      }
    }
  }
}

TYPED_TEST(ReturnBits, WithoutTracesEveryRuleIsOneStepBitForBit) {
  using T = TypeParam;
  const double gamma = 0.99;
  Columns<T> x(9, 3, 9);
  x.c.assign(x.c.size(), 0);
  const ReturnShape shape = return_shape(x.n, false);
  std::vector<T> peng(x.r.size()), corrected(x.r.size()), one(x.r.size());
  const auto out = [&](std::vector<T>& all) {
    return math::view(all.data(), math::Index{x.n}, math::Index{x.k});
  };
  lambda_returns<T>(x.view(x.r), x.view(x.v), shape, ReturnWeights<T>::from(gamma, 0), out(peng));
  corrected_returns<T>(x.terms(), shape, static_cast<T>(gamma), out(corrected));
  n_step_returns<T>(x.view(x.r), x.view(x.v), shape, 1, static_cast<T>(gamma), out(one));
  EXPECT_EQ(corrected, peng);
  EXPECT_EQ(one, peng);
}

// Numbers that were reckoned apart from this code: r = (1, 0, 2), V = (0.5, 1, -1, 3), Q = (0.2, 0.9, -1, 2),
// gamma 0.9, lambda 0.6.
TEST(ReturnFamily, GivesTheGoldenNumbers) {
  using Numbers = std::vector<double>;
  const Numbers r = {1, 0, 2}, next_v = {1, -1, 3}, next_q = {0.9, -1, 2};
  const auto column = [](const Numbers& x) { return math::view(x.data(), 3, 1); };
  const auto expect = [](const Numbers& found, const Numbers& golden) {
    for (std::size_t t = 0; t < 3; ++t) EXPECT_NEAR(found[t], golden[t], 1e-14) << t;
  };
  Numbers found(3);
  const auto out = math::view(found.data(), 3, 1);
  const auto corrected_by = [&](const Numbers& traces, bool terminated) {
    corrected_returns<double>({.rewards = column(r),
                               .next_values = column(next_v),
                               .next_qs = column(next_q),
                               .next_traces = column(traces)},
                              return_shape(3, terminated), 0.9, out);
    return found;
  };
  const Numbers harutyunyan = {0.6, 0.6, 0.6};  // the last of them is not read
  expect(corrected_by(harutyunyan, false), {2.59012, 2.178, 4.7});
  expect(corrected_by(harutyunyan, true), {1.8028, 0.72, 2});
  const Numbers watkins = {0, 0.6, 0};  // the action at slot 1 explored
  expect(corrected_by(watkins, false), {1.9, 2.178, 4.7});
  expect(corrected_by(watkins, true), {1.9, 0.72, 2});
  const auto weights = ReturnWeights<double>::from(0.9, 0.6);
  lambda_returns<double>(column(r), column(next_v), return_shape(3, false), weights, out);
  expect(found, {2.53612, 2.178, 4.7});
  n_step_returns<double>(column(r), column(next_v), return_shape(3, true), 1, 0.9, out);
  expect(found, {1.9, -0.9, 2});
}

// What wrong masks and padding do: rows that earn nothing neither add a reward nor start a window.
TEST(ReturnFamily, AWindowEndsWithTheValidRows) {
  const std::vector<double> r = {1, 2, 4, 100}, v = {8, 16, 32, 1000};
  std::vector<double> found(4);
  ReturnShape shape = return_shape(4, false);
  shape.n_valid = 3;
  n_step_returns<double>(math::view(r.data(), 4, 1), math::view(v.data(), 4, 1), shape, 2, 0.5,
                         math::view(found.data(), 4, 1));
  EXPECT_EQ(found, (std::vector<double>{1 + 1 + 4, 2 + 2 + 8, 4 + 16, 0}));
}

}  // namespace
}  // namespace qtot::learner
