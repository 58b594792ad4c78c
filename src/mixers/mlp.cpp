#include "mixers/mlp.h"

#include <algorithm>
#include <span>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

template <class T>
std::span<T> elements(nn::Buffer<T> buffer) {
  return {buffer.data, static_cast<std::size_t>(buffer.rows * buffer.cols)};
}

}  // namespace

Mlp Mlp::add(nn::ParamLayout& layout, const std::string& name, Index in,
             std::initializer_list<Index> widths, bool orthogonal) {
  QTOT_CHECK_LE(widths.size(), kMaxLayers);
  Mlp net;
  for (const Index width : widths) {
    const std::string layer = name + "." + std::to_string(2 * net.n_layers);
    net.layers[net.n_layers++] = nn::Linear::add(layout, layer, in, width, orthogonal ? 1 : 0);
    in = width;
  }
  return net;
}

template <class T>
MlpTape<T> forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, nn::Workspace<T>& workspace,
                   MatView<T> y) {
  MlpTape<T> tape;
  for (std::size_t i = 0; i + 1 < net.n_layers; ++i) {
    tape[i] = workspace.take(x.rows(), net.layers[i].out);
    nn::forward<T>(net.layers[i], w, i == 0 ? x : tape[i - 1].const_view(), tape[i].view());
    math::relu<T>(elements(tape[i]), elements(tape[i]));
  }
  const std::size_t last = net.n_layers - 1;
  nn::forward<T>(net.layers[last], w, last == 0 ? x : tape[last - 1].const_view(), y);
  return tape;
}

template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, const MlpTape<T>& tape,
              ConstMatView<T> d_y, MatView<T> d_x, nn::Workspace<T>& workspace, T* gradient) {
  nn::Buffer<T> d_hidden;
  for (std::size_t i = net.n_layers; i-- > 1;) {
    const ConstMatView<T> d_out = i + 1 == net.n_layers ? d_y : d_hidden.const_view();
    const nn::Buffer<T> hidden = tape[i - 1];
    nn::backward_params<T>(net.layers[i], hidden.const_view(), d_out, gradient);
    const nn::Buffer<T> d_in = workspace.take(hidden.rows, hidden.cols);
    nn::backward_input<T>(net.layers[i], w, d_out, d_in.view());
    math::relu_backward<T>(elements(hidden), elements(d_in));
    d_hidden = d_in;
  }
  const ConstMatView<T> d_first = net.n_layers == 1 ? d_y : d_hidden.const_view();
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
  template MlpTape<T> forward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, nn::Workspace<T>&, \
                                 MatView<T>);                                                    \
  template void backward<T>(const Mlp&, nn::Weights<T>, ConstMatView<T>, const MlpTape<T>&,      \
                            ConstMatView<T>, MatView<T>, nn::Workspace<T>&, T*);                 \
  template void zero_gradient<T>(const Mlp&, T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
