#include "qtot/math/gru_gates.h"

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

constexpr double kUntouched = 99;

// A matrix whose rows lie `gap` elements further apart than they are long.
template <class T>
struct Block {
  Block(Index n_rows, Index n_cols, Index gap)
      : rows(n_rows),
        cols(n_cols),
        stride(n_cols + gap),
        storage(static_cast<std::size_t>(n_rows * stride), T(kUntouched)) {}

  MatView<T> out() { return view(storage.data(), rows, cols, stride); }
  ConstMatView<T> in() const { return view(storage.data(), rows, cols, stride); }

  Index rows, cols, stride;
  std::vector<T> storage;
};

// Gaps hold kUntouched, so that a result that reads or writes them is another.
template <class T>
bool same(const Block<T>& a, const Block<T>& b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  for (std::size_t i = 0; i < a.storage.size(); ++i) {
    const T x = a.storage[i];
    const T y = b.storage[i];
    const bool both_nan = std::isnan(x) && std::isnan(y);
    if (!both_nan && std::bit_cast<Bits>(x) != std::bit_cast<Bits>(y)) return false;
  }
  return a.storage.size() == b.storage.size();
}

template <class T>
Block<T> random_block(Index rows, Index cols, Index gap, bool wild, std::mt19937_64& rng) {
  using Limits = std::numeric_limits<T>;
  constexpr T kSpecial[] = {Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            T(0),
                            T(-0.0),
                            Limits::denorm_min(),
                            Limits::max(),
                            T(-200)};
  Block<T> block(rows, cols, gap);
  auto values = block.out();
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      values(i, j) = static_cast<T>(static_cast<double>(rng() >> 11) * 0x1p-50 - 4);
      if (wild && rng() % 8 == 0) values(i, j) = kSpecial[rng() % std::size(kSpecial)];
    }
  }
  return block;
}

struct Shape {
  Index rows, width, gap;
};

constexpr Shape kShapes[] = {{0, 4, 0},  {3, 0, 2},   {1, 1, 0},  {2, 3, 1},   {3, 7, 5},
                             {1, 8, 0},  {2, 15, 3},  {2, 16, 0}, {3, 17, 16}, {2, 31, 0},
                             {5, 64, 0}, {4, 64, 11}, {2, 96, 0}, {2, 100, 4}};

template <class T>
class GruGates : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(GruGates, Scalars);

TYPED_TEST(GruGates, FusedForwardHasTheBitsOfNaiveAtEveryLevel) {
  using T = TypeParam;
  std::mt19937_64 rng(31);
  for (const auto [rows, width, gap] : kShapes) {
    for (const bool wild : {false, true}) {
      const auto gi = random_block<T>(rows, 3 * width, gap, wild, rng);
      const auto gh = random_block<T>(rows, 3 * width, gap + 1, wild, rng);
      const auto h = random_block<T>(rows, width, gap + 2, wild, rng);
      Block<T> gates(rows, 3 * width, gap + 3);
      Block<T> h_new(rows, width, gap);
      gru_gates_naive<T>(gi.in(), gh.in(), h.in(), gates.out(), h_new.out());

      for (const Isa isa : available_isas()) {
        const ScopedIsa scoped(isa);
        Block<T> fast_gates(rows, 3 * width, gap + 3);
        Block<T> fast_h_new(rows, width, gap);
        gru_gates<T>(gi.in(), gh.in(), h.in(), fast_gates.out(), fast_h_new.out());
        EXPECT_TRUE(same(fast_gates, gates)) << name(isa) << ", " << rows << " x " << width;
        EXPECT_TRUE(same(fast_h_new, h_new)) << name(isa) << ", " << rows << " x " << width;

        Block<T> in_place = h;
        gru_gates<T>(gi.in(), gh.in(), in_place.in(), fast_gates.out(), in_place.out());
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < width; ++j) {
            const T expected = h_new.in()(i, j);
            const T found = in_place.in()(i, j);
            EXPECT_TRUE(found == expected || (std::isnan(found) && std::isnan(expected)));
          }
        }
      }
    }
  }
}

TYPED_TEST(GruGates, FusedBackwardHasTheBitsOfNaiveAtEveryLevel) {
  using T = TypeParam;
  std::mt19937_64 rng(32);
  for (const auto [rows, width, gap] : kShapes) {
    for (const bool wild : {false, true}) {
      const auto gates = random_block<T>(rows, 3 * width, gap, wild, rng);
      const auto gh_n = random_block<T>(rows, width, gap + 1, wild, rng);
      const auto h = random_block<T>(rows, width, gap + 2, wild, rng);
      const auto d = random_block<T>(rows, width, gap, wild, rng);
      Block<T> d_gi(rows, 3 * width, gap), d_gh(rows, 3 * width, gap + 4), d_h(rows, width, gap);
      gru_gates_backward_naive<T>(gates.in(), gh_n.in(), h.in(), d.in(), d_gi.out(), d_gh.out(),
                                  d_h.out());

      for (const Isa isa : available_isas()) {
        const ScopedIsa scoped(isa);
        Block<T> fast_gi(rows, 3 * width, gap), fast_gh(rows, 3 * width, gap + 4);
        Block<T> fast_h = d;  // in place
        gru_gates_backward<T>(gates.in(), gh_n.in(), h.in(), fast_h.in(), fast_gi.out(),
                              fast_gh.out(), fast_h.out());
        EXPECT_TRUE(same(fast_gi, d_gi)) << name(isa) << ", " << rows << " x " << width;
        EXPECT_TRUE(same(fast_gh, d_gh)) << name(isa) << ", " << rows << " x " << width;
        EXPECT_TRUE(same(fast_h, d_h)) << name(isa) << ", " << rows << " x " << width;
      }
    }
  }
}

