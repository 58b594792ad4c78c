#pragma once

#include <array>
#include <initializer_list>
#include <string>

#include "qtot/nn/linear.h"
#include "qtot/nn/workspace.h"

/// Linear layers with a relu between each two, tensors `<name>.0.weight`, `<name>.0.bias`,
/// `<name>.2.weight`, ...: the names that PyTorch gives to Sequential(Linear, ReLU, Linear, ...).
namespace qtot::mixers {

using math::ConstMatView;
using math::Index;
using math::MatView;

struct Mlp {
  static constexpr std::size_t kMaxLayers = 4;
  std::array<nn::Linear, kMaxLayers> layers;
  std::size_t n_layers = 0;

  /// `widths`: of every layer's output, the last one's being that of the whole. `orthogonal`: the layers
  /// begin so, with gain 1, and their biases at 0.
  static Mlp add(nn::ParamLayout& layout, const std::string& name, Index in,
                 std::initializer_list<Index> widths, bool orthogonal = false);

  Index in() const { return layers[0].in; }
  Index out() const { return layers[n_layers - 1].out; }
};

/// Hidden layers [M, width] after the relu.
template <class T>
using MlpTape = std::array<nn::Buffer<T>, Mlp::kMaxLayers - 1>;

/// x [M, in]  y [M, out]. The tape's buffers come from `workspace`.
template <class T>
MlpTape<T> forward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, nn::Workspace<T>& workspace,
                   MatView<T> y);

/// Parameter gradients, each the sum over rows, m ascending.
///
/// @param[in]  d_y  [M, out]
/// @param[out] d_x  [M, in], overwritten; of no rows where nobody asks
template <class T>
void backward(const Mlp& net, nn::Weights<T> w, ConstMatView<T> x, const MlpTape<T>& tape,
              ConstMatView<T> d_y, MatView<T> d_x, nn::Workspace<T>& workspace, T* gradient);

/// Their gradients where the network was not used.
template <class T>
void zero_gradient(const Mlp& net, T* gradient);

}  // namespace qtot::mixers
