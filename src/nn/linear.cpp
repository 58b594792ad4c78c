#include "qtot/nn/linear.h"

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::nn {

namespace {

// of PyTorch's Linear, of a weight and its bias
double uniform_bound(Index in) {
  return 1 / math::sqrt(static_cast<double>(in));
}

}  // namespace

Linear Linear::add_without_bias(ParamLayout& layout, const std::string& name, Index in, Index out,
                                double orthogonal_gain) {
  const Init init = orthogonal_gain > 0 ? Init{Init::kOrthogonal, orthogonal_gain}
                                        : Init{Init::kUniform, uniform_bound(in)};
  Linear layer{.in = in, .out = out, .has_bias = false};
  layer.weight = layout.add_matrix(name + ".weight", out, in, init);
  return layer;
}

Linear Linear::add(ParamLayout& layout, const std::string& name, Index in, Index out,
                   double orthogonal_gain) {
  Linear layer = add_without_bias(layout, name, in, out, orthogonal_gain);
  layer.has_bias = true;
  layer.bias = layout.add_vector(
      name + ".bias", out,
      orthogonal_gain > 0 ? Init{Init::kZero, 0} : Init{Init::kUniform, uniform_bound(in)});
  return layer;
}

template <class T>
void forward(const Linear& layer, Weights<T> w, ConstMatView<T> x, MatView<T> y) {
  const auto weight = math::view(w.transposed + layer.weight, layer.in, layer.out);
  if (layer.has_bias) {
    math::matmul_bias<T>(x, weight, w.values + layer.bias, y);
  } else {
    math::matmul<T>(x, weight, y);
  }
}

template <class T>
void backward_input(const Linear& layer, Weights<T> w, ConstMatView<T> d_y, MatView<T> d_x) {
  math::matmul<T>(d_y, math::view(w.values + layer.weight, layer.out, layer.in), d_x);
}

template <class T>
void backward_params(const Linear& layer, ConstMatView<T> x, ConstMatView<T> d_y, T* gradient,
                     math::Start start) {
  math::matmul_tn<T>(d_y, x, math::view(gradient + layer.weight, layer.out, layer.in), start);
  if (layer.has_bias) math::column_sums<T>(d_y, gradient + layer.bias, start);
}

#define QTOT_INSTANTIATE(T)                                                                \
  template void forward<T>(const Linear&, Weights<T>, ConstMatView<T>, MatView<T>);        \
  template void backward_input<T>(const Linear&, Weights<T>, ConstMatView<T>, MatView<T>); \
  template void backward_params<T>(const Linear&, ConstMatView<T>, ConstMatView<T>, T*,    \
                                   math::Start);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