// The naive twin against the equations, written once more with the C library.
TEST(GruGatesNaive, FollowsTheEquations) {
  constexpr Index kWidth = 5;
  std::mt19937_64 rng(33);
  const auto gi = random_block<double>(2, 3 * kWidth, 0, false, rng);
  const auto gh = random_block<double>(2, 3 * kWidth, 0, false, rng);
  const auto h = random_block<double>(2, kWidth, 0, false, rng);
  Block<double> gates(2, 3 * kWidth, 0), h_new(2, kWidth, 0);
  gru_gates_naive<double>(gi.in(), gh.in(), h.in(), gates.out(), h_new.out());

  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  constexpr double kRounding = 1e-14;  // a dozen roundings of numbers below 10
  for (Index i = 0; i < 2; ++i) {
    for (Index j = 0; j < kWidth; ++j) {
      const auto at = [&](const Block<double>& x, Index block) {
        return x.in()(i, block * kWidth + j);
      };
      const double r = logistic(at(gi, 0) + at(gh, 0));
      const double z = logistic(at(gi, 1) + at(gh, 1));
      const double n = std::tanh(at(gi, 2) + r * at(gh, 2));
      EXPECT_NEAR(at(gates, 0), r, kRounding);
      EXPECT_NEAR(at(gates, 1), z, kRounding);
      EXPECT_NEAR(at(gates, 2), n, kRounding);
      EXPECT_NEAR(at(h_new, 0), (1 - z) * n + z * h.in()(i, j), kRounding);
    }
  }
}

// L = sum of weight * h'; every input is moved by +-step in turn.
TEST(GruGatesNaive, BackwardEqualsCentralDifferences) {
  constexpr Index kWidth = 4;
  constexpr double kStep = 1e-5;
  constexpr double kTolerance = 1e-9;  // step^2 times third derivatives of size 1, rounding / step
  std::mt19937_64 rng(34);
  auto gi = random_block<double>(1, 3 * kWidth, 0, false, rng);
  auto gh = random_block<double>(1, 3 * kWidth, 0, false, rng);
  auto h = random_block<double>(1, kWidth, 0, false, rng);
  const auto weight = random_block<double>(1, kWidth, 0, false, rng);
  Block<double> gates(1, 3 * kWidth, 0), h_new(1, kWidth, 0);
  const auto loss = [&] {
    gru_gates_naive<double>(gi.in(), gh.in(), h.in(), gates.out(), h_new.out());
    double sum = 0;
    for (Index j = 0; j < kWidth; ++j) sum += weight.in()(0, j) * h_new.in()(0, j);
    return sum;
  };
  const auto difference = [&](Block<double>& x, Index j) {
    const double before = x.out()(0, j);
    x.out()(0, j) = before + kStep;
    const double above = loss();
    x.out()(0, j) = before - kStep;
    const double below = loss();
    x.out()(0, j) = before;
    return (above - below) / (2 * kStep);
  };

  loss();
  Block<double> d_gi(1, 3 * kWidth, 0), d_gh(1, 3 * kWidth, 0), d_h(1, kWidth, 0);
  const auto gh_n = view(std::as_const(gh).storage.data() + 2 * kWidth, 1, kWidth);
  gru_gates_backward_naive<double>(gates.in(), gh_n, h.in(), weight.in(), d_gi.out(), d_gh.out(),
                                   d_h.out());
  for (Index j = 0; j < 3 * kWidth; ++j) {
    EXPECT_NEAR(d_gi.in()(0, j), difference(gi, j), kTolerance) << "gi " << j;
    EXPECT_NEAR(d_gh.in()(0, j), difference(gh, j), kTolerance) << "gh " << j;
  }
  for (Index j = 0; j < kWidth; ++j) {
    EXPECT_NEAR(d_h.in()(0, j), difference(h, j), kTolerance) << "h " << j;
  }
}

TYPED_TEST(GruGates, ClosedUpdateGateKeepsTheHiddenStateOfAnyRow) {
  using T = TypeParam;
  std::mt19937_64 rng(35);
  const auto h = random_block<T>(3, 20, 0, false, rng);
  Block<T> gi(3, 60, 0), gh(3, 60, 0), gates(3, 60, 0), h_new(3, 20, 0);
  for (T& x : gh.storage) x = 0;
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 60; ++j) gi.out()(i, j) = j >= 20 && j < 40 ? T(100) : T(0);
  }
  gru_gates<T>(gi.in(), gh.in(), h.in(), gates.out(), h_new.out());
  EXPECT_EQ(h_new.storage, h.storage);
}

TEST(GruGatesDeathTest, RefuseBlocksThatAreNotThreeTimesAsWideAsTheHiddenState) {
  Block<float> wide(2, 12, 0), narrow(2, 4, 0), wrong(2, 8, 0);
  EXPECT_DEATH(gru_gates<float>(wrong.in(), wide.in(), narrow.in(), wide.out(), narrow.out()),
               "8 vs 12");
}

}  // namespace
}  // namespace qtot::math
