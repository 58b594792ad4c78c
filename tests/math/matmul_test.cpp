#include "qtot/math/matmul.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

#include "math/isa.h"
#include "math/matmul_naive.h"

namespace qtot::math {
namespace {

// What the inputs look like: reals of one scale, or a mixture with everything IEEE 754 has.
enum class Values { kPlain, kWild };

template <class T>
T draw(Values values, std::mt19937_64& rng) {
  using Limits = std::numeric_limits<T>;
  const T plain = static_cast<T>(static_cast<double>(rng() >> 11) * 0x1p-52 - 1);
  if (values == Values::kPlain) return plain;
  switch (rng() % 64) {
    case 0:
      return Limits::infinity();
    case 1:
      return -Limits::infinity();
    case 2:
      return Limits::quiet_NaN();
    case 3:
    case 4:
      return -T(0);
    case 5:
      return T(0);
    case 6:
      return Limits::denorm_min() * static_cast<T>(rng() % 1000);
    case 7:
      return -Limits::min() * plain;
    case 8:
      return Limits::max() * plain;
    case 9:
      return T(1);
    default:
      return std::ldexp(plain, static_cast<int>(rng() % 40) - 20);
  }
}

// A matrix inside a larger one, so that rows lie further apart than they are long. Whatever lies
// between is 99 before and must be afterwards.
template <class T>
struct Strided {
  Strided(Index n_rows, Index n_cols, Index gap)
      : rows(n_rows),
        cols(n_cols),
        stride(n_cols + gap),
        storage(static_cast<std::size_t>(n_rows * stride + gap), T(99)) {}

  MatView<T> mutable_view() { return view(storage.data(), rows, cols, stride); }
  ConstMatView<T> const_view() const { return view(storage.data(), rows, cols, stride); }

  Index rows, cols, stride;
  std::vector<T> storage;
};

template <class T>
Strided<T> random_matrix(Index rows, Index cols, Index gap, Values values, std::mt19937_64& rng) {
  Strided<T> m(rows, cols, gap);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) m.mutable_view()(i, j) = draw<T>(values, rng);
  }
  return m;
}

template <class T>
bool same_bits(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

// Empty, or the first difference; gaps between rows count.
template <class T>
std::string difference(const std::vector<T>& fast, const std::vector<T>& naive, Index stride) {
  for (std::size_t i = 0; i < naive.size(); ++i) {
    if (same_bits(fast[i], naive[i])) continue;
    std::ostringstream os;
    os.precision(17);
    os << "[" << static_cast<Index>(i) / stride << ", " << static_cast<Index>(i) % stride
       << "]: " << fast[i] << ", naive " << naive[i];
    return os.str();
  }
  return "";
}

enum class Kind { kNN, kTN, kNT };
enum class Begin { kZero, kBias, kOut };

struct Case {
  Index m, n, depth;
  Kind kind;
  Begin begin;
  Values values;
  Index gap;
};

std::ostream& operator<<(std::ostream& os, const Case& c) {
  return os << "m " << c.m << " n " << c.n << " depth " << c.depth << " kind "
            << static_cast<int>(c.kind) << " begin " << static_cast<int>(c.begin) << " values "
            << static_cast<int>(c.values) << " gap " << c.gap;
}

template <class T>
struct Operands {
  Strided<T> a, b, out;
  std::vector<T> bias;
};

template <class T>
Operands<T> operands(const Case& c, std::mt19937_64& rng) {
  const bool tn = c.kind == Kind::kTN;
  const bool nt = c.kind == Kind::kNT;
  const auto matrix = [&](Index rows, Index cols) {
    return random_matrix<T>(rows, cols, c.gap, c.values, rng);
  };
  Operands<T> x = {matrix(tn ? c.depth : c.m, tn ? c.m : c.depth),
                   matrix(nt ? c.n : c.depth, nt ? c.depth : c.n), matrix(c.m, c.n),
                   std::vector<T>(static_cast<std::size_t>(c.n))};
  for (T& value : x.bias) value = draw<T>(c.values, rng);
  return x;
}

template <class T>
std::vector<T> run(const Case& c, const Operands<T>& x, bool naive) {
  Strided<T> out = x.out;
  const auto a = x.a.const_view();
  const auto b = x.b.const_view();
  const auto o = out.mutable_view();
  const Start start = c.begin == Begin::kOut ? kAccumulate : kFromZero;
  if (c.kind == Kind::kTN) {
    naive ? matmul_tn_naive<T>(a, b, o, start) : matmul_tn<T>(a, b, o, start);
  } else if (c.kind == Kind::kNT) {
    naive ? matmul_nt_naive<T>(a, b, o, start) : matmul_nt<T>(a, b, o, start);
  } else if (c.begin == Begin::kBias) {
    naive ? matmul_bias_naive<T>(a, b, x.bias.data(), o) : matmul_bias<T>(a, b, x.bias.data(), o);
  } else {
    naive ? matmul_naive<T>(a, b, o, start) : matmul<T>(a, b, o, start);
  }
  return out.storage;
}

template <class T>
void expect_fast_equals_naive(const Case& c, std::mt19937_64& rng) {
  const Operands<T> x = operands<T>(c, rng);
  const std::vector<T> naive = run(c, x, true);
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    EXPECT_EQ("", difference(run(c, x, false), naive, x.out.stride)) << name(isa) << ": " << c;
  }
}

