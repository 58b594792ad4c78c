#include "qtot/math/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "math/mpfr_reference.h"
#include "qtot/base/fingerprint.h"

namespace qtot::math {
namespace {

using test::MpfrReference;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::uint32_t bits(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

// ---- float: the nearest float, which needs no tolerance ------------------------------------------

struct FloatFunction {
  const char* name;
  float (*ours)(float);
};

class CorrectlyRounded : public testing::TestWithParam<FloatFunction> {
 protected:
  // Exhaustive: tools/check_elementary.
  void expect_nearest(float x) {
    if (std::isnan(x)) {
      ASSERT_TRUE(std::isnan(GetParam().ours(x)));
      return;
    }
    const float y = GetParam().ours(x);
    const float nearest = mpfr_.nearest_float(MpfrReference::function(GetParam().name), x);
    ASSERT_EQ(bits(y), bits(nearest)) << std::hexfloat << GetParam().name << "(" << x << ") = " << y
                                      << ", nearest is " << nearest;
  }

  MpfrReference mpfr_;
};

TEST_P(CorrectlyRounded, OnEvery8209thBitPattern) {
  constexpr std::uint64_t kStride = 8209;  // prime, so that all low bits occur
  for (std::uint64_t pattern = 0; pattern <= UINT32_MAX; pattern += kStride) {
    expect_nearest(std::bit_cast<float>(static_cast<std::uint32_t>(pattern)));
    if (HasFatalFailure()) return;
  }
}

// 0, subnormals, where the argument reduction changes n, where results overflow, become subnormal,
// 0, or +-1, where 1 + x and 1/2 + x / 4 are ties, and the limits that the implementation uses.
TEST_P(CorrectlyRounded, AroundSpecialPoints) {
  std::vector<float> points = {0,
                               std::numeric_limits<float>::denorm_min(),
                               std::numeric_limits<float>::min(),
                               std::numeric_limits<float>::max(),
                               0x1p-126F,
                               0x1p-27F,
                               0x1p-26F,
                               0x1p-25F,
                               0x1p-24F,
                               0x1p-23F,
                               0x1p-22F,
                               0x1p-12F,
                               0.5F,
                               1,
                               9.011F,    // tanh becomes 1
                               16.6355F,  // sigmoid becomes 1
                               17.3287F,  // expm1 becomes -1
                               20,        // limits of the implementation
                               40,
                               120,
                               88.72284F,  // exp overflows
                               87.33655F,  // exp becomes subnormal
                               103.9721F,  // exp becomes 0
                               kInf};
  for (int half_n = 1; half_n < 260; ++half_n) {
    points.push_back(static_cast<float>(half_n * 0.34657359027997264));
  }
  constexpr std::uint32_t kNeighbours = 64;
  for (const float point : points) {
    const std::uint32_t first = bits(point) < kNeighbours ? 0 : bits(point) - kNeighbours;
    for (std::uint32_t pattern = first; pattern <= bits(point) + kNeighbours; ++pattern) {
      expect_nearest(std::bit_cast<float>(pattern));
      expect_nearest(-std::bit_cast<float>(pattern));
      if (HasFatalFailure()) return;
    }
  }
}

// sigmoid(x) = 1/2 + x/4 - x^3/48: with x = odd 2^-23 or odd 2^-24 the first two terms lie half way
// between two floats and the third, far below the last bit of a double, decides.
TEST_P(CorrectlyRounded, OnTheTiesOfTheLinearTerm) {
  for (int odd = 1; odd < 4096; odd += 2) {
    for (const int exponent : {-25, -24, -23, -22}) {
      expect_nearest(std::ldexp(static_cast<float>(odd), exponent));
      expect_nearest(-std::ldexp(static_cast<float>(odd), exponent));
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Float, CorrectlyRounded,
                         testing::Values(FloatFunction{"exp", exp}, FloatFunction{"expm1", expm1},
                                         FloatFunction{"tanh", tanh},
                                         FloatFunction{"sigmoid", sigmoid}),
                         [](const auto& p) { return std::string(p.param.name); });

// ---- stated errors ---------------------------------------------------------------------------------

// Arguments of every size from 2^-70 to 2^10, uniform ones up to `range`, and the neighbourhoods of
// multiples of ln2 / 2.
std::vector<double> arguments(double range, std::uint64_t seed, int n = 60000) {
  std::mt19937_64 rng(seed);
  const auto uniform = [&rng] { return static_cast<double>(rng() >> 11) * 0x1p-52 - 1; };
  std::vector<double> x = {0.0, -0.0, 1e-310, -5e-324, 0x1p-54, -0x1p-53, range, -range};
  for (int i = 0; i < n; i += 3) {
    x.push_back(std::ldexp(uniform(), static_cast<int>(rng() % 81) - 70));
    x.push_back(uniform() * range);
    x.push_back(uniform() * 2);
  }
  for (int half_n = -2100; half_n < 2100; half_n += 3) {
    x.push_back(half_n * 0.34657359027997264 * (1 + uniform() * 0x1p-48));
  }
  return x;
}

struct DoubleFunction {
  const char* name;
  double (*ours)(double);
  double range;
  double bound;  // as stated in elementary.h
};

class WithinItsBound : public testing::TestWithParam<DoubleFunction> {};

TEST_P(WithinItsBound, InDouble) {
  const auto [name, ours, range, bound] = GetParam();
  const auto f = MpfrReference::function(name);
  MpfrReference mpfr;
  double worst = 0;
  double worst_x = 0;
  for (const double x : arguments(range, 11)) {
    if (std::abs(x) > range || (ours == static_cast<double (*)(double)>(log1p) && x <= -1) ||
        (ours == static_cast<double (*)(double)>(log) && x <= 0)) {
      continue;
    }
    const double error = mpfr.error_in_ulps(f, x, ours(x));
    if (error > worst) {
      worst = error;
      worst_x = x;
    }
  }
  RecordProperty("worst_ulp", std::to_string(worst));
  EXPECT_LT(worst, bound) << std::hexfloat << name << "(" << worst_x << ")";
  EXPECT_GT(worst, 0.5) << "no rounding of the last place at all: is the comparison right?";
}

double softplus_of_beta_1(double x) {
  return softplus(x, 1.0);
}

INSTANTIATE_TEST_SUITE_P(Double, WithinItsBound,
                         testing::Values(DoubleFunction{"exp", exp, 708, 0.6},
                                         DoubleFunction{"expm1", expm1, 709.78, 0.9},
                                         DoubleFunction{"tanh", tanh, 1e3, 0.8},
                                         DoubleFunction{"sigmoid", sigmoid, 700, 0.6},
                                         DoubleFunction{"log1p", log1p, 1e300, 1},
                                         DoubleFunction{"log", log, 1e300, 1},
                                         DoubleFunction{"softplus", softplus_of_beta_1, 20, 2}),
                         [](const auto& p) { return std::string(p.param.name); });

TEST(Exp, IsWithinOneUlpWhereTheResultIsSubnormal) {
  const auto f = MpfrReference::function("exp");
  MpfrReference mpfr;
  for (double x = -746; x < -708; x += 0x1.03p-7) {
    ASSERT_LT(mpfr.error_in_ulps(f, x, exp(x)), 1) << x;
  }
}

template <class T>
double worst_softplus(T beta, std::uint64_t seed) {
  const auto f = MpfrReference::function("softplus");
  MpfrReference mpfr;
  double worst = 0;
  for (const double wide : arguments(20, seed, 9000)) {
    const T x = static_cast<T>(wide / static_cast<double>(beta));
    if (std::abs(wide) > 19.99) continue;
    const double error = mpfr.error_in_ulps(f, x, softplus(x, beta), beta);
    worst = error > worst ? error : worst;
  }
  return worst;
}

TEST(Softplus, IsWithinItsBoundForEveryBeta) {
  for (const float beta : {0.1F, 1.0F, 1.7F, 10.0F}) {
    EXPECT_LT(worst_softplus<float>(beta, 12), 0.51) << beta;
    EXPECT_LT(worst_softplus<double>(beta, 13), 4) << beta;
  }
}

TEST(Softplus, IsItsArgumentBeyondThresholdAndVanishesFarBelow) {
  EXPECT_EQ(softplus(20.5F), 20.5F);
  EXPECT_EQ(softplus(10.5, 2.0), 10.5);
  EXPECT_GT(softplus(20.0F, 1.0F), 20.0F - 0x1p-18F);
  EXPECT_NE(softplus(20.0, 1.0), 20.0);
  EXPECT_EQ(softplus(kInf), kInf);
  EXPECT_EQ(softplus(-kInf), 0.0F);
  EXPECT_EQ(softplus(-std::numeric_limits<double>::infinity(), 3.0), 0.0);
  EXPECT_EQ(softplus(-1e308, 1e10), 0.0);
  EXPECT_TRUE(std::isnan(softplus(kNan)));
  EXPECT_TRUE(std::isnan(softplus(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Log1p, OfFloatIsWithinItsBound) {
  const auto f = MpfrReference::function("log1p");
  MpfrReference mpfr;
  for (const double wide : arguments(1e30, 14)) {
    const auto x = static_cast<float>(wide);
    if (x <= -1) continue;
    ASSERT_LT(mpfr.error_in_ulps(f, x, log1p(x)), 0.501) << x;
  }
}

TEST(Log1p, HasItsSingularities) {
  EXPECT_EQ(log1p(-1.0), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(log1p(-1.5)));
  EXPECT_TRUE(std::isnan(log1p(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(log1p(kInf), kInf);
  EXPECT_TRUE(std::signbit(log1p(-0.0)));
  EXPECT_EQ(log1p(std::numeric_limits<double>::denorm_min()),
            std::numeric_limits<double>::denorm_min());
}

TEST(Log, HasItsSingularities) {
  EXPECT_EQ(log(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log(1.0), 0);
  EXPECT_TRUE(std::isnan(log(-1.0)));
  EXPECT_TRUE(std::isnan(log(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(log(std::numeric_limits<double>::infinity()), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(log(std::numeric_limits<double>::denorm_min()), -744.4400719213812, 1e-12);
}

TEST(Pow, IsWithinItsBound) {
  for (double x = 1e-9; x < 1e9; x *= 1.37) {
    for (const double y : {-1.0, -0.4, 0.0, 0.24, 0.6, 1.0, 2.5}) {
      const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
      const double bound = 0x1p-52 * (1 + 2 * std::abs(y * log(x)));
      EXPECT_LE(std::abs(static_cast<long double>(pow(x, y)) / exact - 1), bound) << x << " " << y;
    }
  }
  EXPECT_EQ(pow(1.0, -0.7), 1);
  EXPECT_EQ(pow(17.0, 0.0), 1);
}

// ---- special values --------------------------------------------------------------------------------

template <class T>
class Specials : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Specials, Scalars);

TYPED_TEST(Specials, InfinitiesZerosAndNan) {
  using T = TypeParam;
  constexpr T inf = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  constexpr T tiny = std::numeric_limits<T>::denorm_min();

  EXPECT_EQ(exp(inf), inf);
  EXPECT_EQ(exp(-inf), T(0));
  EXPECT_EQ(exp(T(1000)), inf);
  EXPECT_EQ(exp(T(-1000)), T(0));
  EXPECT_EQ(exp(T(-0.0)), T(1));
  EXPECT_EQ(expm1(inf), inf);
  EXPECT_EQ(expm1(-inf), T(-1));
  EXPECT_EQ(expm1(T(1000)), inf);
  EXPECT_EQ(tanh(inf), T(1));
  EXPECT_EQ(tanh(-inf), T(-1));
  EXPECT_EQ(sigmoid(inf), T(1));
  EXPECT_EQ(sigmoid(-inf), T(0));
  EXPECT_EQ(sigmoid(T(-0.0)), T(0.5));
  for (const T x : {T(0), T(-0.0), tiny, -tiny}) {
    EXPECT_EQ(expm1(x), x);
    EXPECT_EQ(tanh(x), x);
    EXPECT_EQ(std::signbit(expm1(x)), std::signbit(x));
    EXPECT_EQ(std::signbit(tanh(x)), std::signbit(x));
  }
  for (T (*f)(T) :
       {static_cast<T (*)(T)>(exp), static_cast<T (*)(T)>(expm1), static_cast<T (*)(T)>(tanh),
        static_cast<T (*)(T)>(sigmoid), static_cast<T (*)(T)>(elu), static_cast<T (*)(T)>(abs),
        static_cast<T (*)(T)>(sqrt)}) {
    EXPECT_TRUE(std::isnan(f(nan)));
  }
}

TYPED_TEST(Specials, ReluEluAbsAndSqrtAtTheirKinks) {
  using T = TypeParam;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  for (const T x : {T(-0.0), T(-3), nan}) EXPECT_EQ(std::signbit(relu(x)), false) << x;
  EXPECT_EQ(relu(nan), T(0));
  EXPECT_EQ(relu(T(-3)), T(0));
  EXPECT_EQ(relu(T(3)), T(3));
  EXPECT_EQ(elu(T(3)), T(3));
  EXPECT_EQ(elu(T(-0.5)), expm1(T(-0.5)));
  EXPECT_TRUE(std::signbit(elu(T(-0.0))));
  EXPECT_EQ(elu(-std::numeric_limits<T>::infinity()), T(-1));
  EXPECT_FALSE(std::signbit(abs(T(-0.0))));
  EXPECT_EQ(abs(T(-3)), T(3));
  EXPECT_EQ(sqrt(T(9)), T(3));
  EXPECT_TRUE(std::isnan(sqrt(T(-1))));
  EXPECT_TRUE(std::signbit(sqrt(T(-0.0))));
}

TYPED_TEST(Specials, FmaRoundsOnce) {
  using T = TypeParam;
  constexpr T e = std::numeric_limits<T>::epsilon();
  EXPECT_EQ(fma(T(1) + e, T(1) - e, T(-1)), -e * e);
  EXPECT_EQ(fma(std::numeric_limits<T>::max(), T(2), -std::numeric_limits<T>::max()),
            std::numeric_limits<T>::max());
}

// ---- slopes ----------------------------------------------------------------------------------------

TYPED_TEST(Specials, SlopesAtTheKinksAreThoseOfPyTorch) {
  using T = TypeParam;
  EXPECT_EQ(relu_slope(T(0)), T(0));
  EXPECT_EQ(relu_slope(T(2)), T(1));
  EXPECT_EQ(relu_slope(T(-2)), T(0));
  EXPECT_EQ(elu_slope(T(0), elu(T(0))), T(1));
  EXPECT_EQ(elu_slope(T(2), elu(T(2))), T(1));
  EXPECT_EQ(abs_slope(T(0)), T(0));
  EXPECT_EQ(abs_slope(T(-0.0)), T(0));
  EXPECT_EQ(abs_slope(T(2)), T(1));
  EXPECT_EQ(abs_slope(T(-2)), T(-1));
  EXPECT_EQ(softplus_slope(T(20.5), T(1)), T(1));
  EXPECT_LT(softplus_slope(T(2), T(1)), T(1));
}

// Values and slopes are of size 1, and each slope takes two or three roundings of such numbers.
TYPED_TEST(Specials, SlopesEqualDifferencesOfTheExactFunctions) {
  using T = TypeParam;
  const double tolerance = 4 * static_cast<double>(std::numeric_limits<T>::epsilon());
  MpfrReference mpfr;
  const auto slope = [&mpfr](const char* name, T x, T beta = 1) {
    return mpfr.slope(MpfrReference::function(name), static_cast<double>(x),
                      static_cast<double>(beta));
  };
  for (T x = -6; x < 6; x += T(0.109375)) {
    EXPECT_NEAR(tanh_slope(tanh(x)), slope("tanh", x), tolerance) << x;
    EXPECT_NEAR(sigmoid_slope(sigmoid(x)), slope("sigmoid", x), tolerance) << x;
    EXPECT_NEAR(elu_slope(x, elu(x)), x > 0 ? 1 : slope("expm1", x), tolerance) << x;
    EXPECT_NEAR(softplus_slope(x, T(1.5)), slope("softplus", x, T(1.5)), tolerance) << x;
  }
}

// ---- the bits of double, frozen --------------------------------------------------------------------

// In double the algorithm is the definition, so its bits are part of every fingerprint. Whoever
// changes them says so in the commit.
TEST(Double, HasTheBitsItAlwaysHad) {
  FingerprintHasher hasher;
  for (int i = -4000; i <= 4000; ++i) {
    const double x = i * 0x1.93p-8;
    for (double (*f)(double) :
         {static_cast<double (*)(double)>(exp), static_cast<double (*)(double)>(expm1),
          static_cast<double (*)(double)>(tanh), static_cast<double (*)(double)>(sigmoid)}) {
      hasher.add(f(x));
      hasher.add(f(x * 30));
    }
    hasher.add(log1p(x * x));
    hasher.add(softplus(x, 1.25));
  }
  EXPECT_EQ(hasher.finish().hex(), "cb342962ac7b6db8094f8aeac6b1fdb4");
}

}  // namespace
}  // namespace qtot::math
