#include "qtot/nn/layer_norm.h"

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::nn {
namespace {

constexpr double kEpsilon = 1e-5;  // PyTorch's default, inside the root

}  // namespace

LayerNorm LayerNorm::add(ParamLayout& layout, const std::string& name, Index dim) {
  LayerNorm layer{.dim = dim};
  layer.scale = layout.add_vector(name + ".weight", dim, {Init::kOne, 0});
  layer.shift = layout.add_vector(name + ".bias", dim, {Init::kZero, 0});
  return layer;
}

template <class T>
void forward(const LayerNorm& layer, Weights<T> w, ConstMatView<T> x, MatView<T> normal,
             MatView<T> inverse, MatView<T> y) {
  using Sum = math::Sum<T>;
  QTOT_CHECK_EQ(x.cols(), layer.dim);
  const T* const scale = w.values + layer.scale;
  const T* const shift = w.values + layer.shift;
  for (Index m = 0; m < x.rows(); ++m) {
    Sum sum = 0;
    for (Index i = 0; i < layer.dim; ++i) sum += static_cast<Sum>(x(m, i));
    const Sum mean = sum / static_cast<Sum>(layer.dim);

    Sum squares = 0;
    for (Index i = 0; i < layer.dim; ++i) {
      const Sum off = static_cast<Sum>(x(m, i)) - mean;
      squares = math::fma(off, off, squares);
    }
    const Sum deviation = math::sqrt(squares / static_cast<Sum>(layer.dim) + kEpsilon);
    const Sum inverse_deviation = 1 / deviation;

    inverse(m, 0) = static_cast<T>(inverse_deviation);
    for (Index i = 0; i < layer.dim; ++i) {
      const Sum off = static_cast<Sum>(x(m, i)) - mean;
      normal(m, i) = static_cast<T>(off * inverse_deviation);
      y(m, i) = math::fma(normal(m, i), scale[i], shift[i]);
    }
  }
}

template <class T>
void backward(const LayerNorm& layer, Weights<T> w, ConstMatView<T> normal, ConstMatView<T> inverse,
              ConstMatView<T> d_y, MatView<T> d_x, T* gradient) {
  using Sum = math::Sum<T>;
  const T* const scale = w.values + layer.scale;
  T* const d_scale = gradient + layer.scale;
  T* const d_shift = gradient + layer.shift;
  for (Index i = 0; i < layer.dim; ++i) d_scale[i] = d_shift[i] = T(0);

  for (Index m = 0; m < d_y.rows(); ++m) {
    Sum sum = 0;
    Sum sum_normal = 0;
    for (Index i = 0; i < layer.dim; ++i) {
      // y = normal * scale + shift
      d_scale[i] = math::fma(d_y(m, i), normal(m, i), d_scale[i]);
      d_shift[i] = d_shift[i] + d_y(m, i);
      const Sum g = static_cast<Sum>(d_y(m, i)) * static_cast<Sum>(scale[i]);
      sum += g;
      sum_normal = math::fma(g, static_cast<Sum>(normal(m, i)), sum_normal);
    }
    // normal = (x - mean) * inverse, where mean and inverse depend on every x
    const Sum mean = sum / static_cast<Sum>(layer.dim);
    const Sum mean_normal = sum_normal / static_cast<Sum>(layer.dim);
    for (Index i = 0; i < layer.dim; ++i) {
      const Sum g = static_cast<Sum>(d_y(m, i)) * static_cast<Sum>(scale[i]);
      const Sum rest = math::fma(-static_cast<Sum>(normal(m, i)), mean_normal, g - mean);
      d_x(m, i) = static_cast<T>(static_cast<Sum>(inverse(m, 0)) * rest);
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                       \
  template void forward<T>(const LayerNorm&, Weights<T>, ConstMatView<T>, MatView<T>, MatView<T>, \
                           MatView<T>);                                                           \
  template void backward<T>(const LayerNorm&, Weights<T>, ConstMatView<T>, ConstMatView<T>,       \
                            ConstMatView<T>, MatView<T>, T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
