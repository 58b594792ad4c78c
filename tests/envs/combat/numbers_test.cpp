// The arithmetic of `rules: compat`: what numpy holds as float32 is rounded after every operation. Operands are read
// from volatile memory, so that the compiler folds nothing: GCC 12 vectorises pairs of double -> float -> double
// roundings away, which is why the operations are done in float.

#include "envs/combat/numbers.h"
#include "qtot/math/elementary.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace qtot::envs::combat {
namespace {

float runtime(float x) {
  volatile float copy = x;
  return copy;
}

double wide(float x) {
  return static_cast<double>(x);
}

// Out of line and through memory, where the compiler sees a pair and may vectorise it.
[[gnu::noinline]] MixedVec sum(const MixedVec& a, const MixedVec& b) {
  return a + b;
}
[[gnu::noinline]] MixedVec difference(const MixedVec& a, const MixedVec& b) {
  return a - b;
}
[[gnu::noinline]] MixedVec product(const MixedVec& a, const Mixed& s) {
  return a * s;
}
[[gnu::noinline]] MixedVec quotient(const MixedVec& a, const Mixed& s) {
  return a / s;
}

struct Operands {
  float ax, ay, bx, by;
};

std::vector<Operands> operands() {
  std::vector<Operands> list = {{1.0F, 0.1F, 3.0F, 0.7F}, {16777216.0F, 0.1F, 1.0F, 1e-8F}};
  std::uint32_t state =
      12345;  // of a linear congruential generator: any spread of mantissas will do
  const auto next = [&state] {
    state = state * 1664525U + 1013904223U;
    return runtime(static_cast<float>(state >> 8U) / 1048576.0F + 0.015625F);
  };
  for (int i = 0; i < 1000; ++i) {
    const float ax = next(), ay = next(), bx = next(), by = next();
    list.push_back({ax, ay, bx, by});
  }
  return list;
}

// One expected float per lane.
void expect_lanes(const MixedVec& v, float x, float y) {
  EXPECT_TRUE(v.is_single);
  EXPECT_EQ(v.x, wide(x));
  EXPECT_EQ(v.y, wide(y));
}

TEST(CombatNumbers, PairsOfSinglesAreRoundedInBothLanes) {
  for (const Operands& o : operands()) {
    const MixedVec a = singles(runtime(o.ax), runtime(o.ay));
    const MixedVec b = singles(runtime(o.bx), runtime(o.by));
    expect_lanes(sum(a, b), runtime(o.ax) + runtime(o.bx), runtime(o.ay) + runtime(o.by));
    expect_lanes(difference(a, b), runtime(o.ax) - runtime(o.bx), runtime(o.ay) - runtime(o.by));
    const Mixed s(0.3);  // a Python number is rounded to the array's type first
    expect_lanes(product(a, s), runtime(o.ax) * runtime(0.3F), runtime(o.ay) * runtime(0.3F));
    expect_lanes(quotient(a, s), runtime(o.ax) / runtime(0.3F), runtime(o.ay) / runtime(0.3F));
    const float xx = runtime(runtime(o.ax) * runtime(o.bx));
    const float yy = runtime(runtime(o.ay) * runtime(o.by));
    EXPECT_TRUE(inner(a, b).is_single);
    EXPECT_EQ(inner(a, b).value, wide(xx + yy));
    const float xy = runtime(runtime(o.ax) * runtime(o.by));
    const float yx = runtime(runtime(o.ay) * runtime(o.bx));
    EXPECT_EQ(det(a, b).value, wide(xy - yx));
  }
}

TEST(CombatNumbers, SinglesAreRoundedAfterEveryOperation) {
  for (const Operands& o : operands()) {
    const Mixed a = single(runtime(o.ax));
    const Mixed b = single(runtime(o.bx));
    EXPECT_EQ((a + b).value, wide(runtime(o.ax) + runtime(o.bx)));
    EXPECT_EQ((a - b).value, wide(runtime(o.ax) - runtime(o.bx)));
    EXPECT_EQ((a * b).value, wide(runtime(o.ax) * runtime(o.bx)));
    EXPECT_EQ((a / b).value, wide(runtime(o.ax) / runtime(o.bx)));
    EXPECT_EQ(root(a).value, wide(math::sqrt(runtime(o.ax))));
    EXPECT_TRUE((a + b).is_single && (a - b).is_single && (a * b).is_single && (a / b).is_single);
    EXPECT_TRUE(root(a).is_single && (-a).is_single);
  }
}

// numpy 1.24: float32 with a Python number or a float64 gives float64, but an array of float32 stays one under a
// scalar.
TEST(CombatNumbers, ADoubleWidensAScalarButNotAnArray) {
  const float third = runtime(1.0F) / runtime(3.0F);
  const Mixed sum = single(third) + Mixed(0.1);
  EXPECT_FALSE(sum.is_single);
  EXPECT_EQ(sum.value, wide(third) + 0.1);
  EXPECT_FALSE(root(Mixed(2.0)).is_single);
  EXPECT_EQ(root(Mixed(2.0)).value, math::sqrt(2.0));

  const MixedVec a = singles(third, third);
  EXPECT_TRUE((a * Mixed(0.1)).is_single);
  const MixedVec b = {0.1, 0.2, false};
  EXPECT_FALSE((a + b).is_single);
  EXPECT_EQ((a + b).x, wide(third) + 0.1);
  EXPECT_EQ((b - a).y, 0.2 - wide(third));
  EXPECT_FALSE(inner(a, b).is_single);
  EXPECT_FALSE(make_vec(single(third), Mixed(0.1)).is_single);
  EXPECT_TRUE(make_vec(single(third), single(third)).is_single);
}

TEST(CombatNumbers, NormalisingSinglesStaysSingle) {
  const MixedVec a = singles(runtime(3.0F), runtime(4.0F));
  expect_lanes(normalised(a), runtime(3.0F) / runtime(5.0F), runtime(4.0F) / runtime(5.0F));
}

}  // namespace
}  // namespace qtot::envs::combat
