#include "qtot/math/segment_tree.h"

#include <bit>
#include <cstdint>
#include <limits>

#include "qtot/base/check.h"

namespace qtot::math {
namespace {

constexpr std::uint64_t kMaxLeaves = std::uint64_t{1} << 32;

double neutral(SegmentTree::Operation operation) {
  return operation == SegmentTree::Operation::kSum ? 0 : std::numeric_limits<double>::infinity();
}

std::size_t checked(std::size_t n_leaves) {
  QTOT_CHECK_GE(n_leaves, std::size_t{1});
  QTOT_CHECK_LE(n_leaves, kMaxLeaves);
  return n_leaves;
}

bool is_left_child(std::size_t node) {
  return node % 2 == 0;
}

}  // namespace

SegmentTree::SegmentTree(Operation operation, std::size_t n_leaves)
    : operation_(operation),
      n_leaves_(checked(n_leaves)),
      capacity_(std::bit_ceil(n_leaves)),
      nodes_(2 * capacity_, neutral(operation)) {}

void SegmentTree::set(std::size_t leaf, double value) {
  QTOT_CHECK_LT(leaf, n_leaves_);
  std::size_t node = capacity_ + leaf;
  nodes_[node] = value;
  for (node /= 2; node >= 1; node /= 2) {
    nodes_[node] = combine(nodes_[2 * node], nodes_[2 * node + 1]);
  }
}

double SegmentTree::at(std::size_t leaf) const {
  QTOT_CHECK_LT(leaf, n_leaves_);
  return nodes_[capacity_ + leaf];
}

// Upwards from both ends until they are siblings. What has been gathered on the left takes each right
// sibling behind it, that on the right each left sibling before it.
double SegmentTree::reduce(std::size_t first, std::size_t end) const {
  QTOT_CHECK_LE(end, capacity_);
  if (first >= end) return neutral(operation_);
  std::size_t l = capacity_ + first;
  std::size_t r = capacity_ + end - 1;
  double left = nodes_[l];
  double right = nodes_[r];
  if (l == r) return left;
  for (; l / 2 != r / 2; l /= 2, r /= 2) {
    if (is_left_child(l)) left = combine(left, nodes_[l + 1]);
    if (!is_left_child(r)) right = combine(nodes_[r - 1], right);
  }
  return combine(left, right);
}

std::size_t SegmentTree::find_prefix(double mass) const {
  QTOT_CHECK(operation_ == Operation::kSum);
  std::size_t node = 1;
  while (node < capacity_) {
    node *= 2;
    if (nodes_[node] > mass) continue;
    mass = mass - nodes_[node];
    ++node;
  }
  return node - capacity_;
}

double SegmentTree::combine(double left, double right) const {
  if (operation_ == Operation::kSum) return left + right;
  return right < left ? right : left;
}

}  // namespace qtot::math
