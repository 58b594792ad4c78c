#pragma once

#include "qtot/nn/params.h"

namespace qtot::nn {

/// y = scale * (x - mean) / sqrt(var + 1e-5) + shift over each row (Ba et al., 2016), with the
/// population variance.
struct LayerNorm {
  Index dim = 0;
  std::size_t scale = 0;  // [dim], starts at 1; `<name>.weight`
  std::size_t shift = 0;  // [dim], starts at 0; `<name>.bias`

  static LayerNorm add(ParamLayout& layout, const std::string& name, Index dim);
};

/// Mean and variance are summed in math::Sum<T>, elements ascending; the variance over (x - mean)^2.
///
/// @param[in]  x       [M, dim]
/// @param[out] normal  [M, dim]  (x - mean) * inverse deviation, before scale and shift
/// @param[out] inverse [M, 1]    1 / sqrt(var + 1e-5)
/// @param[out] y       [M, dim]  fma(normal, scale, shift)
template <class T>
void forward(const LayerNorm& layer, Weights<T> w, ConstMatView<T> x, MatView<T> normal,
             MatView<T> inverse, MatView<T> y);

/// With g = dy * scale: dx = inverse * (g - mean(g) - normal * mean(g * normal)), means in
/// math::Sum<T>, elements ascending. Parameter gradients sum over rows, ascending, and overwrite.
template <class T>
void backward(const LayerNorm& layer, Weights<T> w, ConstMatView<T> normal, ConstMatView<T> inverse,
              ConstMatView<T> d_y, MatView<T> d_x, T* gradient);

}  // namespace qtot::nn
