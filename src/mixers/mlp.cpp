#include "mixers/mlp.h"

#include <algorithm>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

// The first layer: the bias, the products with x, k ascending, and the columns of the ones.
template <class T>
void forward_first(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
                   MatView<T> y) {
  const nn::Linear& layer = net.layers[0];
  if (layer.in == net.dense_in) return nn::forward<T>(layer, w, x, y);
  const T* const weight = w.transposed + layer.weight;  // [in, out]
  math::matmul_bias<T>(x, math::view(weight, net.dense_in, layer.out), w.values + layer.bias, y);
  math::add_one_hots<T>(
      ones, math::view(weight + net.dense_in * layer.out, layer.in - net.dense_in, layer.out), y);
}

template <class T>
void backward_first(const Mlp& net, ConstMatView<T> x, math::OneHots ones, ConstMatView<T> d_y,
                    nn::Workspace<T>& workspace, T* gradient) {
  const nn::Linear& layer = net.layers[0];
  if (layer.in == net.dense_in) return nn::backward_params<T>(layer, x, d_y, gradient);
  T* const d_weight = gradient + layer.weight;  // [out, in]
  math::matmul_tn<T>(d_y, x, math::view(d_weight, layer.out, net.dense_in, layer.in));
  math::column_sums<T>(d_y, gradient + layer.bias);
  const Index one_hot_in = layer.in - net.dense_in;
  const nn::Buffer<T> table = workspace.take_zero(one_hot_in, layer.out);
  math::add_one_hots_tn<T>(ones, d_y, table.view());
  for (Index j = 0; j < layer.out; ++j) {
    for (Index c = 0; c < one_hot_in; ++c) {
      d_weight[j * layer.in + net.dense_in + c] = table.row(c)[j];
    }
  }
}

// All layers but the first; returns the gradient of the first one's output.
template <class T>
ConstMatView<T> backward_later(const Mlp& net, nn::Weights<T> w, const MlpTape<T>& hidden,
                               ConstMatView<T> d_y, nn::Workspace<T>& workspace, T* gradient) {
  nn::Buffer<T> d_hidden;
  for (std::size_t i = net.n_hidden(); i > 0; --i) {
    const ConstMatView<T> d_out = i == net.n_hidden() ? d_y : d_hidden.const_view();
    const nn::Buffer<T> in = hidden[i - 1];
    nn::backward_params<T>(net.layers[i], in.const_view(), d_out, gradient);
    d_hidden = workspace.take(in.rows, in.cols);
    nn::backward_input<T>(net.layers[i], w, d_out, d_hidden.view());
    math::relu_backward<T>(in.elements(), d_hidden.elements());
  }
  return net.n_hidden() == 0 ? d_y : d_hidden.const_view();
}

}  // namespace

Mlp Mlp::add(nn::ParamLayout& layout, const std::string& name, Index dense_in,
             const std::vector<Index>& widths, bool orthogonal, Index one_hot_in) {
  QTOT_CHECK_LE(widths.size(), kMaxLayers);
  Mlp net;
  net.dense_in = dense_in;
  Index in = dense_in + one_hot_in;
  for (const Index width : widths) {
    const std::string layer =
        widths.size() == 1 ? name : name + "." + std::to_string(2 * net.n_layers);
    net.layers[net.n_layers++] = nn::Linear::add(layout, layer, in, width, orthogonal ? 1 : 0);
    in = width;
  }
  return net;
}

template <class T>
void forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
             const MlpTape<T>& hidden, MatView<T> y) {
  for (std::size_t i = 0; i < net.n_layers; ++i) {
    const bool is_last = i == net.n_hidden();
    const MatView<T> out = is_last ? y : hidden[i].view();
    if (i == 0) {
      forward_first<T>(net, w, x, ones, out);
    } else {
      nn::forward<T>(net.layers[i], w, hidden[i - 1].const_view(), out);
    }
    if (!is_last) math::relu<T>(hidden[i].elements(), hidden[i].elements());
  }
}

template <class T>
MlpTape<T> forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, nn::Workspace<T>& workspace,
                   MatView<T> y) {
  MlpTape<T> hidden;
  for (std::size_t i = 0; i < net.n_hidden(); ++i) {
    hidden[i] = workspace.take(x.rows(), net.layers[i].out);
  }
  forward<T>(net, w, x, {}, hidden, y);
  return hidden;
}

template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
              const MlpTape<T>& hidden, ConstMatView<T> d_y, nn::Workspace<T>& workspace,
              T* gradient) {
  const ConstMatView<T> d_first = backward_later<T>(net, w, hidden, d_y, workspace, gradient);
  backward_first<T>(net, x, ones, d_first, workspace, gradient);
}

template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, const MlpTape<T>& hidden,
              ConstMatView<T> d_y, MatView<T> d_x, nn::Workspace<T>& workspace, T* gradient) {
  const ConstMatView<T> d_first = backward_later<T>(net, w, hidden, d_y, workspace, gradient);
  nn::backward_params<T>(net.layers[0], x, d_first, gradient);
  if (d_x.rows() > 0) nn::backward_input<T>(net.layers[0], w, d_first, d_x);
}

template <class T>
void zero_gradient(const Mlp& net, T* gradient) {
  for (std::size_t i = 0; i < net.n_layers; ++i) {
    const nn::Linear& layer = net.layers[i];
    std::fill_n(gradient + layer.weight, layer.in * layer.out, T(0));
    std::fill_n(gradient + layer.bias, layer.out, T(0));
  }
}

#define QTOT_INSTANTIATE(T)                                                                      \
  template void forward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, math::OneHots,           \
                           const MlpTape<T>&, MatView<T>);                                       \
  template MlpTape<T> forward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, nn::Workspace<T>&, \
                                 MatView<T>);                                                    \
  template void backward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, math::OneHots,          \
                            const MlpTape<T>&, ConstMatView<T>, nn::Workspace<T>&, T*);          \
  template void backward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, const MlpTape<T>&,      \
                            ConstMatView<T>, MatView<T>, nn::Workspace<T>&, T*);                 \
  template void zero_gradient<T>(const Mlp&, T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
