// math::Wide: its elementary functions against MPFR, its products and sums against their definitions.
#ifdef QTOT_WIDE

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "math/mpfr_reference.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "qtot/math/mixing.h"
#include "qtot/math/reduce.h"

namespace qtot::math {
namespace {

using test::LongNumber;
using test::MpfrReference;
using Limits = std::numeric_limits<Wide>;

LongNumber parts_of(Wide x) {
  LongNumber number;
  int exponent = 0;
  x = frexp(x, &exponent);
  number.exponent = exponent;
  for (double& part : number.parts) {
    part = static_cast<double>(x);
    x = x - part;
  }
  return number;
}

// Uniform in [-1, 1) with all bits of the significand at random.
Wide uniform(std::mt19937_64& rng) {
  const Wide high = ldexp(Wide(static_cast<std::int64_t>(rng())), -63);
  return high + ldexp(Wide(rng()), -127);
}

struct Function {
  std::string name;
  Wide (*ours)(const Wide&);
  double low, high;  // tested range
};

void PrintTo(const Function& function, std::ostream* os) {
  *os << function.name;
}

Wide softplus_of_beta_1(const Wide& x) {
  return softplus(x);
}

class WideFunction : public testing::TestWithParam<Function> {
 protected:
  // relative error at x
  double error(const Wide& x) {
    const Wide y = GetParam().ours(x);
    if (y == 0 || !isfinite(y)) return 1;
    return mpfr_.relative_error(reference_, parts_of(x), parts_of(y));
  }
  bool is_inside(const Wide& x) const { return x > GetParam().low && x < GetParam().high; }