template <class T>
class MatmulTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MatmulTest, Scalars);

constexpr Case kForms[] = {
    {0, 0, 0, Kind::kNN, Begin::kZero, {}, 0}, {0, 0, 0, Kind::kNN, Begin::kBias, {}, 0},
    {0, 0, 0, Kind::kNN, Begin::kOut, {}, 0},  {0, 0, 0, Kind::kTN, Begin::kZero, {}, 0},
    {0, 0, 0, Kind::kTN, Begin::kOut, {}, 0},  {0, 0, 0, Kind::kNT, Begin::kZero, {}, 0},
    {0, 0, 0, Kind::kNT, Begin::kOut, {}, 0},
};

TYPED_TEST(MatmulTest, GivesTheBitsOfNaiveAtTheEdgesOfTiles) {
  std::mt19937_64 rng(1);
  const Index edges[] = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129};
  for (const Index m : edges) {
    for (const Index n : edges) {
      for (const Case& form : kForms) {
        Case c = form;
        c.m = m;
        c.n = n;
        c.depth = edges[rng() % std::size(edges)];
        c.gap = static_cast<Index>(rng() % 3);
        expect_fast_equals_naive<TypeParam>(c, rng);
      }
    }
  }
}

TYPED_TEST(MatmulTest, GivesTheBitsOfNaiveForAnyShapeStrideStartAndValue) {
  std::mt19937_64 rng(2);
  for (int trial = 0; trial < 1500; ++trial) {
    Case c = kForms[static_cast<std::size_t>(trial) % std::size(kForms)];
    c.m = static_cast<Index>(rng() % (trial % 3 == 0 ? 12 : 70));
    c.n = static_cast<Index>(rng() % (trial % 5 < 2 ? 22 : 200));
    c.depth = static_cast<Index>(rng() % 60);
    c.gap = static_cast<Index>(rng() % 20);
    c.values = rng() % 2 == 0 ? Values::kPlain : Values::kWild;
    expect_fast_equals_naive<TypeParam>(c, rng);
  }
}

TYPED_TEST(MatmulTest, GivesTheBitsOfNaiveAcrossBlocksOfDepthAndRows) {
  std::mt19937_64 rng(3);
  for (const Index depth : {127, 128, 129, 255, 256, 257, 600}) {
    for (const Case& form : kForms) {
      for (const auto& [m, n] : {std::pair<Index, Index>{3, 70}, {9, 1}, {20, 33}, {64, 9}}) {
        Case c = form;
        c.m = m;
        c.n = n;
        c.depth = depth;
        c.gap = 1;
        expect_fast_equals_naive<TypeParam>(c, rng);
      }
    }
  }
}

