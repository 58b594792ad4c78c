#pragma once

#include <cstddef>
#include <vector>

namespace qtot::math {

/// Sum or minimum over any range of n numbers, kept up to date one number at a time: O(log n) for each
/// call. Prioritised replay draws from a tree of sums.
///
/// A complete binary tree whose leaves are the numbers, padded to the next power of two by 0 (sum) or
/// infinity (min). A node is a + b of its left child a and right child b, or b < a ? b : a; a range is
/// combined in the same shape: at the lowest node that holds all of it, the part below its left child
/// with the part below its right, and so on downwards. So a range has the same bits however it was filled
/// in. In double; unset numbers are the padding's.
class SegmentTree {
 public:
  enum class Operation { kSum, kMin };

  /// n_leaves in [1, 2^32] (QTOT_CHECK).
  SegmentTree(Operation operation, std::size_t n_leaves);

  std::size_t n_leaves() const { return n_leaves_; }
  std::size_t capacity() const { return capacity_; }  // next power of two

  void set(std::size_t leaf, double value);
  double at(std::size_t leaf) const;

  /// Over all numbers.
  double total() const { return nodes_[1]; }
  /// Over [first, end), `end` at most capacity(); the padding's value where the range is empty.
  ///
  /// PyMARL2 takes what it samples from by reduce(0, n - 1), with n numbers set: `end` is exclusive, so
  /// that the last number is never drawn (quirk P1).
  double reduce(std::size_t first, std::size_t end) const;

  /// The leaf in whose stretch `mass` falls when the numbers lie end to end: the walk from the root that
  /// goes left where the left child's sum exceeds what is left of `mass`, else subtracts it and goes
  /// right. For a tree of sums (QTOT_CHECK) of numbers >= 0. A mass of total() or more ends in the last
  /// leaf, which may be padding: below capacity(), not n_leaves().
  std::size_t find_prefix(double mass) const;

 private:
  double combine(double left, double right) const;

  Operation operation_;
  std::size_t n_leaves_;
  std::size_t capacity_;
  std::vector<double> nodes_;  // [2 capacity]; 1 is the root, k has the children 2 k and 2 k + 1
};

}  // namespace qtot::math
