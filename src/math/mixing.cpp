#include "qtot/math/mixing.h"

#include <type_traits>

#include "math/isa.h"
#include "math/mixing_kernels.h"
#include "math/mixing_naive.h"
#include "qtot/math/scalars.h"

namespace qtot::math {

QTOT_DISPATCH(MixingKernels, mixing_kernels)

namespace {

template <class T>
const MixingKernelsOf<T>& kernels() {
  if constexpr (std::is_same_v<T, float>) {
    return pick_mixing_kernels().of_float;
  } else {
    return pick_mixing_kernels().of_double;
  }
}

template <class T>
MixRows<const T> input(const ConstMatView<T>& m) {
  return {m.data(), m.outerStride()};
}

template <class T>
MixRows<T> output(MatView<T>& m) {
  return {m.data(), m.outerStride()};
}

}  // namespace

template <class T>
void mix_agents(ConstMatView<T> q, ConstMatView<T> w, MixWeight use, MatView<T> out) {
  QTOT_CHECK_EQ(q.rows(), out.rows());
  check_mixing_shapes(out.rows(), q.cols(), out.cols(), w);
  if constexpr (!kHasKernels<T>) {
    mix_agents_naive(q, w, use, out);
  } else {
    kernels<T>().agents({.rows = out.rows(),
                         .n_agents = q.cols(),
                         .embed_dim = out.cols(),
                         .a = input(q),
                         .w = input(w),
                         .second = {},
                         .out = output(out),
                         .is_abs = use == MixWeight::kAbs});
  }
}

template <class T>
void mix_embedding(ConstMatView<T> a, ConstMatView<T> w, MixWeight use, MatView<T> out) {
  QTOT_CHECK_EQ(a.rows(), out.rows());
  check_mixing_shapes(out.rows(), out.cols(), a.cols(), w);
  if constexpr (!kHasKernels<T>) {
    mix_embedding_naive(a, w, use, out);
  } else {
    kernels<T>().embedding({.rows = out.rows(),
                            .n_agents = out.cols(),
                            .embed_dim = a.cols(),
                            .a = input(a),
                            .w = input(w),
                            .second = {},
                            .out = output(out),
                            .is_abs = use == MixWeight::kAbs});
  }
}

template <class T>
void mix_outer(ConstMatView<T> q, ConstMatView<T> d_z, ConstMatView<T> w, MixWeight use,
               MatView<T> d_w) {
  const bool is_abs = use == MixWeight::kAbs;
  check_outer_shapes(q, d_z, w, is_abs, d_w);
  if constexpr (!kHasKernels<T>) {
    mix_outer_naive(q, d_z, w, use, d_w);
  } else {
    kernels<T>().outer({.rows = q.rows(),
                        .n_agents = q.cols(),
                        .embed_dim = d_z.cols(),
                        .a = input(q),
                        .w = is_abs ? input(w) : MixRows<const T>{},
                        .second = input(d_z),
                        .out = output(d_w),
                        .is_abs = is_abs});
  }
}

template <class T>
void mix_elu_slope(ConstMatView<T> d, ConstMatView<T> w, MixWeight use, ConstMatView<T> hidden,
                   MatView<T> d_z) {
  check_elu_slope_shapes(d, w, hidden, d_z);
  if constexpr (!kHasKernels<T>) {
    mix_elu_slope_naive(d, w, use, hidden, d_z);
  } else {
    kernels<T>().elu_slope({.rows = d_z.rows(),
                            .n_agents = 1,
                            .embed_dim = d_z.cols(),
                            .a = input(d),
                            .w = input(w),
                            .second = input(hidden),
                            .out = output(d_z),
                            .is_abs = use == MixWeight::kAbs});
  }
}

#define QTOT_INSTANTIATE(T)                                                                      \
  template void mix_agents<T>(ConstMatView<T>, ConstMatView<T>, MixWeight, MatView<T>);          \
  template void mix_embedding<T>(ConstMatView<T>, ConstMatView<T>, MixWeight, MatView<T>);       \
  template void mix_outer<T>(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>, MixWeight,       \
                             MatView<T>);                                                        \
  template void mix_agents_naive<T>(ConstMatView<T>, ConstMatView<T>, MixWeight, MatView<T>);    \
  template void mix_embedding_naive<T>(ConstMatView<T>, ConstMatView<T>, MixWeight, MatView<T>); \
  template void mix_outer_naive<T>(ConstMatView<T>, ConstMatView<T>, ConstMatView<T>, MixWeight, \
                                   MatView<T>);                                                  \
  template void mix_elu_slope<T>(ConstMatView<T>, ConstMatView<T>, MixWeight, ConstMatView<T>,   \
                                 MatView<T>);                                                    \
  template void mix_elu_slope_naive<T>(ConstMatView<T>, ConstMatView<T>, MixWeight,              \
                                       ConstMatView<T>, MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
