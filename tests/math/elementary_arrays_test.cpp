#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "math/isa.h"
#include "qtot/math/elementary.h"

namespace qtot::math {
namespace {

template <class T>
struct ArrayFunction {
  const char* name;
  T (*scalar)(T);
  void (*array)(std::span<const T>, std::span<T>);
};

template <class T>
std::vector<ArrayFunction<T>> array_functions() {
  return {{"exp", exp, exp<T>},    {"expm1", expm1, expm1<T>},
          {"tanh", tanh, tanh<T>}, {"sigmoid", sigmoid, sigmoid<T>},
          {"relu", relu, relu<T>}, {"elu", elu, elu<T>}};
}

// NaNs are all alike; any other value stands for its bits.
template <class T>
bool same(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

// Bit patterns at random, moderate numbers, and everything special.
template <class T>
std::vector<T> inputs(std::size_t n) {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 rng(21);
  std::vector<T> x = {T(0),
                      T(-0.0),
                      Limits::infinity(),
                      -Limits::infinity(),
                      Limits::max(),
                      Limits::lowest(),
                      Limits::min(),
                      Limits::denorm_min(),
                      T(1),
                      -Limits::denorm_min(),
                      Limits::quiet_NaN(),
                      T(-745.1),
                      T(709.7),
                      T(-103.9),
                      T(88.7),
                      T(20)};
  while (x.size() < n) {
    const auto pattern = std::bit_cast<T>(static_cast<Bits>(rng()));
    const auto moderate = static_cast<T>(static_cast<double>(rng() >> 11) * 0x1p-48 - 16);
    x.push_back(rng() % 2 == 0 ? moderate : pattern);
  }
  x.resize(n);
  return x;
}

// Numbers that registers can do by themselves (kernels/sigmoid_tanh.h), among them some that are all but
// half way between two floats, where its sums without their bounds would be rounded to the wrong side.
std::vector<float> moderate_inputs(std::size_t n) {
  constexpr std::size_t kRegister = 16;
  std::vector<float> x;
  for (const float hard :
       {0x1.8p-22F, 0x1.7p-19F, 0x1.5cp-17F, 0x1.5bebf4p-1F, -0x1.c00b2p+0F, 0x1.000002p-26F,
        0x1.00067ap-26F, 0x1.103b0ep-26F, 0x1.29cc9ep-26F, -0x1.d3ca12p+3F, 0x1.8bf7p-7F}) {
    x.insert(x.end(), kRegister, hard);
  }
  std::mt19937_64 rng(22);
  while (x.size() < n) {
    const double scale = std::ldexp(15.9, -static_cast<int>(rng() % 8));
    x.push_back(static_cast<float>((static_cast<double>(rng() >> 11) * 0x1p-52 - 1) * scale));
  }
  return x;
}

template <class T>
void expect_bits_of_the_scalar(const ArrayFunction<T>& f, const std::vector<T>& x) {
  std::vector<T> expected(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) expected[i] = f.scalar(x[i]);
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    std::vector<T> y(x.size());
    f.array(x, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(same(y[i], expected[i]))
          << std::hexfloat << f.name << "(" << x[i] << ") = " << y[i] << " at " << name(isa)
          << ", the scalar gives " << expected[i];
    }
  }
}

template <class T>
class ElementaryArrays : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ElementaryArrays, Scalars);

TYPED_TEST(ElementaryArrays, HaveTheBitsOfTheScalarsAtEveryLevel) {
  using T = TypeParam;
  const std::vector<T> x = inputs<T>(20001);
  for (const auto& f : array_functions<T>()) expect_bits_of_the_scalar(f, x);
}

TEST(ElementaryArraysOfFloat, HaveTheBitsOfTheScalarsWhereRegistersDoThemAlone) {
  const std::vector<float> x = moderate_inputs(300000);
  for (const auto& f : array_functions<float>()) expect_bits_of_the_scalar(f, x);
}

TYPED_TEST(ElementaryArrays, WriteEveryElementAndNoOtherForEverySizeAndOffset) {
  using T = TypeParam;
  constexpr T kUntouched = 99;
  const std::vector<T> x = inputs<T>(80);
  for (const auto& f : array_functions<T>()) {
    for (const Isa isa : available_isas()) {
      const ScopedIsa scoped(isa);
      for (std::size_t n = 0; n <= 67; ++n) {
        const std::size_t offset = n % 5;
        std::vector<T> y(80, kUntouched);
        f.array(std::span<const T>(x).subspan(offset + 1, n), std::span<T>(y).subspan(offset, n));
        for (std::size_t i = 0; i < y.size(); ++i) {
          const bool inside = i >= offset && i < offset + n;
          ASSERT_TRUE(same(y[i], inside ? f.scalar(x[i + 1]) : kUntouched))
              << f.name << " at " << name(isa) << ", size " << n << ", element " << i;
        }
      }
    }
  }
}

TYPED_TEST(ElementaryArrays, MayOverwriteTheirInput) {
  using T = TypeParam;
  const std::vector<T> x = inputs<T>(333);
  for (const auto& f : array_functions<T>()) {
    for (const Isa isa : available_isas()) {
      const ScopedIsa scoped(isa);
      std::vector<T> y = x;
      f.array(y, y);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_TRUE(same(y[i], f.scalar(x[i]))) << f.name << " at " << name(isa) << ": " << i;
      }
    }
  }
}

TEST(ElementaryArraysDeathTest, RefuseSizesThatDiffer) {
  const std::vector<float> x(3);
  std::vector<float> y(4);
  EXPECT_DEATH(tanh<float>(x, y), "3 vs 4");
}

TYPED_TEST(ElementaryArrays, ReluBackwardKeepsWhatLiesBehindPositiveValuesAtEveryLevel) {
  using T = TypeParam;
  const std::vector<T> y = inputs<T>(2001);
  std::vector<T> d = inputs<T>(2004);
  d.erase(d.begin(), d.begin() + 3);  // another special value behind each
  std::vector<T> expected = d;
  for (std::size_t i = 0; i < y.size(); ++i) expected[i] = y[i] > T(0) ? d[i] : T(0);
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    std::vector<T> found = d;
    relu_backward<T>(std::span<const T>(y), std::span<T>(found));
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_TRUE(same(found[i], expected[i])) << name(isa) << ": " << y[i] << ", " << d[i];
    }
  }
}

}  // namespace
}  // namespace qtot::math