// Row lengths of 2^n crowd into few sets of a cache, long ones into many pages: the kernels then
// work on copies, strip by strip.
TYPED_TEST(MatmulTest, GivesTheBitsOfNaiveWhereOperandsAreCopied) {
  std::mt19937_64 rng(7);
  for (const Case& form : kForms) {
    for (const auto& [m, n] :
         {std::pair<Index, Index>{400, 24}, {40, 256}, {33, 512}, {256, 9}, {512, 40}, {31, 256}}) {
      Case c = form;
      c.m = m;
      c.n = n;
      c.depth = 270;
      expect_fast_equals_naive<TypeParam>(c, rng);
    }
  }
  expect_fast_equals_naive<TypeParam>({2100, 40, 130, Kind::kTN, Begin::kOut, Values::kPlain, 1},
                                      rng);
}

// One accumulator and one rounding a term: with a product rounded apart, or two partial sums, these
// would be 0 or differ.
TYPED_TEST(MatmulTest, FusesEachTermInOrder) {
  using T = TypeParam;
  const T tiny = std::numeric_limits<T>::epsilon();
  const std::vector<T> a = {1, 1 + tiny};
  const std::vector<T> b = {-1, 1 - tiny};
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    T out = 0;
    matmul<T>(view(a.data(), 1, 2), view(b.data(), 2, 1), view(&out, 1, 1));
    EXPECT_EQ(out, -tiny * tiny) << name(isa);
  }
}

TYPED_TEST(MatmulTest, RowDoesNotDependOnTheNumberOfRows) {
  using T = TypeParam;
  std::mt19937_64 rng(4);
  const Strided<T> a = random_matrix<T>(40, 64, 0, Values::kPlain, rng);
  const Strided<T> b = random_matrix<T>(64, 27, 0, Values::kPlain, rng);
  Strided<T> together(40, 27, 0);
  matmul<T>(a.const_view(), b.const_view(), together.mutable_view());
  for (Index i = 0; i < 40; ++i) {
    Strided<T> alone(1, 27, 0);
    matmul<T>(rows(a.const_view(), i, 1), b.const_view(), alone.mutable_view());
    for (Index j = 0; j < 27; ++j) {
      EXPECT_EQ(alone.const_view()(0, j), together.const_view()(i, j)) << i << ", " << j;
    }
  }
}

TYPED_TEST(MatmulTest, ColumnSumsGiveTheBitsOfNaive) {
  using T = TypeParam;
  std::mt19937_64 rng(5);
  for (const Index n : {0, 1, 3, 8, 15, 16, 17, 63, 64, 65, 200}) {
    for (const Index depth : {0, 1, 2, 33, 500}) {
      for (const Values values : {Values::kPlain, Values::kWild}) {
        const Strided<T> a = random_matrix<T>(depth, n, n % 4, values, rng);
        const Strided<T> before = random_matrix<T>(1, n, 5, values, rng);
        for (const Start start : {kFromZero, kAccumulate}) {
          Strided<T> naive = before;
          column_sums_naive<T>(a.const_view(), naive.storage.data(), start);
          for (const Isa isa : available_isas()) {
            const ScopedIsa scoped(isa);
            Strided<T> fast = before;
            column_sums<T>(a.const_view(), fast.storage.data(), start);
            EXPECT_EQ("", difference(fast.storage, naive.storage, before.stride))
                << name(isa) << ": " << depth << " x " << n;
          }
        }
      }
    }
  }
}

