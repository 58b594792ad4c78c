#include "agents/input_layer.h"

#include "qtot/base/check.h"
#include "qtot/math/matmul.h"
#include "qtot/math/scalars.h"

namespace qtot::agents {

InputLayer InputLayer::add(nn::ParamLayout& layout, const std::string& name,
                           const AgentConfig& config, Index out, double orthogonal_gain) {
  InputLayer layer;
  layer.linear_ = nn::Linear::add(layout, name, input_dim(config), out, orthogonal_gain);
  layer.obs_dim_ = config.spec.obs_dim;
  return layer;
}

template <class T>
void InputLayer::forward(nn::Weights<T> w, const Inputs<T>& inputs, MatView<T> y) const {
  const T* const transposed = w.transposed + linear_.weight;  // [in, out]
  math::matmul_bias<T>(inputs.obs, math::view(transposed, obs_dim_, linear_.out),
                       w.values + linear_.bias, y);
  const auto table =
      math::view(transposed + obs_dim_ * linear_.out, n_one_hot_columns(), linear_.out);
  math::add_one_hots<T>(inputs.one_hots, table, y);
}

template <class T>
void InputLayer::backward_params(const Inputs<T>& inputs, ConstMatView<T> d_y, math::Start start,
                                 T* gradient, MatView<T> one_hot_sums) const {
  QTOT_CHECK_NE(start.kind, math::Start::kBias);
  if (start.kind == math::Start::kZero) one_hot_sums.setZero();
  math::matmul_tn<T>(d_y, inputs.obs,
                     math::view(gradient + linear_.weight, linear_.out, obs_dim_, linear_.in),
                     start);
  math::column_sums<T>(d_y, gradient + linear_.bias, start);
  math::add_one_hots_tn<T>(inputs.one_hots, d_y, one_hot_sums);
}

template <class T>
void InputLayer::finish(ConstMatView<T> one_hot_sums, T* gradient) const {
  T* const columns = gradient + linear_.weight + obs_dim_;
  for (Index j = 0; j < linear_.out; ++j) {
    for (Index c = 0; c < one_hot_sums.rows(); ++c) {
      columns[j * linear_.in + c] = one_hot_sums(c, j);
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                        \
  template void InputLayer::forward<T>(nn::Weights<T>, const Inputs<T>&, MatView<T>) const;        \
  template void InputLayer::backward_params<T>(const Inputs<T>&, ConstMatView<T>, math::Start, T*, \
                                               MatView<T>) const;                                  \
  template void InputLayer::finish<T>(ConstMatView<T>, T*) const;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
