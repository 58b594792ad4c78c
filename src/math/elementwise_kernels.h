#pragma once

#include <cstddef>

/// The table that every instruction-set level of kernels/elementwise.inl fills. No Eigen and nothing
/// of std:: with a body: see cmake/QtotIsa.cmake.
namespace qtot::math {

inline constexpr std::size_t kSumLanes = 16;  // of sum_of_squares, see qtot/math/reduce.h

/// gru_gates() on rows that lie `..._stride` elements apart.
template <class T>
struct GruGatesArgs {
  std::size_t rows, width;
  const T* gi;  // [rows, 3 width]
  const T* gh;  // [rows, 3 width]
  const T* h;   // [rows, width]
  T* gates;     // [rows, 3 width]
  T* h_new;     // [rows, width], may be h
  std::ptrdiff_t gi_stride, gh_stride, h_stride, gates_stride, h_new_stride;
};

/// gru_gates_backward() likewise.
template <class T>
struct GruGatesBackwardArgs {
  std::size_t rows, width;
  const T* gates;  // [rows, 3 width]
  const T* gh_n;   // [rows, width]
  const T* h;      // [rows, width]
  const T* d;      // [rows, width]
  T* d_gi;         // [rows, 3 width]
  T* d_gh;         // [rows, 3 width]
  T* d_h;          // [rows, width], may be d
  std::ptrdiff_t gates_stride, gh_n_stride, h_stride, d_stride;
  std::ptrdiff_t d_gi_stride, d_gh_stride, d_h_stride;
};

template <class T>
struct ElementwiseKernelsOf {
  using Map = void (*)(std::size_t n, const T* x, T* y);  // y may be x
  Map exp, expm1, tanh, sigmoid, relu, elu;
  void (*relu_backward)(std::size_t n, const T* y, T* d);
  double (*sum_of_squares)(std::size_t n, const T* x);
  void (*gru_gates)(const GruGatesArgs<T>& args);
  void (*gru_gates_backward)(const GruGatesBackwardArgs<T>& args);
};

struct ElementwiseKernels {
  ElementwiseKernelsOf<float> of_float;
  ElementwiseKernelsOf<double> of_double;
};

}  // namespace qtot::math
