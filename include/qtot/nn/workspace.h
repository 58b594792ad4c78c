#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "qtot/math/views.h"

namespace qtot::nn {

/// A matrix that lies in a Workspace. A handle: copy it freely.
template <class T>
struct Buffer {
  T* data = nullptr;
  math::Index rows = 0;
  math::Index cols = 0;

  math::MatView<T> view() const { return math::view(data, rows, cols); }
  math::ConstMatView<T> const_view() const {
    return math::view(static_cast<const T*>(data), rows, cols);
  }
  math::MatView<T> view(math::Index first_row, math::Index n_rows) const {
    return math::view(data + first_row * cols, n_rows, cols);
  }
  math::ConstMatView<T> const_view(math::Index first_row, math::Index n_rows) const {
    return math::view(static_cast<const T*>(data) + first_row * cols, n_rows, cols);
  }
  T* row(math::Index i) const { return data + i * cols; }
  std::span<T> elements() const { return {data, static_cast<std::size_t>(rows * cols)}; }
};

/// Memory for the intermediate values of one episode, taken piece by piece and given back all at once.
/// After the largest episode has been seen nothing is allocated any more. One per worker.
template <class T>
class Workspace {
 public:
  /// [rows, cols], 64-byte aligned, content unspecified. Valid until reset().
  Buffer<T> take(math::Index rows, math::Index cols);
  /// The same, all +0.
  Buffer<T> take_zero(math::Index rows, math::Index cols);
  /// Columns of one-hots, content unspecified. Valid until reset().
  std::int32_t* take_columns(math::Index n);
  /// Gives everything back. Blocks that were added are joined into one, once.
  void reset();

 private:
  struct Block {
    std::unique_ptr<std::byte[]> storage;
    std::size_t size = 0;  // usable elements from the aligned start
    T* begin = nullptr;
  };
  static Block allocate(std::size_t size);

  std::vector<Block> blocks_;
  std::size_t used_ = 0;                            // of the last block
  std::vector<std::vector<std::int32_t>> columns_;  // each as long as the longest taken in its turn
  std::size_t n_columns_taken_ = 0;
};

}  // namespace qtot::nn
