#pragma once

#include <Eigen/Core>
#include <cstddef>

/// Storage and views of matrices. Row-major, rightmost index fastest. Eigen::Array is used as
/// storage and for elementwise + - * / alone: its products and sums have no fixed order
/// (docs/determinism.md).
namespace qtot::math {

using Index = Eigen::Index;

/// [rows, cols], owns its elements.
template <class T>
using Mat = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// [rows, cols] of somebody else's elements; row i starts at data() + i * outerStride(). Pass by
/// value. Assigning to a view copies elements.
template <class T>
using MatView = Eigen::Map<Mat<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using ConstMatView = Eigen::Map<const Mat<T>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <class T>
MatView<T> view(T* data, Index rows, Index cols) {
  return {data, rows, cols, Eigen::OuterStride<>(cols)};
}
template <class T>
MatView<T> view(T* data, Index rows, Index cols, Index stride) {
  return {data, rows, cols, Eigen::OuterStride<>(stride)};
}
template <class T>
ConstMatView<T> view(const T* data, Index rows, Index cols) {
  return {data, rows, cols, Eigen::OuterStride<>(cols)};
}
template <class T>
ConstMatView<T> view(const T* data, Index rows, Index cols, Index stride) {
  return {data, rows, cols, Eigen::OuterStride<>(stride)};
}
template <class T>
MatView<T> view(Mat<T>& m) {
  return view(m.data(), m.rows(), m.cols());
}
template <class T>
ConstMatView<T> view(const Mat<T>& m) {
  return view(m.data(), m.rows(), m.cols());
}
template <class T>
ConstMatView<T> as_const(const MatView<T>& m) {
  return view(static_cast<const T*>(m.data()), m.rows(), m.cols(), m.outerStride());
}
/// Rows [first, first + count).
template <class T>
MatView<T> rows(const MatView<T>& m, Index first, Index count) {
  return view(const_cast<T*>(m.data()) + first * m.outerStride(), count, m.cols(), m.outerStride());
}
template <class T>
ConstMatView<T> rows(const ConstMatView<T>& m, Index first, Index count) {
  return view(m.data() + first * m.outerStride(), count, m.cols(), m.outerStride());
}

}  // namespace qtot::math
