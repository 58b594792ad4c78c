#pragma once

#include <string>

#include "qtot/agents/agent.h"
#include "qtot/nn/linear.h"

namespace qtot::agents {

/// The first Linear of an agent: a product with the observations, and a row of the weights for each
/// one-hot behind them.
class InputLayer {
 public:
  InputLayer() = default;
  static InputLayer add(nn::ParamLayout& layout, const std::string& name, const AgentConfig& config,
                        Index out, double orthogonal_gain);

  /// y [R, out]
  template <class T>
  void forward(nn::Weights<T> w, const Inputs<T>& inputs, MatView<T> y) const;

  /// Gradients of weight and bias: a call for each part of the rows, in their order, the first with
  /// math::kFromZero and the others with kAccumulate. What belongs to one-hots is summed in a table of its
  /// own, from which finish() takes it.
  ///
  ///   d_y [R, out]   one_hot_sums [n_one_hot_columns(), out]
  template <class T>
  void backward_params(const Inputs<T>& inputs, ConstMatView<T> d_y, math::Start start, T* gradient,
                       MatView<T> one_hot_sums) const;
  /// After the last part: the table's sums go to their columns of the gradient.
  template <class T>
  void finish(ConstMatView<T> one_hot_sums, T* gradient) const;

  Index n_one_hot_columns() const { return linear_.in - obs_dim_; }

 private:
  nn::Linear linear_;
  Index obs_dim_ = 0;
};

}  // namespace qtot::agents
