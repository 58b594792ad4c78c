#pragma once

#include <string>

#include "qtot/mixers/mixer.h"

/// The networks by which the state writes a mixer's weights.
///
///   one layer    y = W x + b
///   two layers   hidden = relu(W0 x + b0)    y = W2 hidden + b2
///
/// Tensors `<name>.0.weight`, `<name>.0.bias` and, with two layers, `<name>.2.weight`, `<name>.2.bias`,
/// the names that PyTorch gives to Sequential(Linear, ReLU, Linear).
namespace qtot::mixers {

struct Hypernet {
  nn::Linear first;
  nn::Linear second;
  bool has_two_layers = false;

  /// hidden_dim = 0 gives one layer.
  static Hypernet add(nn::ParamLayout& layout, const std::string& name, Index in, Index hidden_dim,
                      Index out, bool orthogonal);
  /// Two layers, the second y = W2 hidden.
  static Hypernet add_without_last_bias(nn::ParamLayout& layout, const std::string& name, Index in,
                                        Index hidden_dim, Index out, bool orthogonal);
};

/// x [M, in]  y [M, out]. Returns the hidden layer [M, hidden_dim] after the relu, which backward()
/// reads; empty with one layer.
template <class T>
nn::Buffer<T> forward(const Hypernet& net, nn::Weights<T> w, ConstMatView<T> x,
                      nn::Workspace<T>& workspace, MatView<T> y);

/// Parameter gradients alone, each the sum over rows, m ascending: x is the state, which is data.
/// The slope of relu at 0 is 0. `start` as in nn::backward_params().
template <class T>
void backward(const Hypernet& net, nn::Weights<T> w, ConstMatView<T> x, nn::Buffer<T> hidden,
              ConstMatView<T> d_y, nn::Workspace<T>& workspace, T* gradient,
              math::Start start = math::kFromZero);

}  // namespace qtot::mixers
