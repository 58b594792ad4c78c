#include "mixers/kernel_net.h"

#include <span>

#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

template <class T>
std::span<T> elements(nn::Buffer<T> buffer) {
  return {buffer.data, static_cast<std::size_t>(buffer.rows * buffer.cols)};
}

// The first layer: the bias, the products with x, k ascending, and the columns of the ones.
template <class T>
void forward_first(const KernelNet& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
                   MatView<T> y) {
  const nn::Linear& layer = net.layers.front();
  const T* const weight = w.transposed + layer.weight;  // [in, out]
  math::matmul_bias<T>(x, math::view(weight, net.dense_in, layer.out), w.values + layer.bias, y);
  if (layer.in == net.dense_in) return;
  math::add_one_hots<T>(
      ones, math::view(weight + net.dense_in * layer.out, layer.in - net.dense_in, layer.out), y);
}

template <class T>
void backward_first(const KernelNet& net, ConstMatView<T> x, math::OneHots ones,
                    ConstMatView<T> d_y, nn::Workspace<T>& workspace, T* gradient) {
  const nn::Linear& layer = net.layers.front();
  T* const d_weight = gradient + layer.weight;  // [out, in]
  math::matmul_tn<T>(d_y, x, math::view(d_weight, layer.out, net.dense_in, layer.in));
  math::column_sums<T>(d_y, gradient + layer.bias);
  const Index one_hot_in = layer.in - net.dense_in;
  if (one_hot_in == 0) return;
  const nn::Buffer<T> table = workspace.take_zero(one_hot_in, layer.out);
  math::add_one_hots_tn<T>(ones, d_y, table.view());
  for (Index j = 0; j < layer.out; ++j) {
    for (Index c = 0; c < one_hot_in; ++c) {
      d_weight[j * layer.in + net.dense_in + c] = table.row(c)[j];
    }
  }
}

}  // namespace

KernelNet KernelNet::add(nn::ParamLayout& layout, const std::string& name, Index dense_in,
                         Index one_hot_in, int n_layers, Index hidden_dim, Index out,
                         bool orthogonal) {
  KernelNet net;
  net.dense_in = dense_in;
  Index in = dense_in + one_hot_in;
  for (int i = 0; i < n_layers; ++i) {
    const std::string layer_name = n_layers == 1 ? name : name + "." + std::to_string(2 * i);
    const Index width = i + 1 == n_layers ? out : hidden_dim;
    net.layers.push_back(nn::Linear::add(layout, layer_name, in, width, orthogonal ? 1 : 0));
    in = width;
  }
  return net;
}

template <class T>
void forward(const KernelNet& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
             const nn::Buffer<T>* hidden, MatView<T> y) {
  const std::size_t last = net.layers.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const MatView<T> out = i == last ? y : hidden[i].view();
    if (i == 0) {
      forward_first<T>(net, w, x, ones, out);
    } else {
      nn::forward<T>(net.layers[i], w, hidden[i - 1].const_view(), out);
    }
    if (i != last) math::relu<T>(elements(hidden[i]), elements(hidden[i]));
  }
}

template <class T>
void backward(const KernelNet& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
              const nn::Buffer<T>* hidden, ConstMatView<T> d_y, nn::Workspace<T>& workspace,
              T* gradient) {
  nn::Buffer<T> d_hidden;
  for (std::size_t i = net.layers.size() - 1; i > 0; --i) {
    const bool is_last = d_hidden.data == nullptr;
    const ConstMatView<T> d_out = is_last ? d_y : d_hidden.const_view();
    nn::backward_params<T>(net.layers[i], hidden[i - 1].const_view(), d_out, gradient);
    const nn::Buffer<T> d_in = workspace.take(d_y.rows(), net.layers[i].in);
    nn::backward_input<T>(net.layers[i], w, d_out, d_in.view());
    math::relu_backward<T>(elements(hidden[i - 1]), elements(d_in));
    d_hidden = d_in;
  }
  backward_first<T>(net, x, ones, net.layers.size() == 1 ? d_y : d_hidden.const_view(), workspace,
                    gradient);
}

#define QTOT_INSTANTIATE(T)                                                                   \
  template void forward<T>(const KernelNet&, nn::Weights<T>, ConstMatView<T>, math::OneHots,  \
                           const nn::Buffer<T>*, MatView<T>);                                 \
  template void backward<T>(const KernelNet&, nn::Weights<T>, ConstMatView<T>, math::OneHots, \
                            const nn::Buffer<T>*, ConstMatView<T>, nn::Workspace<T>&, T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
