#include "qtot/math/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "math/isa.h"

namespace qtot::math {
namespace {

template <class T>
std::vector<T> random_values(std::size_t n, std::mt19937_64& rng) {
  std::vector<T> x(n);
  for (T& value : x) {
    value = static_cast<T>(
        std::ldexp(static_cast<double>(rng() >> 11) * 0x1p-52 - 1, static_cast<int>(rng() % 12)));
  }
  return x;
}

template <class T>
std::vector<const T*> pointers(const std::vector<std::vector<T>>& leaves) {
  std::vector<const T*> result;
  for (const auto& leaf : leaves) result.push_back(leaf.data());
  return result;
}

template <class T>
std::vector<std::vector<T>> random_leaves(std::size_t n, std::size_t size, std::mt19937_64& rng) {
  std::vector<std::vector<T>> leaves;
  for (std::size_t i = 0; i < n; ++i) leaves.push_back(random_values<T>(size, rng));
  return leaves;
}

TEST(SumInOrder, StartsWithPlusZeroAndGoesFromTheLeft) {
  EXPECT_FALSE(std::signbit(sum_in_order({})));
  EXPECT_FALSE(std::signbit(sum_in_order(std::vector<double>{-0.0})));
  EXPECT_EQ(sum_in_order(std::vector<double>{1, 0x1p-53, 0x1p-53, -1}), 0);
  EXPECT_EQ(sum_in_order(std::vector<double>{0x1p-53, 0x1p-53, 1, -1}), 0x1p-52);
}

template <class T>
class Reduce : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Reduce, Scalars);

TYPED_TEST(Reduce, SumOfSquaresHasTheBitsOfNaiveAtEveryLevel) {
  using T = TypeParam;
  std::mt19937_64 rng(41);
  std::vector<std::size_t> sizes = {100, 1000, 8192, 8197};
  for (std::size_t n = 0; n <= 50; ++n) sizes.push_back(n);
  for (const std::size_t n : sizes) {
    const auto x = random_values<T>(n, rng);
    const double naive = sum_of_squares_naive<T>(x);
    for (const Isa isa : available_isas()) {
      const ScopedIsa scoped(isa);
      const double fast = sum_of_squares<T>(x);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(fast), std::bit_cast<std::uint64_t>(naive))
          << n << " elements at " << name(isa);
    }
  }
}

// Written out by hand: lane 0 has x0 and x16, lane 8 has x8; lane 0 takes lane 8, then 4, 2 and 1.
TEST(SumOfSquares, AddsLanesInTheStatedOrder) {
  const double small = 0x1.4p-27;  // its square is lost beside 1, but twice its square is not
  std::vector<double> x(17, 0.0);
  x[0] = 1;
  x[16] = small;
  EXPECT_EQ(sum_of_squares<double>(x), 1);
  x[8] = small;
  EXPECT_EQ(sum_of_squares<double>(x), 1);
  x[4] = small;
  x[12] = small;  // lanes 4 and 12 meet before they meet lane 0
  EXPECT_EQ(sum_of_squares<double>(x), 1 + 0x1p-52);
}

TEST(SumOfSquares, PassesInfinityAndNanOn) {
  std::vector<float> x(40, 1.0F);
  x[37] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(sum_of_squares<float>(x), std::numeric_limits<double>::infinity());
  x[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(sum_of_squares<float>(x)));
  EXPECT_EQ(sum_of_squares<float>(std::vector<float>{3e38F}), 3e38F * static_cast<double>(3e38F));
}

TEST(TreeSplit, IsTheLargestPowerOfTwoBelow) {
  EXPECT_EQ(tree_split(2), 1u);
  EXPECT_EQ(tree_split(3), 2u);
  EXPECT_EQ(tree_split(4), 2u);
  EXPECT_EQ(tree_split(5), 4u);
  EXPECT_EQ(tree_split(32), 16u);
  EXPECT_EQ(tree_split(33), 32u);
  for (std::size_t n = 2; n < 1000; ++n) {
    const std::size_t split = tree_split(n);
    EXPECT_TRUE(std::has_single_bit(split) && split < n && 2 * split >= n) << n;
  }
}

