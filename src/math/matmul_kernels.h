#pragma once

#include <cstddef>

/// What matmul.cpp asks of the kernels of one instruction-set level (kernels/matmul.inl). No Eigen
/// and no library header here: the levels must not share an inline function.
namespace qtot::math {

/// out(i, j) = start + sum over k of a(i, k) b(k, j), k ascending, for i < m, j < n, k < depth.
/// An element (r, c) lies at base[r * row + c * col]. start is out(i, j) itself where `accumulate`
/// is set, else bias[j], else +0 where bias is null. out must not overlap the rest.
template <class T>
struct Product {
  std::ptrdiff_t m, n, depth;
  const T* a;
  std::ptrdiff_t a_row, a_col;
  const T* b;
  std::ptrdiff_t b_row, b_col;  // one of them is 1
  T* out;
  std::ptrdiff_t out_row, out_col;  // one of them is 1
  const T* bias;
  bool accumulate;
};

struct MatmulKernels {
  void (*product_f32)(const Product<float>&);
  void (*product_f64)(const Product<double>&);
  /// out[j] += a[k * stride + j] for k = 0 .. depth - 1 in order, j < n.
  void (*add_rows_f32)(std::ptrdiff_t depth, std::ptrdiff_t n, const float* a,
                       std::ptrdiff_t stride, float* out);
  void (*add_rows_f64)(std::ptrdiff_t depth, std::ptrdiff_t n, const double* a,
                       std::ptrdiff_t stride, double* out);
};

}  // namespace qtot::math
