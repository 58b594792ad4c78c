// Loops over arrays: elementary functions, GRU gates, sum of squares. The compiler vectorises most of
// them; lanes are independent elements, so the width changes no bit.

#include "math/elementary_inline.h"
#include "math/elementwise_kernels.h"
#include "math/kernels/sigmoid_tanh.h"

// The next loop carries nothing from one element to the next. Where an output may be an input, it is
// so element for element.
#if defined(__clang__)
#define QTOT_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define QTOT_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

#define QTOT_MAP(name, function)                                          \
  template <class T>                                                      \
  void name(std::size_t n, const T* x, T* y) {                            \
    QTOT_INDEPENDENT                                                      \
    for (std::size_t i = 0; i < n; ++i) y[i] = algorithm::function(x[i]); \
  }
QTOT_MAP(exp, exp)
QTOT_MAP(expm1, expm1)
QTOT_MAP(tanh_each, tanh)
QTOT_MAP(sigmoid_each, sigmoid)
QTOT_MAP(relu, relu)
QTOT_MAP(elu, elu)
#undef QTOT_MAP

// By registers where they have the function, and element by element where that is not certain.
#define QTOT_MAP_REGISTERS(name)                                 \
  template <class T>                                             \
  void name##_all(std::size_t n, const T* x, T* y) {             \
    std::size_t i = 0;                                           \
    if constexpr (Vec<T>::kLookup) {                             \
      constexpr std::size_t kLanes = Vec<T>::kLanes;             \
      for (; i + kLanes <= n; i += kLanes) {                     \
        auto certain = Vec<T>::all_lanes();                      \
        const Vec<T> value = name(Vec<T>::load(x + i), certain); \
        if (Vec<T>::every(certain)) [[likely]] {                 \
          store(value, y + i);                                   \
        } else {                                                 \
          name##_each(kLanes, x + i, y + i);                     \
        }                                                        \
      }                                                          \
    }                                                            \
    name##_each(n - i, x + i, y + i);                            \
  }
QTOT_MAP_REGISTERS(tanh)
QTOT_MAP_REGISTERS(sigmoid)
#undef QTOT_MAP_REGISTERS

template <class T>
void relu_backward(std::size_t n, const T* y, T* d) {
  QTOT_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) d[i] = y[i] > T(0) ? d[i] : T(0);
}