TYPED_TEST(Reduce, TreeSumHasTheBitsOfNaive) {
  using T = TypeParam;
  std::mt19937_64 rng(42);
  std::vector<std::size_t> counts = {63, 64, 65, 127, 200, 257};
  for (std::size_t n = 0; n <= 40; ++n) counts.push_back(n);
  for (const std::size_t n : counts) {
    for (const std::size_t size : {0U, 1U, 127U, 128U, 129U, 300U}) {
      const auto leaves = random_leaves<T>(n, size, rng);
      std::vector<T> fast(size, T(99)), naive(size, T(77));
      tree_sum<T>(pointers(leaves), size, fast.data());
      tree_sum_naive<T>(pointers(leaves), size, naive.data());
      EXPECT_EQ(fast, naive) << n << " leaves of " << size;
    }
  }
}

TYPED_TEST(Reduce, TreeSumDiffersFromTheSumInOrder) {
  using T = TypeParam;
  std::mt19937_64 rng(43);
  const auto leaves = random_leaves<T>(32, 300, rng);
  std::vector<T> tree(300), in_order(300, T(0));
  tree_sum<T>(pointers(leaves), 300, tree.data());
  for (const auto& leaf : leaves) {
    for (std::size_t i = 0; i < 300; ++i) in_order[i] += leaf[i];
  }
  EXPECT_NE(tree, in_order) << "the data of these tests cannot tell orders apart";
}

// What lets threads and ranks own subtrees.
TYPED_TEST(Reduce, TreeSumIsTheSumOfItsTwoSubtrees) {
  using T = TypeParam;
  constexpr std::size_t kSize = 150;
  std::mt19937_64 rng(44);
  for (const std::size_t n : {2U, 3U, 7U, 24U, 32U, 33U, 100U}) {
    const auto leaves = random_leaves<T>(n, kSize, rng);
    const auto all = pointers(leaves);
    const auto span = std::span<const T* const>(all);
    std::vector<T> whole(kSize), left(kSize), right(kSize), joined(kSize);
    tree_sum<T>(span, kSize, whole.data());
    tree_sum<T>(span.first(tree_split(n)), kSize, left.data());
    tree_sum<T>(span.subspan(tree_split(n)), kSize, right.data());
    for (std::size_t i = 0; i < kSize; ++i) joined[i] = left[i] + right[i];
    EXPECT_EQ(whole, joined) << n;
  }
}

TYPED_TEST(Reduce, TreeSumMayOverwriteAnyLeaf) {
  using T = TypeParam;
  constexpr std::size_t kSize = 300;
  std::mt19937_64 rng(45);
  const auto leaves = random_leaves<T>(11, kSize, rng);
  std::vector<T> expected(kSize);
  tree_sum_naive<T>(pointers(leaves), kSize, expected.data());
  for (std::size_t target = 0; target < leaves.size(); ++target) {
    auto copy = leaves;
    tree_sum<T>(pointers(copy), kSize, copy[target].data());
    EXPECT_EQ(copy[target], expected) << target;
  }
}

TYPED_TEST(Reduce, TreeSumOfOneLeafKeepsItsSignsAndOfNoneIsPlusZero) {
  using T = TypeParam;
  const std::vector<std::vector<T>> leaf = {{T(-0.0), T(3)}};
  std::vector<T> out(2, T(99));
  tree_sum<T>(pointers(leaf), 2, out.data());
  EXPECT_TRUE(std::signbit(out[0]));
  tree_sum<T>({}, 2, out.data());
  EXPECT_EQ(out, std::vector<T>(2, T(0)));
  EXPECT_FALSE(std::signbit(out[0]));
}

