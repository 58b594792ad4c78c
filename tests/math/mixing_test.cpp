#include "qtot/math/mixing.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "math/isa.h"

namespace qtot::math {
namespace {

constexpr Index kGap = 3;  // rows lie further apart than they are long

// A matrix inside a larger one. Whatever lies between the rows is 99 and must stay so.
template <class T>
struct Strided {
  Strided(Index n_rows, Index n_cols)
      : rows(n_rows),
        cols(n_cols),
        storage(static_cast<std::size_t>(n_rows * (n_cols + kGap)), T(99)) {}

  MatView<T> mutable_view() { return view(storage.data(), rows, cols, cols + kGap); }
  ConstMatView<T> const_view() const { return view(storage.data(), rows, cols, cols + kGap); }

  Index rows, cols;
  std::vector<T> storage;
};

// Mostly reals of one scale; now and then what IEEE 754 has besides.
template <class T>
T draw(std::mt19937_64& rng) {
  using Limits = std::numeric_limits<T>;
  const T plain = static_cast<T>(static_cast<double>(rng() >> 11) * 0x1p-52 - 1);
  switch (rng() % 1024) {  // seldom enough that most sums stay finite
    case 0:
      return Limits::infinity();
    case 1:
      return Limits::quiet_NaN();
    case 2:
      return Limits::max() * plain;
    default:
      break;
  }
  switch (rng() % 16) {
    case 0:
      return T(0);
    case 1:
      return -T(0);
    case 2:
      return Limits::denorm_min() * static_cast<T>(rng() % 1000);
    default:
      return std::ldexp(plain, static_cast<int>(rng() % 40) - 20);
  }
}

template <class T>
Strided<T> random_matrix(Index rows, Index cols, std::mt19937_64& rng) {
  Strided<T> m(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) m.mutable_view()(i, j) = draw<T>(rng);
  }
  return m;
}

// NaN equals NaN: its payload and sign are not part of the contract.
template <class T>
bool same_bits(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

template <class T>
bool same_bits(const Strided<T>& a, const Strided<T>& b) {
  for (std::size_t i = 0; i < a.storage.size(); ++i) {
    if (!same_bits(a.storage[i], b.storage[i])) return false;
  }
  return a.storage.size() == b.storage.size();
}

struct Shape {
  Index rows, n_agents, embed_dim;
};

// Around the widths of all vectors and of the blocks of four agents, and the degenerate sizes.
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const Index rows : {0, 1, 3, 4, 7, 8, 15, 16, 17, 33}) {
    for (const Index n_agents : {0, 1, 2, 3, 4, 5, 8}) {
      for (const Index embed_dim : {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 32, 37}) {
        all.push_back({rows, n_agents, embed_dim});
      }
    }
  }
  return all;
}

// Runs `compare(shape, use, rng)` for all shapes and both uses at every level of this machine.
template <class Compare>
void at_every_level(Compare compare) {
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    std::mt19937_64 rng(1);
    for (const Shape& s : shapes()) {
      for (const MixWeight use : {MixWeight::kPlain, MixWeight::kAbs}) {
        EXPECT_TRUE(compare(s, use, rng))
            << name(isa) << ", M = " << s.rows << ", N = " << s.n_agents << ", E = " << s.embed_dim
            << ", abs = " << (use == MixWeight::kAbs);
      }
    }
  }
}

template <class T>
class Mixing : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Mixing, Scalars);

TYPED_TEST(Mixing, AgentsGiveTheBitsOfNaive) {
  using T = TypeParam;
  at_every_level([](const Shape& s, MixWeight use, std::mt19937_64& rng) {
    const auto q = random_matrix<T>(s.rows, s.n_agents, rng);
    const auto w = random_matrix<T>(s.rows, s.n_agents * s.embed_dim, rng);
    auto fast = random_matrix<T>(s.rows, s.embed_dim, rng);
    auto naive = fast;
    mix_agents<T>(q.const_view(), w.const_view(), use, fast.mutable_view());
    mix_agents_naive<T>(q.const_view(), w.const_view(), use, naive.mutable_view());
    return same_bits(fast, naive);
  });
}

