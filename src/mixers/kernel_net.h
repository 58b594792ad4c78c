#pragma once

#include <string>
#include <vector>

#include "qtot/mixers/mixer.h"

/// One to three linear layers with relus between, of which the first may also read one-hots.
///
///   y = W_last relu(... relu(W_0 [x, ones] + b_0) ...) + b_last
///
/// Tensors `<name>.0.weight`, `<name>.0.bias`, `<name>.2.weight`, ..., the names that PyTorch gives to
/// Sequential(Linear, ReLU, Linear, ...); a single layer is `<name>.weight`, `<name>.bias`.
namespace qtot::mixers {

struct KernelNet {
  std::vector<nn::Linear> layers;
  Index dense_in = 0;  // columns of x; the rest of the first layer's inputs are one-hots

  static KernelNet add(nn::ParamLayout& layout, const std::string& name, Index dense_in,
                       Index one_hot_in, int n_layers, Index hidden_dim, Index out,
                       bool orthogonal);
};

/// x [M, dense_in]  ones [M, one_hot_in], or no rows  hidden: for each layer but the last a buffer
/// [M, its width], filled with its output after the relu  y [M, out]
template <class T>
void forward(const KernelNet& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
             const nn::Buffer<T>* hidden, MatView<T> y);

/// Parameter gradients alone, each the sum over rows, m ascending: the inputs are data. The slope of relu
/// at 0 is 0.
template <class T>
void backward(const KernelNet& net, nn::Weights<T> w, ConstMatView<T> x, math::OneHots ones,
              const nn::Buffer<T>* hidden, ConstMatView<T> d_y, nn::Workspace<T>& workspace,
              T* gradient);

}  // namespace qtot::mixers
