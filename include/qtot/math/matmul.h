#pragma once

#include "qtot/math/views.h"

namespace qtot::math {

/// Canonical matrix products.
///
///   matmul     out[i][j] = start + sum over k of a[i][k] b[k][j]     a [M, K]  b [K, N]
///   matmul_tn  out[i][j] = start + sum over k of a[k][i] b[k][j]     a [K, M]  b [K, N]
///   matmul_nt  out[i][j] = start + sum over k of a[i][k] b[j][k]     a [M, K]  b [N, K]
///
/// The value is defined by the order of its roundings, and the _naive twins are that definition:
/// one accumulator per output that begins with `start`, k ascending, one fused multiply-add per
/// term. The fast kernels block, vectorise and reorder over i and j, which are independent outputs;
/// they never split or reorder k, so they return the same bits on every machine. A NaN result is a
/// NaN, with unspecified payload and sign.
///
/// Any size may be 0 (K = 0 gives `start`). `out` [M, N] must not alias a, b or bias. Shapes that
/// do not fit abort (QTOT_CHECK). Defined for the scalars of scalars.h, of which Wide has no
/// kernels and runs the twins; the twins serve any scalar with an overload of math::fma.
struct Start {
  enum Kind { kZero, kBias, kOut } kind = kZero;  // +0; bias[j]; the value that out[i][j] holds
};
inline constexpr Start kFromZero{Start::kZero};
inline constexpr Start kAccumulate{Start::kOut};

template <class T>
void matmul(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
/// start = bias[j]; bias [N].
template <class T>
void matmul_bias(ConstMatView<T> a, ConstMatView<T> b, const T* bias, MatView<T> out);
template <class T>
void matmul_tn(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
template <class T>
void matmul_nt(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
/// out[j] = start + sum over k of a[k][j], k ascending, one rounding per addition; a [K, N], out [N].
template <class T>
void column_sums(ConstMatView<T> a, T* out, Start start = kFromZero);

template <class T>
void matmul_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
template <class T>
void matmul_bias_naive(ConstMatView<T> a, ConstMatView<T> b, const T* bias, MatView<T> out);
template <class T>
void matmul_tn_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
template <class T>
void matmul_nt_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start = kFromZero);
template <class T>
void column_sums_naive(ConstMatView<T> a, T* out, Start start = kFromZero);

}  // namespace qtot::math
