#include "qtot/nn/workspace.h"

#include <algorithm>
#include <cstdint>

namespace qtot::nn {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

std::size_t rounded(std::size_t n, std::size_t element) {
  const std::size_t unit = std::max<std::size_t>(1, kAlignment / element);
  return (n + unit - 1) / unit * unit;
}

}  // namespace

template <class T>
typename Workspace<T>::Block Workspace<T>::allocate(std::size_t size) {
  const std::size_t slack = std::max<std::size_t>(1, kAlignment / sizeof(T));
  Block block{.storage = std::make_unique<T[]>(size + slack), .size = size, .begin = nullptr};
  block.begin = block.storage.get();
  while (reinterpret_cast<std::uintptr_t>(block.begin) % std::min(kAlignment, sizeof(T) * slack) !=
         0) {
    ++block.begin;
  }
  return block;
}

template <class T>
Buffer<T> Workspace<T>::take(math::Index rows, math::Index cols) {
  const std::size_t n = rounded(static_cast<std::size_t>(rows * cols), sizeof(T));
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
void Workspace<T>::reset() {
  if (blocks_.size() > 1) {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    blocks_.push_back(allocate(total));
  }
  used_ = 0;
}

template class Workspace<float>;
template class Workspace<double>;

}  // namespace qtot::nn
