#pragma once

#include <cstddef>

/// What mixing.cpp asks of the kernels of one instruction-set level (kernels/mixing.inl). No Eigen and
/// no library header here: the levels must not share an inline function.
namespace qtot::math {

/// A matrix whose rows lie `stride` elements apart.
template <class T>
struct MixRows {
  T* data;
  std::ptrdiff_t stride;
};

/// Arguments of all mixing products (qtot/math/mixing.h), by their names there.
template <class T>
struct MixArgs {
  std::ptrdiff_t rows, n_agents, embed_dim;
  MixRows<const T> a;       // q, a or d
  MixRows<const T> w;       // null data where it is not read
  MixRows<const T> second;  // d_z of mix_outer, hidden of mix_elu_slope
  MixRows<T> out;
  bool is_abs;
};

template <class T>
struct MixingKernelsOf {
  void (*agents)(const MixArgs<T>& args);
  void (*embedding)(const MixArgs<T>& args);
  void (*outer)(const MixArgs<T>& args);
  void (*elu_slope)(const MixArgs<T>& args);
};

struct MixingKernels {
  MixingKernelsOf<float> of_float;
  MixingKernelsOf<double> of_double;
};

}  // namespace qtot::math
