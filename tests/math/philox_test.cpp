#include "qtot/math/philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace qtot::math {
namespace {

using testing::ElementsAre;

// The three vectors of Random123's kat_vectors for philox4x32 10.
TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

constexpr DrawKey kKey = {.seed = 0x0123456789abcdef,
                          .stream = Stream::kExploration,
                          .ticket = 0x00fedcba98765432,
                          .step = 0x13579bdf,
                          .site = 0xa5,
                          .index = 0xbeef};

TEST(Draws, ReadTheWordsOfTheCountersThatTheHeaderStates) {
  Draws draws(kKey);
  for (std::uint32_t block = 0; block < 256; ++block) {
    const PhiloxBlock words =
        philox({block | 0xa5beef00, 0x13579bdf, 0x98765432, 0x04fedcba}, kKey.seed);
    for (const std::uint32_t word : words) ASSERT_EQ(draws.bits32(), word) << block;
  }
}

TEST(Draws, OfKeysThatDifferAnywhereDiffer) {
  std::vector<DrawKey> keys(7, kKey);
  keys[1].seed ^= 1;
  keys[2].stream = Stream::kSampling;
  keys[3].ticket ^= std::uint64_t{1} << 40;
  keys[4].step += 1;
  keys[5].site += 1;
  keys[6].index += 1;
  for (int stream = 1; stream <= 7; ++stream) {
    keys.push_back({.stream = static_cast<Stream>(stream)});
  }
  std::set<std::uint64_t> first;
  for (const DrawKey& key : keys) first.insert(Draws(key).bits64());
  EXPECT_EQ(first.size(), keys.size());
}

TEST(Draws, OfOneKeyAreAlwaysTheSame) {
  Draws a(kKey), b(kKey);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.bits64(), b.bits64());
}

TEST(Draws, CombineTwoWordsHighFirst) {
  Draws words(kKey), pairs(kKey), reals(kKey);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t high = words.bits32();
    const std::uint64_t both = high << 32 | words.bits32();
    EXPECT_EQ(pairs.bits64(), both);
    EXPECT_EQ(reals.uniform(), std::ldexp(static_cast<double>(both >> 11), -53));
  }
}

// Mean and variance of the uniform distribution; 5 standard errors of 256 x 500 draws.
TEST(Draws, AreUniformInTheFirstTwoMoments) {
  constexpr int kKeys = 256;
  constexpr int kDraws = 500;
  constexpr double kCount = kKeys * kDraws;
  double sum = 0;
  double squares = 0;
  for (int k = 0; k < kKeys; ++k) {
    Draws draws({.seed = 5, .ticket = static_cast<std::uint64_t>(k)});
    for (int i = 0; i < kDraws; ++i) {
      const double u = draws.uniform();
      ASSERT_GE(u, 0);
      ASSERT_LT(u, 1);
      sum += u;
      squares += (u - 0.5) * (u - 0.5);
    }
  }
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1 / 12.0 / kCount));
  EXPECT_NEAR(squares / kCount, 1 / 12.0, 5 * std::sqrt(1 / 180.0 / kCount));
}

// Lemire's rule: word w stands for high(w n), unless low(w n) < 2^32 mod n.
bool accepted(std::uint64_t word, std::uint64_t n) {
  return (word * n) % (std::uint64_t{1} << 32) >= (std::uint64_t{1} << 32) % n;
}

TEST(Below, FollowsLemiresRuleWordByWord) {
  for (const std::uint32_t n : {1u, 2u, 3u, 6u, 1000u, 0x80000001u, 0xc0000000u, 0xffffffffu}) {
    Draws numbers(kKey), words(kKey);
    for (int i = 0; i < 200; ++i) {
      std::uint64_t word = words.bits32();
      while (!accepted(word, n)) word = words.bits32();
      const std::uint32_t number = numbers.below(n);
      ASSERT_EQ(number, word * n >> 32) << n;
      ASSERT_LT(number, n);
    }
  }
}

// Of the words that stand for v, [ceil(v 2^32 / n), ceil((v + 1) 2^32 / n)), the accepted ones are
// those from ceil((v 2^32 + surplus) / n) on: their number must not depend on v.
TEST(Below, AcceptsEquallyManyWordsForEveryNumber) {
  constexpr std::uint64_t kWords = std::uint64_t{1} << 32;
  for (std::uint64_t n = 1; n <= 300; ++n) {
    const std::uint64_t surplus = kWords % n;
    for (std::uint64_t v = 0; v < n; ++v) {
      const std::uint64_t first = (v * kWords + surplus + n - 1) / n;
      const std::uint64_t end = ((v + 1) * kWords + n - 1) / n;
      ASSERT_TRUE(accepted(first, n) && first * n / kWords == v);
      ASSERT_TRUE(first == 0 || !accepted(first - 1, n) || (first - 1) * n / kWords != v);
      ASSERT_EQ(end - first, kWords / n) << n << ", " << v;
    }
  }
}

TEST(DrawsDeathTest, StopAfter1024WordsAndRefuseNonsense) {
  Draws draws(kKey);
  for (int i = 0; i < 1024; ++i) draws.bits32();
  EXPECT_DEATH(draws.bits32(), "256 vs 256");
  EXPECT_DEATH(Draws(kKey).below(0), "0 vs 1");
  EXPECT_DEATH(Draws({.ticket = std::uint64_t{1} << 56}), "check failed");
}

