#include "qtot/math/reduce.h"

#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>

#include "math/elementwise_kernels.h"
#include "math/isa.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::math {

QTOT_DISPATCH(ElementwiseKernels, elementwise_kernels)

double sum_in_order(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return sum;
}

template <class T>
Sum<T> sum_of_squares(std::span<const T> x) {
  if constexpr (std::is_same_v<T, float>) {
    return pick_elementwise_kernels().of_float.sum_of_squares(x.size(), x.data());
  } else if constexpr (std::is_same_v<T, double>) {
    return pick_elementwise_kernels().of_double.sum_of_squares(x.size(), x.data());
  } else {
    return sum_of_squares_naive(x);
  }
}

template <class T>
Sum<T> sum_of_squares_naive(std::span<const T> x) {
  std::array<Sum<T>, kSumLanes> sums{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Sum<T>& value = x[i];
    Sum<T>& sum = sums[i % kSumLanes];
    sum = fma(value, value, sum);
  }
  for (std::size_t half = kSumLanes / 2; half >= 1; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

std::size_t tree_split(std::size_t n) {
  QTOT_CHECK_GE(n, 2u);
  return std::bit_floor(n - 1);
}

namespace {

// Elements of a leaf that are summed over all leaves before the next ones: with all its partial
// sums a block stays in the first-level cache.
constexpr std::size_t kBlock = 128;
constexpr std::size_t kMaxLeaves = std::size_t{1} << 16;
constexpr std::size_t kMaxDepth = 18;  // partial sums alive at once: log2(kMaxLeaves) + 2

// Adding leaves from the left, the roots of the finished subtrees are the digits of a binary
// counter. Calls push() for each leaf and merge() for each inner node, in the order of the counter; a
// merge replaces the top two of the stack by their sum. What remains at the end, smaller and smaller
// subtrees, is merged from the right: that is the tree that splits at powers of two.
template <class Push, class Merge>
void walk_tree(std::size_t n, Push push, Merge merge) {
  for (std::size_t i = 0; i < n; ++i) {
    push(i);
    for (std::size_t full = i + 1; full % 2 == 0; full /= 2) merge();
  }
  for (int rest = std::popcount(n); rest > 1; --rest) merge();
}

// A stack of partial sums of one block. A leaf is read where it lies; only sums are stored.
template <class T>
class BlockStack {
 public:
  explicit BlockStack(std::size_t size) : size_(size) {}

  void push(const T* leaf) { entries_[depth_++] = leaf; }

  void merge() {
    --depth_;
    const T* left = entries_[depth_ - 1];
    const T* right = entries_[depth_];
    T* sum = sums_[depth_ - 1].data();
    for (std::size_t i = 0; i < size_; ++i) sum[i] = left[i] + right[i];
    entries_[depth_ - 1] = sum;
  }

  std::size_t depth() const { return depth_; }
  const T* top() const { return entries_[depth_ - 1]; }

 private:
  std::size_t size_;
  std::size_t depth_ = 0;
  std::array<const T*, kMaxDepth> entries_;
  std::array<std::array<T, kBlock>, kMaxDepth> sums_;  // sums_[d] belongs to entries_[d]
};

}  // namespace

template <class T>
void tree_sum(std::span<const T* const> leaves, std::size_t size, T* out) {
  QTOT_CHECK_LE(leaves.size(), kMaxLeaves);
  if (leaves.empty()) {
    for (std::size_t i = 0; i < size; ++i) out[i] = 0;
    return;
  }
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    const std::size_t n = size - begin < kBlock ? size - begin : kBlock;
    BlockStack<T> stack(n);
    walk_tree(
        leaves.size(), [&](std::size_t leaf) { stack.push(leaves[leaf] + begin); },
        [&] { stack.merge(); });
    const T* sum = stack.top();
    for (std::size_t i = 0; i < n; ++i) out[begin + i] = sum[i];
  }
}

void append_subtrees(std::size_t n_leaves, std::size_t first, std::size_t end,
                     std::vector<Subtree>& out) {
  QTOT_CHECK(first <= end && end <= n_leaves);
  while (first < end) {
    // a multiple of a power of two, and as many leaves; or all the rest, behind leading binary digits of n
    const std::size_t granule = first == 0 ? std::bit_ceil(n_leaves) : first & (~first + 1);
    const bool is_rest = end == n_leaves && first == n_leaves - n_leaves % granule;
    const bool is_whole = first == 0 && end == n_leaves;
    const std::size_t count =
        is_rest || is_whole ? end - first : std::min(granule, std::bit_floor(end - first));
    out.push_back({.first = first, .count = count});
    first += count;
  }
}

template <class T>
void tree_sum_of_subtrees(std::span<const Subtree> subtrees, std::span<const T* const> sums,
                          std::size_t size, T* out) {
  QTOT_CHECK_EQ(subtrees.size(), sums.size());
  QTOT_CHECK(!subtrees.empty() && subtrees.back().end() <= kMaxLeaves);
  const std::size_t n_leaves = subtrees.back().end();
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    const std::size_t n = size - begin < kBlock ? size - begin : kBlock;
    BlockStack<T> stack(n);
    for (std::size_t i = 0; i < subtrees.size(); ++i) {
      stack.push(sums[i] + begin);
      const Subtree& subtree = subtrees[i];
      if (subtree.end() == n_leaves) break;  // as in walk_tree: the rest is merged from the right
      for (std::size_t full = subtree.end() / subtree.count; full % 2 == 0; full /= 2)
        stack.merge();
    }
    while (stack.depth() > 1) stack.merge();
    const T* sum = stack.top();
    for (std::size_t i = 0; i < n; ++i) out[begin + i] = sum[i];
  }
}

namespace {

template <class T>
T tree_sum_of_element(std::span<const T* const> leaves, std::size_t element) {
  if (leaves.size() == 1) return leaves[0][element];
  const std::size_t split = tree_split(leaves.size());
  return tree_sum_of_element(leaves.first(split), element) +
         tree_sum_of_element(leaves.subspan(split), element);
}

}  // namespace

template <class T>
void tree_sum_naive(std::span<const T* const> leaves, std::size_t size, T* out) {
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = leaves.empty() ? T(0) : tree_sum_of_element(leaves, i);
  }
}

namespace {

template <class T>
T tree_sum_of_numbers(std::span<const T> leaves) {
  if (leaves.empty()) return T(0);
  constexpr std::size_t kWordBits = 64;
  std::array<T, kWordBits + 1> sums;
  std::size_t depth = 0;
  walk_tree(
      leaves.size(), [&](std::size_t leaf) { sums[depth++] = leaves[leaf]; },
      [&] {
        --depth;
        sums[depth - 1] += sums[depth];
      });
  return sums[0];
}

}  // namespace

double tree_sum(std::span<const double> leaves) {
  return tree_sum_of_numbers(leaves);
}
#ifdef QTOT_WIDE
Wide tree_sum(std::span<const Wide> leaves) {
  return tree_sum_of_numbers(leaves);
}
#endif

#define QTOT_INSTANTIATE(T)                                                               \
  template Sum<T> sum_of_squares(std::span<const T>);                                     \
  template Sum<T> sum_of_squares_naive(std::span<const T>);                               \
  template void tree_sum(std::span<const T* const>, std::size_t, T*);                     \
  template void tree_sum_naive(std::span<const T* const>, std::size_t, T*);               \
  template void tree_sum_of_subtrees(std::span<const Subtree>, std::span<const T* const>, \
                                     std::size_t, T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