template <class T>
double sum_of_squares(std::size_t n, const T* x) {
  double sums[kSumLanes] = {};
  const std::size_t whole = n - n % kSumLanes;
  for (std::size_t i = 0; i < whole; i += kSumLanes) {
    for (std::size_t lane = 0; lane < kSumLanes; ++lane) {
      const double value = x[i + lane];
      sums[lane] = algorithm::fused(value, value, sums[lane]);
    }
  }
  for (std::size_t i = whole; i < n; ++i) {
    const double value = x[i];
    sums[i - whole] = algorithm::fused(value, value, sums[i - whole]);
  }
  for (std::size_t half = kSumLanes / 2; half >= 1; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// One row's units [begin, end).
template <class T>
void gru_gates_each(std::size_t begin, std::size_t end, std::size_t width, const T* gi, const T* gh,
                    const T* h, T* gates, T* h_new) {
  QTOT_INDEPENDENT
  for (std::size_t j = begin; j < end; ++j) {
    const T r = algorithm::sigmoid(gi[j] + gh[j]);
    const T z = algorithm::sigmoid(gi[width + j] + gh[width + j]);
    const T n = algorithm::tanh(algorithm::fused(r, gh[2 * width + j], gi[2 * width + j]));
    gates[j] = r;
    gates[width + j] = z;
    gates[2 * width + j] = n;
    h_new[j] = algorithm::fused(z, h[j] - n, n);
  }
}

// One register of a row, from unit j = 0; false, with nothing written, where a value is not certain.
template <class V, class T>
QTOT_VEC_INLINE bool gru_gates_register(std::size_t width, const T* gi, const T* gh, const T* h,
                                        T* gates, T* h_new) {
  auto certain = V::all_lanes();
  const V r = sigmoid(V::load(gi) + V::load(gh), certain);
  const V z = sigmoid(V::load(gi + width) + V::load(gh + width), certain);
  const V n = tanh(fma(r, V::load(gh + 2 * width), V::load(gi + 2 * width)), certain);
  if (!V::every(certain)) [[unlikely]]
    return false;
  store(r, gates);
  store(z, gates + width);
  store(n, gates + 2 * width);
  store(fma(z, V::load(h) - n, n), h_new);
  return true;
}

template <class T>
void gru_gates_row(std::size_t width, const T* gi, const T* gh, const T* h, T* gates, T* h_new) {
  std::size_t j = 0;
  if constexpr (Vec<T>::kLookup) {
    constexpr std::size_t kLanes = Vec<T>::kLanes;
    for (; j + kLanes <= width; j += kLanes) {
      if (!gru_gates_register<Vec<T>>(width, gi + j, gh + j, h + j, gates + j, h_new + j)) {
        gru_gates_each(j, j + kLanes, width, gi, gh, h, gates, h_new);
      }
    }
  }
  gru_gates_each(j, width, width, gi, gh, h, gates, h_new);
}

template <class T>
void gru_gates(const GruGatesArgs<T>& a) {
  for (std::size_t row = 0; row < a.rows; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    gru_gates_row(a.width, a.gi + i * a.gi_stride, a.gh + i * a.gh_stride, a.h + i * a.h_stride,
                  a.gates + i * a.gates_stride, a.h_new + i * a.h_new_stride);
  }
}

template <class T>
void gru_gates_backward_row(std::size_t width, const T* gates, const T* gh_n, const T* h,
                            const T* d, T* d_gi, T* d_gh, T* d_h) {
  QTOT_INDEPENDENT
  for (std::size_t j = 0; j < width; ++j) {
    const T r = gates[j];
    const T z = gates[width + j];
    const T n = gates[2 * width + j];
    const T d_j = d[j];
    const T a_n = d_j * (1 - z) * algorithm::tanh_slope(n);
    const T a_z = d_j * (h[j] - n) * algorithm::sigmoid_slope(z);
    const T a_r = a_n * gh_n[j] * algorithm::sigmoid_slope(r);
    d_gi[j] = a_r;
    d_gi[width + j] = a_z;
    d_gi[2 * width + j] = a_n;
    d_gh[j] = a_r;
    d_gh[width + j] = a_z;
    d_gh[2 * width + j] = a_n * r;
    d_h[j] = d_j * z;
  }
}

template <class T>
void gru_gates_backward(const GruGatesBackwardArgs<T>& a) {
  for (std::size_t row = 0; row < a.rows; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    gru_gates_backward_row(a.width, a.gates + i * a.gates_stride, a.gh_n + i * a.gh_n_stride,
                           a.h + i * a.h_stride, a.d + i * a.d_stride, a.d_gi + i * a.d_gi_stride,
                           a.d_gh + i * a.d_gh_stride, a.d_h + i * a.d_h_stride);
  }
}

template <class T>
constexpr ElementwiseKernelsOf<T> kKernels = {
    .exp = exp<T>,
    .expm1 = expm1<T>,
    .tanh = tanh_all<T>,
    .sigmoid = sigmoid_all<T>,
    .relu = relu<T>,
    .elu = elu<T>,
    .relu_backward = relu_backward<T>,
    .sum_of_squares = sum_of_squares<T>,
    .gru_gates = gru_gates<T>,
    .gru_gates_backward = gru_gates_backward<T>,
};

constexpr ElementwiseKernels kAll = {.of_float = kKernels<float>, .of_double = kKernels<double>};

}  // namespace

const ElementwiseKernels& elementwise_kernels();
const ElementwiseKernels& elementwise_kernels() {
  return kAll;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
