#include "qtot/math/segment_tree.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace qtot::math {
namespace {

using Operation = SegmentTree::Operation;

// The definition, recursive: the range [first, last] within a node that holds [node_first, node_last].
struct Naive {
  Operation operation;
  std::vector<double> leaves;  // padded

  double combine(double a, double b) const {
    if (operation == Operation::kSum) return a + b;
    return b < a ? b : a;
  }
  double reduce(std::size_t first, std::size_t last, std::size_t node_first,
                std::size_t node_last) const {
    if (node_first == node_last) return leaves[node_first];
    const std::size_t middle = (node_first + node_last) / 2;
    if (last <= middle) return reduce(first, last, node_first, middle);
    if (first > middle) return reduce(first, last, middle + 1, node_last);
    return combine(reduce(first, middle, node_first, middle),
                   reduce(middle + 1, last, middle + 1, node_last));
  }
};

// numbers of many sizes, so that another order of additions has other bits
std::vector<double> random_values(std::size_t n, std::mt19937_64& rng) {
  std::vector<double> values(n);
  for (double& x : values) {
    x = std::ldexp(static_cast<double>(rng() >> 11), -53 - static_cast<int>(rng() % 8));
  }
  return values;
}

SegmentTree tree_of(Operation operation, const std::vector<double>& values) {
  SegmentTree tree(operation, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) tree.set(i, values[i]);
  return tree;
}

class SegmentTrees : public testing::TestWithParam<Operation> {};
INSTANTIATE_TEST_SUITE_P(Both, SegmentTrees, testing::Values(Operation::kSum, Operation::kMin),
                         [](const auto& tree) {
                           return std::string(tree.param == Operation::kSum ? "Sum" : "Min");
                         });

TEST_P(SegmentTrees, EveryRangeHasTheBitsOfTheDefinition) {
  std::mt19937_64 rng(3);
  const double padding = SegmentTree(GetParam(), 1).total();
  for (const std::size_t n : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 13U, 16U, 33U}) {
    const std::vector<double> values = random_values(n, rng);
    const SegmentTree tree = tree_of(GetParam(), values);
    ASSERT_EQ(tree.capacity(), std::bit_ceil(n));
    Naive naive{GetParam(), values};
    naive.leaves.resize(tree.capacity(), padding);
    for (std::size_t first = 0; first < tree.capacity(); ++first) {
      EXPECT_EQ(tree.reduce(first, first), padding);
      for (std::size_t end = first + 1; end <= tree.capacity(); ++end) {
        ASSERT_EQ(tree.reduce(first, end), naive.reduce(first, end - 1, 0, tree.capacity() - 1))
            << n << " leaves, [" << first << ", " << end << ")";
      }
    }
    EXPECT_EQ(tree.total(), tree.reduce(0, tree.capacity()));
  }
}

TEST_P(SegmentTrees, WhatALeafHeldBeforeShowsInNoBit) {
  std::mt19937_64 rng(4);
  const std::vector<double> values = random_values(21, rng);
  const SegmentTree fresh = tree_of(GetParam(), values);
  SegmentTree used = tree_of(GetParam(), random_values(21, rng));
  for (std::size_t i = values.size(); i-- > 0;) used.set(i, values[i]);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(used.at(i), values[i]);
  for (std::size_t end = 1; end <= values.size(); ++end) {
    EXPECT_EQ(used.reduce(0, end), fresh.reduce(0, end));
  }
}

TEST(SegmentTree, EmptyIsZeroForSumsAndInfinityForMinima) {
  EXPECT_EQ(SegmentTree(Operation::kSum, 5).total(), 0);
  EXPECT_EQ(SegmentTree(Operation::kMin, 5).total(), std::numeric_limits<double>::infinity());
}

// sums of integers are exact, so the first leaf whose running sum exceeds the mass is the answer
TEST(SegmentTree, PrefixSearchFindsTheFirstLeafWhoseRunningSumExceedsTheMass) {
  const std::vector<double> values = {3, 0, 1, 4, 1, 0, 0, 9, 2};
  const SegmentTree tree = tree_of(Operation::kSum, values);
  ASSERT_EQ(tree.total(), 20);
  for (int half = 0; half < 40; ++half) {
    const double mass = half * 0.5;
    std::size_t expected = 0;
    for (double sum = values[0]; !(sum > mass); sum += values[++expected]) {
    }
    EXPECT_EQ(tree.find_prefix(mass), expected) << mass;
  }
}

TEST(SegmentTree, AMassOfTheWholeSumEndsInTheLastLeafOfThePadding) {
  const SegmentTree tree = tree_of(Operation::kSum, {1, 2, 3, 4, 5});
  EXPECT_EQ(tree.find_prefix(std::nextafter(15.0, 0.0)), 4U);
  EXPECT_EQ(tree.find_prefix(15), 7U);
  EXPECT_EQ(tree.find_prefix(1e9), 7U);
}

TEST(SegmentTree, ExclusiveEndLeavesTheLastNumberOut) {
  const SegmentTree tree = tree_of(Operation::kSum, {1, 2, 3, 4, 5});
  EXPECT_EQ(tree.reduce(0, 5 - 1), 10);
  EXPECT_EQ(tree.reduce(0, 5), 15);
}

TEST(SegmentTreeDeathTest, LeavesAndOperationsThatThereAreNotAbort) {
  SegmentTree minima(Operation::kMin, 5);
  EXPECT_DEATH(minima.set(5, 1), "leaf < n_leaves_");
  EXPECT_DEATH(minima.reduce(0, 9), "end <= capacity_");
  EXPECT_DEATH(minima.find_prefix(1), "kSum");
  EXPECT_DEATH(SegmentTree(Operation::kSum, 0), "n_leaves");
}

}  // namespace
}  // namespace qtot::math