TEST(TreeSum, OfDoublesIsThatOfLeavesOfSizeOne) {
  std::mt19937_64 rng(46);
  for (std::size_t n = 0; n < 300; ++n) {
    const auto x = random_values<double>(n, rng);
    std::vector<const double*> leaves;
    for (const double& value : x) leaves.push_back(&value);
    double expected = 99;
    tree_sum_naive<double>(leaves, 1, &expected);
    EXPECT_EQ(tree_sum(x), expected) << n;
  }
}

TEST(TreeSum, TakesAsManyLeavesAsItSaysAndNoMore) {
  constexpr std::size_t kLimit = 65536;
  const float one = 1;
  std::vector<const float*> leaves(kLimit - 1, &one);
  float sum = 0;
  tree_sum<float>(leaves, 1, &sum);
  EXPECT_EQ(sum, static_cast<float>(kLimit - 1));
  leaves.push_back(&one);
  tree_sum<float>(leaves, 1, &sum);
  EXPECT_EQ(sum, static_cast<float>(kLimit));
  leaves.push_back(&one);
  EXPECT_DEATH(tree_sum<float>(leaves, 1, &sum), "65537 vs 65536");
}

std::vector<Subtree> nodes_by_definition(std::size_t first, std::size_t count) {
  std::vector<Subtree> nodes = {{.first = first, .count = count}};
  if (count < 2) return nodes;
  const std::size_t split = tree_split(count);
  for (const auto& part :
       {nodes_by_definition(first, split), nodes_by_definition(first + split, count - split)}) {
    nodes.insert(nodes.end(), part.begin(), part.end());
  }
  return nodes;
}

TEST(Subtrees, AreNodesOfTheTreeAndNoTwoOfARangeAreSiblings) {
  for (std::size_t n = 1; n <= 40; ++n) {
    const std::vector<Subtree> nodes = nodes_by_definition(0, n);
    for (std::size_t first = 0; first < n; ++first) {
      for (std::size_t end = first; end <= n; ++end) {
        std::vector<Subtree> subtrees;
        append_subtrees(n, first, end, subtrees);
        std::size_t next = first;
        for (const Subtree& subtree : subtrees) {
          EXPECT_EQ(subtree.first, next);
          EXPECT_NE(std::ranges::find(nodes, subtree), nodes.end())
              << n << ": " << subtree.first << " + " << subtree.count;
          next = subtree.end();
        }
        EXPECT_EQ(next, end);
        // the fewest: no node inside the range holds two of them
        for (const Subtree& node : nodes) {
          if (node.first < first || node.end() > end) continue;
          const auto inside = std::ranges::count_if(subtrees, [&](const Subtree& s) {
            return s.first >= node.first && s.end() <= node.end();
          });
          EXPECT_LE(inside, 1);
        }
      }
    }
  }
}

TYPED_TEST(Reduce, SumsOfSubtreesOfAnyRangesGiveTheBitsOfTheTree) {
  using T = TypeParam;
  constexpr std::size_t kSize = 131;  // a block of the kernel and three
  std::mt19937_64 rng(47);
  for (std::size_t n = 1; n <= 70; ++n) {
    const auto leaves = random_leaves<T>(n, kSize, rng);
    const auto all = pointers(leaves);
    std::vector<T> expected(kSize);
    tree_sum_naive<T>(all, kSize, expected.data());
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::vector<Subtree> subtrees;
      for (std::size_t first = 0; first < n;) {
        const std::size_t end = first + 1 + rng() % (n - first);
        append_subtrees(n, first, end, subtrees);
        first = end;
      }
      std::vector<std::vector<T>> sums;
      for (const Subtree& subtree : subtrees) {
        sums.emplace_back(kSize);
        tree_sum<T>(std::span(all).subspan(subtree.first, subtree.count), kSize,
                    sums.back().data());
      }
      std::vector<T> sum(kSize);
      tree_sum_of_subtrees<T>(subtrees, pointers(sums), kSize, sum.data());
      EXPECT_EQ(sum, expected);
    }
  }
}

}  // namespace
}  // namespace qtot::math
