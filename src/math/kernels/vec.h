// Vec<T>: the vector register of one instruction-set level, with one set of operations everywhere.
//
//   Vec<T>::kLanes                      number of elements
//   Vec<T>::kMaskedLoads                whether load_partial is as cheap as load
//   load(p), load_partial(p, n)         n < kLanes elements, the rest +0 and not touched in memory
//   broadcast(x)
//   store(v, p), store_partial(v, p, n)
//   fma(a, b, c)                        a b + c with one rounding, also where software must do it
//   abs(v)                              by clearing the signs
//   a + b, a - b, a * b, a / b
//   transpose(p, stride, out, out_stride)
//       out[c * out_stride + r] = p[r * stride + c] for r < kLanes, c < kTransposed
//   Vec<T>::kLookup                     whether tables of 16 entries lie in registers
//
// Where kLookup holds there are also (see sigmoid_tanh.h)
//   fms(a, b, c), fnma(a, b, c)         a b - c and c - a b with one rounding
//   negated(v), with_sign(v, sign)      v >= +0
//   smaller(a, b), larger(a, b)         b if either is NaN
//   lookup(table, index)                entry (low four bits of index) of an aligned table
//   add_bits(a, b), shift_bits<n>(v)    on the lanes as integers
//   Lanes, all_lanes(), every(lanes)    a set of lanes
//   both_less(lanes, a, b), both_equal  those of `lanes` that also compare so
//
// Included by the kernels alone, which are compiled once a level: all names lie in an unnamed
// namespace of the level, and no library header is used that could leave a shared inline function.
#pragma once

#include <cstddef>

#if defined(QTOT_ISA_avx512) || defined(QTOT_ISA_avx2) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define QTOT_VEC_INLINE inline __attribute__((always_inline))

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

using std::ptrdiff_t;

template <class T>
struct Vec;

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE

#if defined(QTOT_ISA_wide16)
#include "math/kernels/vec_lanes.h"
#elif defined(QTOT_ISA_avx512)
#include "math/kernels/vec_avx512.h"
#elif defined(QTOT_ISA_avx2)
#include "math/kernels/vec_avx2.h"
#elif defined(__SSE2__)
#include "math/kernels/vec_sse2.h"
#elif defined(__aarch64__)
#include "math/kernels/vec_neon.h"
#else
#include "math/kernels/vec_lanes.h"
#endif
