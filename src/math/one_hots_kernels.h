#pragma once

#include <cstddef>
#include <cstdint>

/// What one_hots.cpp asks of the kernels of one instruction-set level (kernels/one_hots.inl). No Eigen and
/// no library header here: the levels must not share an inline function.
namespace qtot::math {

/// For each row, add_one_hots: to[row] += from[c]; add_one_hots_tn: to[c] += from[row]; `width` elements.
template <class T>
struct OneHotsArgs {
  const std::int32_t* columns;
  std::ptrdiff_t rows, per_row, width;
  const T* from;
  std::ptrdiff_t from_stride;
  T* to;
  std::ptrdiff_t to_stride;
};

template <class T>
struct OneHotsKernelsOf {
  void (*add)(const OneHotsArgs<T>& args);
  void (*add_tn)(const OneHotsArgs<T>& args);
};

struct OneHotsKernels {
  OneHotsKernelsOf<float> of_float;
  OneHotsKernelsOf<double> of_double;
};

}  // namespace qtot::math
