#include "qtot/math/gru_gates.h"

#include "math/elementwise_kernels.h"
#include "math/isa.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::math {

QTOT_DISPATCH(ElementwiseKernels, elementwise_kernels)

namespace {

template <class T>
const ElementwiseKernelsOf<T>& kernels();
template <>
const ElementwiseKernelsOf<float>& kernels() {
  return pick_elementwise_kernels().of_float;
}
template <>
const ElementwiseKernelsOf<double>& kernels() {
  return pick_elementwise_kernels().of_double;
}

constexpr Index kGates = 3;

template <class View>
void check_shape(const View& view, Index rows, Index cols) {
  QTOT_CHECK_EQ(view.rows(), rows);
  QTOT_CHECK_EQ(view.cols(), cols);
}

template <class T>
void check_forward(ConstMatView<T> gi, ConstMatView<T> gh, ConstMatView<T> h, MatView<T> gates,
                   MatView<T> h_new) {
  check_shape(gi, h.rows(), kGates * h.cols());
  check_shape(gh, h.rows(), kGates * h.cols());
  check_shape(gates, h.rows(), kGates * h.cols());
  check_shape(h_new, h.rows(), h.cols());
}

template <class T>
void check_backward(ConstMatView<T> gates, ConstMatView<T> gh_n, ConstMatView<T> h,
                    ConstMatView<T> d, MatView<T> d_gi, MatView<T> d_gh, MatView<T> d_h) {
  check_shape(gates, h.rows(), kGates * h.cols());
  check_shape(gh_n, h.rows(), h.cols());
  check_shape(d, h.rows(), h.cols());
  check_shape(d_gi, h.rows(), kGates * h.cols());
  check_shape(d_gh, h.rows(), kGates * h.cols());
  check_shape(d_h, h.rows(), h.cols());
}

}  // namespace

template <class T>
void gru_gates(ConstMatView<T> gi, ConstMatView<T> gh, ConstMatView<T> h, MatView<T> gates,
               MatView<T> h_new) {
  check_forward(gi, gh, h, gates, h_new);
  if constexpr (!kHasKernels<T>) {
    gru_gates_naive(gi, gh, h, gates, h_new);
  } else {
    kernels<T>().gru_gates({.rows = static_cast<std::size_t>(h.rows()),
                            .width = static_cast<std::size_t>(h.cols()),
                            .gi = gi.data(),
                            .gh = gh.data(),
                            .h = h.data(),
                            .gates = gates.data(),
                            .h_new = h_new.data(),
                            .gi_stride = gi.outerStride(),
                            .gh_stride = gh.outerStride(),
                            .h_stride = h.outerStride(),
                            .gates_stride = gates.outerStride(),
                            .h_new_stride = h_new.outerStride()});
  }
}

template <class T>
void gru_gates_backward(ConstMatView<T> gates, ConstMatView<T> gh_n, ConstMatView<T> h,
                        ConstMatView<T> d, MatView<T> d_gi, MatView<T> d_gh, MatView<T> d_h) {
  check_backward(gates, gh_n, h, d, d_gi, d_gh, d_h);
  if constexpr (!kHasKernels<T>) {
    gru_gates_backward_naive(gates, gh_n, h, d, d_gi, d_gh, d_h);
  } else {
    kernels<T>().gru_gates_backward({.rows = static_cast<std::size_t>(h.rows()),
                                     .width = static_cast<std::size_t>(h.cols()),
                                     .gates = gates.data(),
                                     .gh_n = gh_n.data(),
                                     .h = h.data(),
                                     .d = d.data(),
                                     .d_gi = d_gi.data(),
                                     .d_gh = d_gh.data(),
                                     .d_h = d_h.data(),
                                     .gates_stride = gates.outerStride(),
                                     .gh_n_stride = gh_n.outerStride(),
                                     .h_stride = h.outerStride(),
                                     .d_stride = d.outerStride(),
                                     .d_gi_stride = d_gi.outerStride(),
                                     .d_gh_stride = d_gh.outerStride(),
                                     .d_h_stride = d_h.outerStride()});
  }
}

template <class T>
void gru_gates_naive(ConstMatView<T> gi, ConstMatView<T> gh, ConstMatView<T> h, MatView<T> gates,
                     MatView<T> h_new) {
  check_forward(gi, gh, h, gates, h_new);
  const Index width = h.cols();
  for (Index i = 0; i < h.rows(); ++i) {
    for (Index j = 0; j < width; ++j) {
      const T r = sigmoid(gi(i, j) + gh(i, j));
      const T z = sigmoid(gi(i, width + j) + gh(i, width + j));
      const T n = tanh(fma(r, gh(i, 2 * width + j), gi(i, 2 * width + j)));
      gates(i, j) = r;
      gates(i, width + j) = z;
      gates(i, 2 * width + j) = n;
      h_new(i, j) = fma(z, h(i, j) - n, n);
    }
  }
}

template <class T>
void gru_gates_backward_naive(ConstMatView<T> gates, ConstMatView<T> gh_n, ConstMatView<T> h,
                              ConstMatView<T> d, MatView<T> d_gi, MatView<T> d_gh, MatView<T> d_h) {
  check_backward(gates, gh_n, h, d, d_gi, d_gh, d_h);
  const Index width = h.cols();
  for (Index i = 0; i < h.rows(); ++i) {
    for (Index j = 0; j < width; ++j) {
      const T r = gates(i, j);
      const T z = gates(i, width + j);
      const T n = gates(i, 2 * width + j);
      const T d_ij = d(i, j);
      const T a_n = (d_ij * (1 - z)) * tanh_slope(n);
      const T a_z = (d_ij * (h(i, j) - n)) * sigmoid_slope(z);
      const T a_r = (a_n * gh_n(i, j)) * sigmoid_slope(r);
      d_gi(i, j) = a_r;
      d_gi(i, width + j) = a_z;
      d_gi(i, 2 * width + j) = a_n;
      d_gh(i, j) = a_r;
      d_gh(i, width + j) = a_z;
      d_gh(i, 2 * width + j) = a_n * r;
      d_h(i, j) = d_ij * z;
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                    \
  template void gru_gates(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>, MatView<T>,       \
                          MatView<T>);                                                         \
  template void gru_gates_naive(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>, MatView<T>, \
                                MatView<T>);                                                   \
  template void gru_gates_backward(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>,          \
                                   ConstMatView<T>, MatView<T>, MatView<T>, MatView<T>);       \
  template void gru_gates_backward_naive(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>,    \
                                         ConstMatView<T>, MatView<T>, MatView<T>, MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
