#pragma once

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/matmul.h"

/// The definition of the matrix products (qtot/math/matmul.h), for any scalar with an overload of
/// fma(a, b, c) in its namespace. matmul_naive.cpp instantiates those of qtot/math/scalars.h.
namespace qtot::math {

template <class T>
void matmul_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  QTOT_CHECK_EQ(a.cols(), b.rows());
  QTOT_CHECK_EQ(out.rows(), a.rows());
  QTOT_CHECK_EQ(out.cols(), b.cols());
  QTOT_CHECK_NE(start.kind, Start::kBias);
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j) {
      T sum = start.kind == Start::kOut ? out(i, j) : T(0);
      for (Index k = 0; k < a.cols(); ++k) sum = fma(a(i, k), b(k, j), sum);
      out(i, j) = sum;
    }
  }
}

template <class T>
void matmul_bias_naive(ConstMatView<T> a, ConstMatView<T> b, const T* bias, MatView<T> out) {
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j) out(i, j) = bias[j];
  }
  matmul_naive(a, b, out, kAccumulate);
}

template <class T>
void matmul_tn_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  QTOT_CHECK_EQ(a.rows(), b.rows());
  QTOT_CHECK_EQ(out.rows(), a.cols());
  QTOT_CHECK_EQ(out.cols(), b.cols());
  QTOT_CHECK_NE(start.kind, Start::kBias);
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j) {
      T sum = start.kind == Start::kOut ? out(i, j) : T(0);
      for (Index k = 0; k < a.rows(); ++k) sum = fma(a(k, i), b(k, j), sum);
      out(i, j) = sum;
    }
  }
}

template <class T>
void matmul_nt_naive(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  QTOT_CHECK_EQ(a.cols(), b.cols());
  QTOT_CHECK_EQ(out.rows(), a.rows());
  QTOT_CHECK_EQ(out.cols(), b.rows());
  QTOT_CHECK_NE(start.kind, Start::kBias);
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j) {
      T sum = start.kind == Start::kOut ? out(i, j) : T(0);
      for (Index k = 0; k < a.cols(); ++k) sum = fma(a(i, k), b(j, k), sum);
      out(i, j) = sum;
    }
  }
}

template <class T>
void column_sums_naive(ConstMatView<T> a, T* out, Start start) {
  QTOT_CHECK_NE(start.kind, Start::kBias);
  for (Index j = 0; j < a.cols(); ++j) {
    T sum = start.kind == Start::kOut ? out[j] : T(0);
    for (Index k = 0; k < a.rows(); ++k) sum = sum + a(k, j);
    out[j] = sum;
  }
}

}  // namespace qtot::math
