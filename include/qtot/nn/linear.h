#pragma once

#include "qtot/math/matmul.h"
#include "qtot/nn/params.h"

namespace qtot::nn {

/// y = x W^T + b, or without b. A description: offsets into a layout, no numbers.
struct Linear {
  Index in = 0;
  Index out = 0;
  std::size_t weight = 0;  // [out, in]
  std::size_t bias = 0;    // [out]
  bool has_bias = true;

  /// Adds `<name>.weight` and `<name>.bias`. Uniform in +-1 / sqrt(in), as PyTorch's Linear; with
  /// orthogonal gain > 0 an orthogonal weight and a zero bias.
  static Linear add(ParamLayout& layout, const std::string& name, Index in, Index out,
                    double orthogonal_gain = 0);
  /// The same with `<name>.weight` alone.
  static Linear add_without_bias(ParamLayout& layout, const std::string& name, Index in, Index out,
                                 double orthogonal_gain = 0);
};

/// y[m][j] = start at b[j], then fma over x[m][k] W[j][k], k ascending.   x [M, in]  y [M, out]
template <class T>
void forward(const Linear& layer, Weights<T> w, ConstMatView<T> x, MatView<T> y);

/// dx[m][i] = sum over j ascending of dy[m][j] W[j][i].   dy [M, out]  dx [M, in], overwritten
template <class T>
void backward_input(const Linear& layer, Weights<T> w, ConstMatView<T> d_y, MatView<T> d_x);

/// dW[j][i] = sum over m ascending of dy[m][j] x[m][i]; db[j] = sum over m of dy[m][j]. Overwrites the
/// layer's part of `gradient`, which has the network's layout, or, with math::kAccumulate, goes on with
/// the sums that lie there: rows in several calls give the bits of one call.
template <class T>
void backward_params(const Linear& layer, ConstMatView<T> x, ConstMatView<T> d_y, T* gradient,
                     math::Start start = math::kFromZero);

}  // namespace qtot::nn
