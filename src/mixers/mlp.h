#pragma once

#include <array>
#include <string>
#include <vector>

#include "qtot/math/one_hots.h"
#include "qtot/nn/linear.h"
#include "qtot/nn/workspace.h"

/// Linear layers with a relu between each two, of which the first may also read one-hots.
///
///   y = W_last relu(... relu(W_0 [x, ones] + b_0) ...) + b_last
///
/// Tensors `<name>.0.weight`, `<name>.0.bias`, `<name>.2.weight`, ...: the names that PyTorch gives to
/// Sequential(Linear, ReLU, Linear, ...). A single layer is `<name>.weight`, `<name>.bias`.
namespace qtot::mixers {

using math::ConstMatView;
using math::Index;
using math::MatView;

struct Mlp {
  static constexpr std::size_t kMaxLayers = 4;
  std::array<nn::Linear, kMaxLayers> layers;
  std::size_t n_layers = 0;
  Index dense_in = 0;  // columns of x; the rest of the first layer's inputs are one-hots

  /// `widths`: of every layer's output, the last one's being that of the whole. `orthogonal`: the layers
  /// begin so, with gain 1, and their biases at 0.
  static Mlp add(nn::ParamLayout& layout, const std::string& name, Index dense_in,
                 const std::vector<Index>& widths, bool orthogonal = false, Index one_hot_in = 0);

  Index in() const { return layers[0].in; }
  Index out() const { return layers[n_layers - 1].out; }
  std::size_t n_hidden() const { return n_layers - 1; }
};

/// Hidden layers [M, width] after the relu.
template <class T>
using MlpTape = std::array<nn::Buffer<T>, Mlp::kMaxLayers - 1>;

/// x [M, dense_in]  ones [M, one_hot_in], or no rows  y [M, out]. The buffers of `hidden` are filled.
template <class T>
void forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
             const MlpTape<T>& hidden, MatView<T> y);

/// The same without one-hots, with buffers from `workspace`.
template <class T>
MlpTape<T> forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, nn::Workspace<T>& workspace,
                   MatView<T> y);

/// Parameter gradients, each the sum over rows, m ascending. The slope of relu at 0 is 0. d_y [M, out]
template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
              const MlpTape<T>& hidden, ConstMatView<T> d_y, nn::Workspace<T>& workspace,
              T* gradient);

/// The same without one-hots.
///
/// @param[out] d_x  [M, in], overwritten; of no rows where nobody asks
template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, const MlpTape<T>& hidden,
              ConstMatView<T> d_y, MatView<T> d_x, nn::Workspace<T>& workspace, T* gradient);

/// Their gradients where the network was not used.
template <class T>
void zero_gradient(const Mlp& net, T* gradient);

}  // namespace qtot::mixers
