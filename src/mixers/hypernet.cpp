#include "mixers/hypernet.h"

#include <span>

#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

constexpr double kOrthogonalGain = 1;  // PyMARL2's, for every Linear of a mixer

}  // namespace

Hypernet Hypernet::add(nn::ParamLayout& layout, const std::string& name, Index in, Index hidden_dim,
                       Index out, bool orthogonal) {
  const double gain = orthogonal ? kOrthogonalGain : 0;
  Hypernet net;
  net.has_two_layers = hidden_dim > 0;
  if (net.has_two_layers) {
    net.first = nn::Linear::add(layout, name + ".0", in, hidden_dim, gain);
    net.second = nn::Linear::add(layout, name + ".2", hidden_dim, out, gain);
  } else {
    net.first = nn::Linear::add(layout, name + ".0", in, out, gain);
  }
  return net;
}

Hypernet Hypernet::add_without_last_bias(nn::ParamLayout& layout, const std::string& name, Index in,
                                         Index hidden_dim, Index out, bool orthogonal) {
  const double gain = orthogonal ? kOrthogonalGain : 0;
  Hypernet net;
  net.has_two_layers = true;
  net.first = nn::Linear::add(layout, name + ".0", in, hidden_dim, gain);
  net.second = nn::Linear::add_without_bias(layout, name + ".2", hidden_dim, out, gain);
  return net;
}

template <class T>
nn::Buffer<T> forward(const Hypernet& net, nn::Weights<T> w, ConstMatView<T> x,
                      nn::Workspace<T>& workspace, MatView<T> y) {
  if (!net.has_two_layers) {
    nn::forward<T>(net.first, w, x, y);
    return {};
  }
  const nn::Buffer<T> hidden = workspace.take(x.rows(), net.first.out);
  nn::forward<T>(net.first, w, x, hidden.view());
  math::relu<T>(hidden.elements(), hidden.elements());
  nn::forward<T>(net.second, w, hidden.const_view(), y);
  return hidden;
}

template <class T>
void backward(const Hypernet& net, nn::Weights<T> w, ConstMatView<T> x, nn::Buffer<T> hidden,
              ConstMatView<T> d_y, nn::Workspace<T>& workspace, T* gradient, math::Start start) {
  if (!net.has_two_layers) {
    nn::backward_params<T>(net.first, x, d_y, gradient, start);
    return;
  }
  nn::backward_params<T>(net.second, hidden.const_view(), d_y, gradient, start);
  const nn::Buffer<T> d_hidden = workspace.take(hidden.rows, hidden.cols);
  nn::backward_input<T>(net.second, w, d_y, d_hidden.view());
  math::relu_backward<T>(hidden.elements(), d_hidden.elements());
  nn::backward_params<T>(net.first, x, d_hidden.const_view(), gradient, start);
}

#define QTOT_INSTANTIATE(T)                                                                  \
  template nn::Buffer<T> forward<T>(const Hypernet&, nn::Weights<T>, ConstMatView<T>,        \
                                    nn::Workspace<T>&, MatView<T>);                          \
  template void backward<T>(const Hypernet&, nn::Weights<T>, ConstMatView<T>, nn::Buffer<T>, \
                            ConstMatView<T>, nn::Workspace<T>&, T*, math::Start);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
