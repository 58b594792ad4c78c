#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "qtot/math/scalars.h"

namespace qtot::math {

/// Sums in a stated order, in Sum<T> whatever the elements are: double, or Wide for Wide.

/// x[0] + x[1] + ... from the left, starting with +0.
double sum_in_order(std::span<const double> x);

/// Sum of x[i]^2: 16 accumulators that start with +0; accumulator l takes elements l, l + 16, ... in
/// order by fma(x, x, acc) in Sum<T>; then accumulator l adds l + 8, then l + 4, l + 2, l + 1.
template <class T>
Sum<T> sum_of_squares(std::span<const T> x);
template <class T>
Sum<T> sum_of_squares_naive(std::span<const T> x);

/// Number of leaves in the left part of a tree of n >= 2 leaves: the largest power of two below n.
std::size_t tree_split(std::size_t n);

/// Elementwise sum of `leaves` by the fixed binary tree: leaf 0 alone is itself; otherwise the sum of
/// the trees of the first tree_split(n) leaves and of the rest. The tree depends on the number of
/// leaves alone, so threads and ranks may own subtrees. leaves[0 .. n) each point to `size`
/// elements; out may be one of them. n = 0 gives +0; more than 65,536 leaves abort. Allocates
/// nothing. The naive twin is the definition, element by element and recursive.
///
/// @param[in]  leaves  [n][size]
/// @param[out] out     [size]
template <class T>
void tree_sum(std::span<const T* const> leaves, std::size_t size, T* out);
template <class T>
void tree_sum_naive(std::span<const T* const> leaves, std::size_t size, T* out);

/// Leaves [first, first + count) of a tree of sums that are one of its nodes.
struct Subtree {
  std::size_t first = 0;
  std::size_t count = 0;

  std::size_t end() const { return first + count; }
  bool operator==(const Subtree&) const = default;
};

/// The fewest nodes of the tree over `n_leaves` that together are the leaves [first, end), ascending: what
/// of the tree can be summed by someone who has only these. Appended to `out`; at most 2 log2(n_leaves).
void append_subtrees(std::size_t n_leaves, std::size_t first, std::size_t end,
                     std::vector<Subtree>& out);

/// tree_sum() of all leaves from the sums of subtrees: those of append_subtrees() for consecutive ranges
/// that make up [0, end of the last), ascending. Bit for bit the same.
///
/// @param[in]  sums  [subtrees.size()][size]
/// @param[out] out   [size]; may be one of them
template <class T>
void tree_sum_of_subtrees(std::span<const Subtree> subtrees, std::span<const T* const> sums,
                          std::size_t size, T* out);

/// The same tree over n numbers.
double tree_sum(std::span<const double> leaves);
#ifdef QTOT_WIDE
Wide tree_sum(std::span<const Wide> leaves);
#endif

}  // namespace qtot::math
