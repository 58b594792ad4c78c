#include "qtot/nn/softmax.h"

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/scalars.h"

namespace qtot::nn {

using math::Index;

template <class T>
void softmax(math::ConstMatView<T> x, math::MatView<T> y) {
  using Sum = math::Sum<T>;
  QTOT_CHECK_EQ(x.rows(), y.rows());
  QTOT_CHECK_EQ(x.cols(), y.cols());
  if (x.cols() == 0) return;
  for (Index m = 0; m < x.rows(); ++m) {
    T largest = x(m, 0);
    for (Index i = 1; i < x.cols(); ++i) {
      if (x(m, i) > largest) largest = x(m, i);
    }
    Sum sum = 0;
    for (Index i = 0; i < x.cols(); ++i) {
      y(m, i) = math::exp(T(x(m, i) - largest));
      sum += static_cast<Sum>(y(m, i));
    }
    for (Index i = 0; i < x.cols(); ++i) y(m, i) = static_cast<T>(static_cast<Sum>(y(m, i)) / sum);
  }
}

template <class T>
void softmax_backward(math::ConstMatView<T> y, math::ConstMatView<T> d_y, math::MatView<T> d_x) {
  using Sum = math::Sum<T>;
  QTOT_CHECK_EQ(y.rows(), d_y.rows());
  QTOT_CHECK_EQ(y.cols(), d_y.cols());
  QTOT_CHECK_EQ(y.rows(), d_x.rows());
  QTOT_CHECK_EQ(y.cols(), d_x.cols());
  for (Index m = 0; m < y.rows(); ++m) {
    Sum weighted = 0;
    for (Index i = 0; i < y.cols(); ++i) {
      weighted = math::fma(static_cast<Sum>(d_y(m, i)), static_cast<Sum>(y(m, i)), weighted);
    }
    for (Index i = 0; i < y.cols(); ++i) {
      const Sum off = static_cast<Sum>(d_y(m, i)) - weighted;
      d_x(m, i) = static_cast<T>(static_cast<Sum>(y(m, i)) * off);
    }
  }
}

#define QTOT_INSTANTIATE(T)                                          \
  template void softmax<T>(math::ConstMatView<T>, math::MatView<T>); \
  template void softmax_backward<T>(math::ConstMatView<T>, math::ConstMatView<T>, math::MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
