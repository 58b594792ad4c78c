#pragma once

#include "qtot/math/views.h"

namespace qtot::nn {

/// y[i] = e^(x[i] - max) / sum over j of e^(x[j] - max), over each row: the largest of the row taken
/// away, so that nothing overflows. The sum is taken in math::Sum<T>, j ascending, and each quotient
/// is rounded once.
///
/// @param[in]  x  [M, dim]
/// @param[out] y  [M, dim]; may be x
template <class T>
void softmax(math::ConstMatView<T> x, math::MatView<T> y);

/// dx = y * (dy - sum over j of dy[j] y[j]), in math::Sum<T>, j ascending by fma, rounded once.
///
/// @param[in]  y, d_y [M, dim]
/// @param[out] d_x    [M, dim]; may be d_y
template <class T>
void softmax_backward(math::ConstMatView<T> y, math::ConstMatView<T> d_y, math::MatView<T> d_x);

}  // namespace qtot::nn