  MpfrReference mpfr_;
  MpfrReference::Function reference_ = MpfrReference::function(GetParam().name);
  // Worst of 300,000 points in units of 2^-113: exp 1.3, expm1 1.8, tanh 2.8, sigmoid 2.0, log1p 2.3,
  // softplus 3.0.
  static constexpr double kBound = 0x1p-110;
};

TEST_P(WideFunction, IsWithinTheBoundOnADenseGrid) {
  constexpr int kPoints = 4000;  // even, so that 0 is none of them
  const Wide low = GetParam().low < -30 ? -30 : GetParam().low;
  const Wide high = GetParam().high > 30 ? 30 : GetParam().high;
  for (int i = 0; i < kPoints; ++i) {
    const Wide x = low + (high - low) * (2 * i + 1) / (2 * kPoints);
    ASSERT_LT(error(x), kBound) << x;
  }
}

TEST_P(WideFunction, IsWithinTheBoundAtEveryMagnitude) {
  std::mt19937_64 rng(1);
  for (int exponent = -300; exponent <= 300; ++exponent) {
    for (int trial = 0; trial < 20; ++trial) {
      const Wide x = ldexp(uniform(rng), exponent);
      if (!is_inside(x)) continue;
      ASSERT_LT(error(x), kBound) << x;
    }
  }
}

TEST_P(WideFunction, IsWithinTheBoundAroundTheBordersOfItsReductions) {
  const Wide ln2 = log1p(Wide(1));
  for (const Wide& border : {Wide(-1), Wide(-0.5), Wide(0.5), Wide(1), Wide(2), Wide(ln2 / 2),
                             Wide(-ln2 / 2), Wide(20), Wide(1000 * ln2)}) {
    for (int step = -20; step <= 20; ++step) {
      const Wide x = border * (1 + ldexp(Wide(step), -112));
      if (!is_inside(x)) continue;
      ASSERT_LT(error(x), kBound) << x;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, WideFunction,
                         testing::Values(Function{"exp", exp, -11000, 11000},
                                         Function{"expm1", expm1, -11000, 11000},
                                         Function{"tanh", tanh, -1e30, 1e30},
                                         Function{"sigmoid", sigmoid, -11000, 1e30},
                                         Function{"log1p", log1p, -1, 1e300},
                                         Function{"softplus", softplus_of_beta_1, -11000, 20}),
                         [](const auto& function) { return function.param.name; });

TEST(Wide, SoftplusIsWithinTheBoundForEveryBeta) {
  MpfrReference mpfr;
  std::mt19937_64 rng(2);
  for (const double beta : {0.125, 0.7, 3.0, 64.0}) {
    for (int trial = 0; trial < 1000; ++trial) {
      const Wide x = 19 * uniform(rng) / beta;
      ASSERT_LT(mpfr.relative_error(MpfrReference::function("softplus"), parts_of(x),
                                    parts_of(softplus(x, beta)), beta),
                0x1p-108)  // e^(beta x) takes on the rounding error of beta x: at most 19 * 2^-113
          << x;
    }
  }
}

TEST(Wide, SquareRootIsTheNearest) {
  std::mt19937_64 rng(3);
  for (int trial = 0; trial < 2000; ++trial) {
    const Wide x = ldexp(1 + abs(uniform(rng)), trial % 7 - 3);
    const Wide root = sqrt(x);
    // x is off from root^2 by less than root times the last place of root
    const Wide above = root * (1 + Limits::epsilon());
    const Wide below = root * (1 - Limits::epsilon());
    ASSERT_LE(abs(root * root - x), root * root * Limits::epsilon());
    ASSERT_LE(below * below, x);
    ASSERT_GE(above * above, x);
  }
  EXPECT_EQ(sqrt(Wide(2.25)), 1.5);
  EXPECT_EQ(sqrt(Wide(0)), 0);
}

TEST(Wide, FunctionsHaveTheirLimits) {
  const Wide inf = Limits::infinity();
  EXPECT_EQ(exp(inf), inf);
  EXPECT_EQ(exp(-inf), 0);
  EXPECT_EQ(exp(Wide(1e9)), inf);
  EXPECT_EQ(exp(Wide(-1e9)), 0);
  EXPECT_EQ(exp(Wide(0)), 1);
  EXPECT_EQ(expm1(inf), inf);
  EXPECT_EQ(expm1(-inf), -1);
  EXPECT_EQ(tanh(inf), 1);
  EXPECT_EQ(tanh(-inf), -1);
  EXPECT_TRUE(signbit(tanh(Wide(-0.0))));
  EXPECT_TRUE(signbit(expm1(Wide(-0.0))));
  EXPECT_EQ(sigmoid(inf), 1);
  EXPECT_EQ(sigmoid(-inf), 0);
  EXPECT_EQ(sigmoid(Wide(0)), 0.5);
  EXPECT_EQ(log1p(Wide(-1)), -inf);
  EXPECT_EQ(log1p(inf), inf);
  EXPECT_TRUE(isnan(log1p(Wide(-1.5))));
  EXPECT_EQ(softplus(inf), inf);
  EXPECT_EQ(softplus(-inf), 0);
  using Scalar = Wide (*)(const Wide&);
  for (const Scalar f : std::initializer_list<Scalar>{exp, expm1, tanh, sigmoid, log1p, elu}) {
    EXPECT_TRUE(isnan(f(Limits::quiet_NaN())));
  }
  EXPECT_TRUE(isnan(sqrt(Wide(-1))));
}

// Where PyTorch has a kink or a threshold, Wide has that one.
TEST(Wide, KinksAreThoseOfTheOtherScalars) {
  EXPECT_EQ(softplus(Wide(20.5)), 20.5);
  EXPECT_GT(softplus(Wide(20)), 20);
  EXPECT_EQ(softplus_slope(Wide(20.5), Wide(1)), 1);
  EXPECT_LT(softplus_slope(Wide(20), Wide(1)), 1);
  EXPECT_EQ(relu(Wide(3)), 3);
  EXPECT_EQ(relu(Limits::quiet_NaN()), 0);
  EXPECT_FALSE(signbit(relu(Wide(-0.0))));
  EXPECT_EQ(relu_slope(Wide(0)), 0);
  EXPECT_EQ(elu(Wide(2)), 2);
  EXPECT_EQ(elu(Wide(-2)), expm1(Wide(-2)));
  EXPECT_EQ(elu_slope(Wide(0), Wide(0)), 1);
  EXPECT_EQ(abs_slope(Wide(0)), 0);
  EXPECT_EQ(abs_slope(Wide(-3)), -1);
  EXPECT_EQ(tanh_slope(Wide(0.5)), 0.75);
  EXPECT_EQ(sigmoid_slope(Wide(0.25)), 0.1875);
  EXPECT_EQ(fma(Wide(2), Wide(3), Wide(4)), 10);
}

// The sum of squares and the like are kept in Wide and rounded once at the end: halves of the last
// place go to even, a little more goes up.
TEST(Wide, RoundsOnceToFloatAndDouble) {
  const Wide tiny = ldexp(Wide(1), -100);
  EXPECT_EQ(static_cast<float>(1 + Wide(0x1p-24)), 1.0F);
  EXPECT_EQ(static_cast<float>(1 + Wide(0x1p-24) + tiny), 1 + 0x1p-23F);
  EXPECT_EQ(static_cast<float>(1 + Wide(0x3p-24)), 1 + 0x1p-22F);
  EXPECT_EQ(static_cast<double>(1 + Wide(0x1p-53)), 1.0);
  EXPECT_EQ(static_cast<double>(1 + Wide(0x1p-53) + tiny), 1 + 0x1p-52);
  EXPECT_EQ(static_cast<float>(ldexp(1 + tiny, -150)), 0x1p-149F);  // the smallest subnormal
  EXPECT_EQ(static_cast<float>(Wide(1e300)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(Wide(0x1.8p-1074), 0x1.8p-1074);
}

TEST(Wide, ArraysHoldTheScalarFunctions) {
  std::mt19937_64 rng(4);
  std::vector<Wide> x(37);
  for (Wide& value : x) value = 5 * uniform(rng);
  const auto expect_elementwise = [&x](auto of_array, Wide (*of_one)(const Wide&)) {
    std::vector<Wide> y(x.size());
    of_array(std::span<const Wide>(x), std::span<Wide>(y));
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], of_one(x[i]));
  };
  expect_elementwise([](auto in, auto out) { exp<Wide>(in, out); }, exp);
  expect_elementwise([](auto in, auto out) { expm1<Wide>(in, out); }, expm1);
  expect_elementwise([](auto in, auto out) { tanh<Wide>(in, out); }, tanh);
  expect_elementwise([](auto in, auto out) { sigmoid<Wide>(in, out); }, sigmoid);
  expect_elementwise([](auto in, auto out) { relu<Wide>(in, out); }, relu);
  expect_elementwise([](auto in, auto out) { elu<Wide>(in, out); }, elu);
}

// The same random numbers in both scalars, and what comes out of both.
class WideAndDouble : public testing::Test {
 protected:
  struct Pair {
    Mat<double> of_double;
    Mat<Wide> of_wide;
    ConstMatView<double> in_double() const { return view(of_double); }
    ConstMatView<Wide> in_wide() const { return view(of_wide); }
  };

  Pair random(Index rows, Index cols) {
    Pair pair = {Mat<double>(rows, cols), Mat<Wide>(rows, cols)};
    for (Index i = 0; i < pair.of_double.size(); ++i) {
      pair.of_double.data()[i] = static_cast<double>(uniform(rng_));
      pair.of_wide.data()[i] = pair.of_double.data()[i];
    }
    return pair;
  }

  // Sums of at most a dozen terms of order 1: a few roundings of double, each at most 1.1e-16.
  static void expect_near(const Pair& pair) {
    constexpr double kTolerance = 2e-15;
    bool is_beyond_double = false;
    for (Index i = 0; i < pair.of_double.size(); ++i) {
      const Wide found = pair.of_wide.data()[i];
      EXPECT_NEAR(static_cast<double>(found - pair.of_double.data()[i]), 0, kTolerance) << i;
      is_beyond_double = is_beyond_double || found != static_cast<double>(found);
    }
    EXPECT_TRUE(is_beyond_double);  // it was not computed in double
  }

  std::mt19937_64 rng_{5};
};

TEST_F(WideAndDouble, ProductsAgree) {
  const Pair a = random(3, 5);
  const Pair b = random(5, 4);
  const Pair c = random(3, 4);
  const Pair d = random(2, 5);
  const Pair bias = random(1, 4);
  Pair out = random(3, 4);
  matmul<double>(a.in_double(), b.in_double(), view(out.of_double));
  matmul<Wide>(a.in_wide(), b.in_wide(), view(out.of_wide));
  expect_near(out);
  matmul<double>(a.in_double(), b.in_double(), view(out.of_double), kAccumulate);
  matmul<Wide>(a.in_wide(), b.in_wide(), view(out.of_wide), kAccumulate);
  expect_near(out);
  matmul_bias<double>(a.in_double(), b.in_double(), bias.of_double.data(), view(out.of_double));
  matmul_bias<Wide>(a.in_wide(), b.in_wide(), bias.of_wide.data(), view(out.of_wide));
  expect_near(out);
  Pair tn = random(5, 4);
  matmul_tn<double>(a.in_double(), c.in_double(), view(tn.of_double));
  matmul_tn<Wide>(a.in_wide(), c.in_wide(), view(tn.of_wide));
  expect_near(tn);
  Pair nt = random(3, 2);
  matmul_nt<double>(a.in_double(), d.in_double(), view(nt.of_double));
  matmul_nt<Wide>(a.in_wide(), d.in_wide(), view(nt.of_wide));
  expect_near(nt);
}

TEST_F(WideAndDouble, ColumnSumsAgreeFromZeroAndFromWhatIsThere) {
  Pair a = random(6, 4);
  a.of_wide = a.of_wide / 3;  // sums of doubles may be doubles
  a.of_double = a.of_double / 3;
  Pair sums = random(1, 4);
  column_sums<double>(a.in_double(), sums.of_double.data());
  column_sums<Wide>(a.in_wide(), sums.of_wide.data());
  expect_near(sums);
  column_sums<double>(a.in_double(), sums.of_double.data(), kAccumulate);
  column_sums<Wide>(a.in_wide(), sums.of_wide.data(), kAccumulate);
  expect_near(sums);
}

TEST_F(WideAndDouble, GruGatesAgreeForwardsAndBackwards) {
  const Index h_dim = 5;
  const Pair gi = random(3, 3 * h_dim);
  const Pair gh = random(3, 3 * h_dim);
  const Pair h = random(3, h_dim);
  const Pair d = random(3, h_dim);
  Pair gates = random(3, 3 * h_dim);
  Pair h_new = random(3, h_dim);
  gru_gates<double>(gi.in_double(), gh.in_double(), h.in_double(), view(gates.of_double),
                    view(h_new.of_double));
  gru_gates<Wide>(gi.in_wide(), gh.in_wide(), h.in_wide(), view(gates.of_wide),
                  view(h_new.of_wide));
  expect_near(gates);
  expect_near(h_new);

  Pair d_gi = random(3, 3 * h_dim);
  Pair d_gh = random(3, 3 * h_dim);
  Pair d_h = random(3, h_dim);
  gru_gates_backward<double>(
      gates.in_double(), view(gh.of_double.data() + 2 * h_dim, 3, h_dim, 3 * h_dim), h.in_double(),
      d.in_double(), view(d_gi.of_double), view(d_gh.of_double), view(d_h.of_double));
  gru_gates_backward<Wide>(gates.in_wide(),
                           view(gh.of_wide.data() + 2 * h_dim, 3, h_dim, 3 * h_dim), h.in_wide(),
                           d.in_wide(), view(d_gi.of_wide), view(d_gh.of_wide), view(d_h.of_wide));
  expect_near(d_gi);
  expect_near(d_gh);
  expect_near(d_h);
}

TEST_F(WideAndDouble, MixingProductsAgree) {
  const Pair q = random(4, 3);
  const Pair w = random(4, 3 * 5);
  const Pair d_z = random(4, 5);
  const Pair d = random(4, 1);
  const Pair w2 = random(4, 5);
  for (const MixWeight use : {MixWeight::kPlain, MixWeight::kAbs}) {
    Pair z = random(4, 5);
    mix_agents<double>(q.in_double(), w.in_double(), use, view(z.of_double));
    mix_agents<Wide>(q.in_wide(), w.in_wide(), use, view(z.of_wide));
    expect_near(z);
    Pair d_q = random(4, 3);
    mix_embedding<double>(d_z.in_double(), w.in_double(), use, view(d_q.of_double));
    mix_embedding<Wide>(d_z.in_wide(), w.in_wide(), use, view(d_q.of_wide));
    expect_near(d_q);
    Pair d_w = random(4, 3 * 5);
    mix_outer<double>(q.in_double(), d_z.in_double(), w.in_double(), use, view(d_w.of_double));
    mix_outer<Wide>(q.in_wide(), d_z.in_wide(), w.in_wide(), use, view(d_w.of_wide));
    expect_near(d_w);
    Pair slope = random(4, 5);
    mix_elu_slope<double>(d.in_double(), w2.in_double(), use, z.in_double(), view(slope.of_double));
    mix_elu_slope<Wide>(d.in_wide(), w2.in_wide(), use, z.in_wide(), view(slope.of_wide));
    expect_near(slope);
  }
}

TEST(WideReduce, SumOfSquaresKeepsWhatDoubleLoses) {
  std::vector<Wide> x(40, 0);
  x[3] = 1;
  x[20] = ldexp(Wide(1), -40);
  EXPECT_EQ(sum_of_squares<Wide>(x), 1 + ldexp(Wide(1), -80));
  EXPECT_EQ(sum_of_squares<Wide>({}), 0);
}

// Of numbers and of arrays: the tree of any number of leaves is that of the recursive definition.
TEST(WideReduce, TreeSumsHaveTheOrderOfTheDefinition) {
  std::mt19937_64 rng(6);
  constexpr std::size_t kSize = 300;  // more than a block
  for (const std::size_t n : {0U, 1U, 2U, 3U, 6U, 7U, 13U}) {
    std::vector<std::vector<Wide>> leaves(n, std::vector<Wide>(kSize));
    std::vector<const Wide*> starts;
    std::vector<Wide> firsts;
    for (std::vector<Wide>& leaf : leaves) {
      for (Wide& value : leaf) value = uniform(rng);
      starts.push_back(leaf.data());
      firsts.push_back(leaf[0]);
    }
    std::vector<Wide> sum(kSize, 99);
    std::vector<Wide> expected(kSize, 98);
    tree_sum<Wide>(starts, kSize, sum.data());
    tree_sum_naive<Wide>(starts, kSize, expected.data());
    EXPECT_EQ(sum, expected) << n;
    EXPECT_EQ(tree_sum(firsts), expected[0]) << n;
  }
}

}  // namespace
}  // namespace qtot::math

#endif  // QTOT_WIDE
