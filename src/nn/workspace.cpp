#include "qtot/nn/workspace.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "qtot/math/scalars.h"

namespace qtot::nn {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

// So many elements, or more, that the piece behind them is aligned, too.
template <class T>
std::size_t rounded(std::size_t n) {
  constexpr std::size_t kUnit = std::lcm(kAlignment, sizeof(T)) / sizeof(T);
  return (n + kUnit - 1) / kUnit * kUnit;
}

}  // namespace

template <class T>
typename Workspace<T>::Block Workspace<T>::allocate(std::size_t size) {
  static_assert(std::is_trivially_destructible_v<T>);  // so a block may just be freed
  std::size_t space = size * sizeof(T) + kAlignment;
  Block block{.storage = std::make_unique_for_overwrite<std::byte[]>(space), .size = size};
  void* begin = block.storage.get();
  begin = std::align(kAlignment, size * sizeof(T), begin, space);
  block.begin = static_cast<T*>(begin);
  std::uninitialized_value_construct_n(block.begin, size);
  return block;
}

template <class T>
Buffer<T> Workspace<T>::take(math::Index rows, math::Index cols) {
  const std::size_t n = rounded<T>(static_cast<std::size_t>(rows * cols));
  if (blocks_.empty() || used_ + n > blocks_.back().size) {
    constexpr std::size_t kFirstBlock = 4096;
    const std::size_t last = blocks_.empty() ? kFirstBlock : blocks_.back().size;
    blocks_.push_back(allocate(std::max(n, last)));
    used_ = 0;
  }
  T* const data = blocks_.back().begin + used_;
  used_ += n;
  return {.data = data, .rows = rows, .cols = cols};
}

template <class T>
Buffer<T> Workspace<T>::take_zero(math::Index rows, math::Index cols) {
  const Buffer<T> buffer = take(rows, cols);
  std::fill_n(buffer.data, rows * cols, T(0));
  return buffer;
}

template <class T>
std::int32_t* Workspace<T>::take_columns(math::Index n) {
  if (n_columns_taken_ == columns_.size()) columns_.emplace_back();
  std::vector<std::int32_t>& columns = columns_[n_columns_taken_++];
  if (columns.size() < static_cast<std::size_t>(n)) columns.resize(static_cast<std::size_t>(n));
  return columns.data();
}

template <class T>
void Workspace<T>::reset() {
  n_columns_taken_ = 0;
  if (blocks_.size() > 1) {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    blocks_.push_back(allocate(total));
  }
  used_ = 0;
}

#define QTOT_INSTANTIATE(T) template class Workspace<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