TYPED_TEST(Mixing, EmbeddingGivesTheBitsOfNaive) {
  using T = TypeParam;
  at_every_level([](const Shape& s, MixWeight use, std::mt19937_64& rng) {
    const auto a = random_matrix<T>(s.rows, s.embed_dim, rng);
    const auto w = random_matrix<T>(s.rows, s.n_agents * s.embed_dim, rng);
    auto fast = random_matrix<T>(s.rows, s.n_agents, rng);
    auto naive = fast;
    mix_embedding<T>(a.const_view(), w.const_view(), use, fast.mutable_view());
    mix_embedding_naive<T>(a.const_view(), w.const_view(), use, naive.mutable_view());
    return same_bits(fast, naive);
  });
}

TYPED_TEST(Mixing, OuterGivesTheBitsOfNaive) {
  using T = TypeParam;
  at_every_level([](const Shape& s, MixWeight use, std::mt19937_64& rng) {
    const auto q = random_matrix<T>(s.rows, s.n_agents, rng);
    const auto d_z = random_matrix<T>(s.rows, s.embed_dim, rng);
    const auto w = random_matrix<T>(s.rows, s.n_agents * s.embed_dim, rng);
    Strided<T> fast(s.rows, s.n_agents * s.embed_dim);
    auto naive = fast;
    mix_outer<T>(q.const_view(), d_z.const_view(), w.const_view(), use, fast.mutable_view());
    mix_outer_naive<T>(q.const_view(), d_z.const_view(), w.const_view(), use, naive.mutable_view());
    return same_bits(fast, naive);
  });
}

TYPED_TEST(Mixing, EluSlopeGivesTheBitsOfNaive) {
  using T = TypeParam;
  at_every_level([](const Shape& s, MixWeight use, std::mt19937_64& rng) {
    const auto d = random_matrix<T>(s.rows, 1, rng);
    const auto w = random_matrix<T>(s.rows, s.embed_dim, rng);
    const auto hidden = random_matrix<T>(s.rows, s.embed_dim, rng);
    Strided<T> fast(s.rows, s.embed_dim);
    auto naive = fast;
    mix_elu_slope<T>(d.const_view(), w.const_view(), use, hidden.const_view(), fast.mutable_view());
    mix_elu_slope_naive<T>(d.const_view(), w.const_view(), use, hidden.const_view(),
                           naive.mutable_view());
    return same_bits(fast, naive);
  });
}

TYPED_TEST(Mixing, AKnownProductInEachDirection) {
  using T = TypeParam;
  const std::vector<T> q = {2, -3};               // N = 2
  const std::vector<T> w = {1, -2, 3, 4, 0, -6};  // [2, 3]
  std::vector<T> out = {10, 20, 30};              // E = 3
  mix_agents<T>(view(q.data(), 1, 2), view(w.data(), 1, 6), MixWeight::kAbs,
                view(out.data(), 1, 3));
  EXPECT_EQ(out, (std::vector<T>{0, 24, 18}));

  std::vector<T> d_q = {0, 0};
  mix_embedding<T>(view(std::as_const(out).data(), 1, 3), view(w.data(), 1, 6), MixWeight::kPlain,
                   view(d_q.data(), 1, 2));
  EXPECT_EQ(d_q, (std::vector<T>{-48 + 54, -108}));

  std::vector<T> d_w(6, T(99));
  mix_outer<T>(view(q.data(), 1, 2), view(std::as_const(out).data(), 1, 3), view(w.data(), 1, 6),
               MixWeight::kAbs, view(d_w.data(), 1, 6));
  EXPECT_EQ(d_w, (std::vector<T>{0, -48, 36, 0, 0, 54}));
}

TYPED_TEST(Mixing, OuterTakesNoSlopeAtAWeightOfZero) {
  using T = TypeParam;
  const std::vector<T> one = {1};
  for (const T zero : {T(0), -T(0)}) {
    T d_w = 99;
    mix_outer<T>(view(one.data(), 1, 1), view(one.data(), 1, 1), view(&zero, 1, 1), MixWeight::kAbs,
                 view(&d_w, 1, 1));
    EXPECT_EQ(d_w, T(0));
  }
}

TYPED_TEST(Mixing, EluSlopeIsOneAtZero) {
  using T = TypeParam;
  const std::vector<T> d = {3};
  const std::vector<T> w = {2, 2, 2};
  const std::vector<T> hidden = {0, T(0.5), T(-0.5)};
  std::vector<T> d_z(3, T(99));
  mix_elu_slope<T>(view(d.data(), 1, 1), view(w.data(), 1, 3), MixWeight::kPlain,
                   view(hidden.data(), 1, 3), view(d_z.data(), 1, 3));
  EXPECT_EQ(d_z, (std::vector<T>{6, 6, 3}));
}

}  // namespace
}  // namespace qtot::math
