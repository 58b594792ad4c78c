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

template <class T>
void map(typename ElementwiseKernelsOf<T>::Map kernel, std::span<const T> x, std::span<T> y) {
  QTOT_CHECK_EQ(x.size(), y.size());
  kernel(x.size(), x.data(), y.data());
}

}  // namespace

template <class T>
void exp(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).exp, x, y);
}
template <class T>
void expm1(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).expm1, x, y);
}
template <class T>
void tanh(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).tanh, x, y);
}
template <class T>
void sigmoid(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).sigmoid, x, y);
}
template <class T>
void relu(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).relu, x, y);
}
template <class T>
void elu(std::span<const T> x, std::span<T> y) {
  map<T>(kernels_of(x).elu, x, y);
}

template void exp(std::span<const float>, std::span<float>);
template void exp(std::span<const double>, std::span<double>);
template void expm1(std::span<const float>, std::span<float>);
template void expm1(std::span<const double>, std::span<double>);
template void tanh(std::span<const float>, std::span<float>);
template void tanh(std::span<const double>, std::span<double>);
template void sigmoid(std::span<const float>, std::span<float>);
template void sigmoid(std::span<const double>, std::span<double>);
template void relu(std::span<const float>, std::span<float>);
template void relu(std::span<const double>, std::span<double>);
template void elu(std::span<const float>, std::span<float>);
template void elu(std::span<const double>, std::span<double>);

}  // namespace qtot::math