TEST(Shuffle, SwapsFromTheEnd) {
  std::vector<int> x(10), expected(10);
  std::iota(x.begin(), x.end(), 0);
  std::iota(expected.begin(), expected.end(), 0);
  Draws draws(kKey), same_draws(kKey);
  shuffle(draws, x);
  for (std::uint32_t i = 9; i >= 1; --i) {
    std::swap(expected[i], expected[same_draws.below(i + 1)]);
  }
  EXPECT_EQ(x, expected);
  EXPECT_THAT(x, ElementsAre(6, 2, 5, 7, 8, 4, 0, 1, 3, 9));
}

TEST(Shuffle, LeavesNothingAndOneAloneAndDrawsNothing) {
  Draws draws(kKey);
  std::vector<int> one = {7};
  shuffle(draws, {});
  shuffle(draws, one);
  EXPECT_EQ(one[0], 7);
  EXPECT_EQ(draws.bits32(), Draws(kKey).bits32());
}

// Each of the 24 orders of 4: 24,000 keys, 1,000 expected, 6 standard deviations of the binomial.
TEST(Shuffle, MakesEveryOrderEquallyOften) {
  std::map<std::vector<int>, int> n_seen;
  for (std::uint64_t ticket = 0; ticket < 24000; ++ticket) {
    Draws draws({.seed = 3, .stream = Stream::kReset, .ticket = ticket});
    std::vector<int> x = {0, 1, 2, 3};
    shuffle(draws, x);
    ++n_seen[x];
  }
  EXPECT_EQ(n_seen.size(), 24u);
  for (const auto& [order, n] : n_seen) EXPECT_NEAR(n, 1000, 6 * std::sqrt(1000 * 23.0 / 24));
}

std::vector<std::uint64_t> sample(std::uint64_t update, std::uint64_t n, std::size_t count) {
  std::vector<std::uint64_t> out(count, 999999);
  sample_without_replacement({.seed = 17, .stream = Stream::kSampling, .ticket = update}, n, out);
  return out;
}

TEST(SampleWithoutReplacement, IsAscendingDistinctAndInRange) {
  for (const std::uint64_t n : {1U, 2U, 5U, 32U, 33U, 100U, 5000U}) {
    for (std::uint64_t update = 0; update < 50; ++update) {
      const auto x = sample(update, n, std::min<std::size_t>(n, 32));
      EXPECT_TRUE(std::is_sorted(x.begin(), x.end(), std::less_equal<>())) << n;
      EXPECT_LT(x.back(), n);
    }
  }
}

TEST(SampleWithoutReplacement, OfAllIsAllAndOfNoneIsNone) {
  for (std::uint64_t n = 0; n < 40; ++n) {
    std::vector<std::uint64_t> all(n);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    EXPECT_EQ(sample(n, n, n), all);
    EXPECT_TRUE(sample(n, n, 0).empty());
  }
}

// Floyd's algorithm with one key an element, on a set.
TEST(SampleWithoutReplacement, IsFloydsAlgorithm) {
  for (std::uint64_t update = 0; update < 30; ++update) {
    std::set<std::uint64_t> chosen;
    for (std::uint32_t top = 80; top < 100; ++top) {
      Draws draws({.seed = 17,
                   .stream = Stream::kSampling,
                   .ticket = update,
                   .index = static_cast<std::uint16_t>(top - 80)});
      const std::uint64_t drawn = draws.below(top + 1);
      chosen.insert(chosen.contains(drawn) ? top : drawn);
    }
    EXPECT_EQ(sample(update, 100, 20), std::vector<std::uint64_t>(chosen.begin(), chosen.end()));
  }
}

// Each of the 20 subsets of 3 of 6: 20,000 keys, 1,000 expected, 6 standard deviations.
TEST(SampleWithoutReplacement, MakesEverySubsetEquallyOften) {
  std::map<std::vector<std::uint64_t>, int> n_seen;
  for (std::uint64_t update = 0; update < 20000; ++update) ++n_seen[sample(update, 6, 3)];
  EXPECT_EQ(n_seen.size(), 20u);
  for (const auto& [subset, n] : n_seen) EXPECT_NEAR(n, 1000, 6 * std::sqrt(1000 * 19.0 / 20));
}

// More elements than one key has draws.
TEST(SampleWithoutReplacement, TakesThousands) {
  const auto x = sample(0, 20000, 5000);
  EXPECT_TRUE(std::is_sorted(x.begin(), x.end(), std::less_equal<>()));
}

TEST(SampleWithoutReplacement, GivesWhatItAlwaysGave) {
  EXPECT_THAT(sample(0, 5000, 8), ElementsAre(1129, 2259, 3417, 3492, 3667, 4026, 4566, 4607));
  EXPECT_THAT(sample(1, 10, 4), ElementsAre(2, 3, 4, 6));
}

TEST(SampleWithoutReplacementDeathTest, RefusesMoreThanThereAre) {
  EXPECT_DEATH(sample(0, 3, 4), "4 vs 3");
  EXPECT_DEATH(sample(0, std::uint64_t{1} << 32, 4), "check failed");
}

}  // namespace
}  // namespace qtot::math