// Of the baseline level on x86-64 the fma of floats is software: every kind of triple, one by one.
TEST(SoftwareFma, EqualsTheLibrarysForAdversarialTriples) {
  std::mt19937_64 rng(6);
  const ScopedIsa scoped(Isa::kBaseline);
  constexpr Index kBatch = 64;
  const auto any_float = [&rng] { return std::bit_cast<float>(static_cast<std::uint32_t>(rng())); };
  for (int trial = 0; trial < 20000; ++trial) {
    const float a = trial % 2 == 0 ? any_float() : draw<float>(Values::kWild, rng);
    std::vector<float> b(kBatch), c(kBatch), expected(kBatch);
    for (std::size_t l = 0; l < kBatch; ++l) {
      b[l] = l % 3 == 0 ? any_float() : draw<float>(Values::kWild, rng);
      const float minus = -std::fma(a, b[l], 0.0F);
      switch (rng() % 6) {
        case 0:  // exact or nearly exact cancellation
          c[l] = minus;
          break;
        case 1:
          c[l] = std::nextafter(minus, rng() % 2 == 0 ? 1e38F : -1e38F);
          break;
        case 2:  // ties and near ties: half an ulp of the product, and its neighbours
          c[l] = std::ldexp(minus, static_cast<int>(rng() % 5) - 26);
          break;
        case 3:  // the product decides how c is rounded
          c[l] = std::ldexp(minus, static_cast<int>(rng() % 5) + 22);
          break;
        case 4:  // subnormal results
          c[l] = std::numeric_limits<float>::denorm_min() * static_cast<float>(rng() % 5);
          b[l] = std::ldexp(1 / a, -140 - static_cast<int>(rng() % 12));
          break;
        default:
          c[l] = any_float();
      }
      expected[l] = std::fma(a, b[l], c[l]);
    }
    matmul<float>(view(&a, 1, 1), view(std::as_const(b).data(), 1, kBatch),
                  view(c.data(), 1, kBatch), kAccumulate);
    ASSERT_EQ("", difference(c, expected, kBatch)) << std::hexfloat << a << " in trial " << trial;
  }
}

// (1 + i u)(1 - l u) is just below 1 for near i and l, so added to a float of 25 integer bits it lies
// within a few units of double's last place of a tie between two floats, on either side.
TEST(SoftwareFma, RoundsOnceNextToTies) {
  const ScopedIsa scoped(Isa::kBaseline);
  constexpr Index kBatch = 64;
  constexpr float kUlp = 0x1p-23F;
  for (int i = 1; i < 1500; ++i) {
    for (const float odd : {0x1.000002p+24F, -0x1.000002p+24F, 0x1.000004p+24F, 0x1.fffffep+24F}) {
      const float a = 1 + static_cast<float>(i) * kUlp;
      std::vector<float> b(kBatch), c(kBatch, odd), expected(kBatch);
      for (std::size_t l = 0; l < kBatch; ++l) {
        b[l] = 1 - static_cast<float>(i + static_cast<int>(l) - 32) * kUlp;
        expected[l] = std::fma(a, b[l], odd);
      }
      matmul<float>(view(&a, 1, 1), view(std::as_const(b).data(), 1, kBatch),
                    view(c.data(), 1, kBatch), kAccumulate);
      ASSERT_EQ("", difference(c, expected, kBatch)) << i << ", " << odd;
    }
  }
}

// The definition itself, written once for any scalar, against a scalar that records its operations.
struct Trace {
  std::string text;
  Trace() = default;
  explicit Trace(int value) : text(std::to_string(value)) {}
  explicit Trace(std::string what) : text(std::move(what)) {}
};
Trace fma(const Trace& a, const Trace& b, const Trace& c) {
  return Trace("(" + a.text + b.text + "+" + c.text + ")");
}

TEST(MatmulNaive, IsOneChainWithKAscending) {
  std::vector<Trace> a = {Trace("a"), Trace("b"), Trace("c")};
  std::vector<Trace> b = {Trace("x"), Trace("y"), Trace("z")};
  Trace out;
  matmul_naive<Trace>(view<Trace>(std::as_const(a).data(), 1, 3),
                      view<Trace>(std::as_const(b).data(), 3, 1), view(&out, 1, 1), kFromZero);
  EXPECT_EQ(out.text, "(cz+(by+(ax+0)))");
}

TEST(MatmulDeathTest, ShapesThatDoNotFitAbort) {
  std::vector<float> x(100);
  const ConstMatView<float> a = view(std::as_const(x).data(), 2, 3);
  EXPECT_DEATH(matmul<float>(a, a, view(x.data(), 2, 3)), "3 vs 2");
  EXPECT_DEATH(matmul_tn<float>(a, a, view(x.data(), 2, 3)), "2 vs 3");
  EXPECT_DEATH(matmul_nt<float>(a, a, view(x.data(), 2, 2), {Start::kBias}), "bias");
}

}  // namespace
}  // namespace qtot::math
