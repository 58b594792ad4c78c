#pragma once

#include "mixers/hypernet.h"

/// Several networks whose intermediate values lie in one buffer, and networks that nothing reads.
namespace qtot::mixers {

/// Rows [k M, (k + 1) M) of a buffer [K M, .]: those of the k-th network.
template <class T>
nn::Buffer<T> part(nn::Buffer<T> stacked, Index k, Index rows) {
  return {stacked.row(k * rows), rows, stacked.cols};
}

/// The gradient of a network that stands in the layout, as the peers', and is not read.
template <class T>
void zero_gradient(const Hypernet& net, T* gradient) {
  for (const nn::Linear* layer : {&net.first, &net.second}) {
    math::view(gradient + layer->weight, layer->out, layer->in).setZero();
    math::view(gradient + layer->bias, layer->out, 1).setZero();
  }
}

}  // namespace qtot::mixers
