#pragma once

#include "qtot/math/views.h"

namespace qtot::agents {

/// x = relu(.): dL/dx becomes 0 where x is 0. A choice, not a branch, so that compilers vectorise it.
template <class T>
void relu_backward(const T* x, math::Index n, T* d_x) {
  for (math::Index i = 0; i < n; ++i) d_x[i] = x[i] > T(0) ? d_x[i] : T(0);
}

}  // namespace qtot::agents
