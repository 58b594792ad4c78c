#include "math/elementwise_kernels.h"
#include "math/isa.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::math {

QTOT_DISPATCH(ElementwiseKernels, elementwise_kernels)

namespace {

const auto& kernels_of(std::span<const float>) {
  return pick_elementwise_kernels().of_float;
}
const auto& kernels_of(std::span<const double>) {
  return pick_elementwise_kernels().of_double;
}

}  // namespace

// Where there are no kernels, the scalar function itself.
#define QTOT_MAP(f)                                              \
  template <class T>                                             \
  void f(std::span<const T> x, std::span<T> y) {                 \
    QTOT_CHECK_EQ(x.size(), y.size());                           \
    if constexpr (kHasKernels<T>) {                              \
      kernels_of(x).f(x.size(), x.data(), y.data());             \
    } else {                                                     \
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = f(x[i]); \
    }                                                            \
  }
QTOT_MAP(exp)
QTOT_MAP(expm1)
QTOT_MAP(tanh)
QTOT_MAP(sigmoid)
QTOT_MAP(relu)
QTOT_MAP(elu)
#undef QTOT_MAP

template <class T>
void relu_backward(std::span<const T> y, std::span<T> d) {
  QTOT_CHECK_EQ(y.size(), d.size());
  if constexpr (kHasKernels<T>) {
    kernels_of(y).relu_backward(y.size(), y.data(), d.data());
  } else {
    for (std::size_t i = 0; i < y.size(); ++i) d[i] = y[i] > T(0) ? d[i] : T(0);
  }
}

#define QTOT_INSTANTIATE(T)                                \
  template void exp(std::span<const T>, std::span<T>);     \
  template void expm1(std::span<const T>, std::span<T>);   \
  template void tanh(std::span<const T>, std::span<T>);    \
  template void sigmoid(std::span<const T>, std::span<T>); \
  template void relu(std::span<const T>, std::span<T>);    \
  template void elu(std::span<const T>, std::span<T>);     \
  template void relu_backward(std::span<const T>, std::span<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
