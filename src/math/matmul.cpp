#include "qtot/math/matmul.h"

#include <algorithm>
#include <type_traits>

#include "math/isa.h"
#include "math/matmul_kernels.h"
#include "qtot/base/check.h"
#include "qtot/math/scalars.h"

namespace qtot::math {

QTOT_DISPATCH(MatmulKernels, matmul_kernels)

namespace {

// A matrix as the kernels see it. A row-major view has col = 1, its transpose row = 1.
template <class T>
struct Operand {
  T* data;
  Index rows, cols, row, col;
};

template <class View>
auto operand(View& m) {
  return Operand<std::remove_pointer_t<decltype(m.data())>>{m.data(), m.rows(), m.cols(),
                                                            m.outerStride(), 1};
}

template <class T>
Operand<T> transposed(const Operand<T>& m) {
  return {m.data, m.cols, m.rows, m.col, m.row};
}

template <class T>
void multiply(Operand<const T> a, Operand<const T> b, Operand<T> out, const T* bias, Start start) {
  QTOT_CHECK_EQ(a.cols, b.rows);
  QTOT_CHECK_EQ(out.rows, a.rows);
  QTOT_CHECK_EQ(out.cols, b.cols);
  QTOT_CHECK(start.kind != Start::kBias || bias != nullptr || out.cols == 0);
  const Product<T> product = {.m = out.rows,
                              .n = out.cols,
                              .depth = a.cols,
                              .a = a.data,
                              .a_row = a.row,
                              .a_col = a.col,
                              .b = b.data,
                              .b_row = b.row,
                              .b_col = b.col,
                              .out = out.data,
                              .out_row = out.row,
                              .out_col = out.col,
                              .bias = bias,
                              .accumulate = start.kind == Start::kOut};
  if constexpr (std::is_same_v<T, float>) {
    pick_matmul_kernels().product_f32(product);
  } else {
    pick_matmul_kernels().product_f64(product);
  }
}

}  // namespace

template <class T>
void matmul(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  if constexpr (kHasKernels<T>) {
    multiply<T>(operand(a), operand(b), operand(out), nullptr, start);
  } else {
    matmul_naive(a, b, out, start);
  }
}

template <class T>
void matmul_bias(ConstMatView<T> a, ConstMatView<T> b, const T* bias, MatView<T> out) {
  if constexpr (kHasKernels<T>) {
    multiply<T>(operand(a), operand(b), operand(out), bias, {Start::kBias});
  } else {
    matmul_bias_naive(a, b, bias, out);
  }
}

template <class T>
void matmul_tn(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  if constexpr (kHasKernels<T>) {
    multiply<T>(transposed(operand(a)), operand(b), operand(out), nullptr, start);
  } else {
    matmul_tn_naive(a, b, out, start);
  }
}

template <class T>
void matmul_nt(ConstMatView<T> a, ConstMatView<T> b, MatView<T> out, Start start) {
  if constexpr (kHasKernels<T>) {
    multiply<T>(operand(a), transposed(operand(b)), operand(out), nullptr, start);
  } else {
    matmul_nt_naive(a, b, out, start);
  }
}

template <class T>
void column_sums(ConstMatView<T> a, T* out, Start start) {
  QTOT_CHECK_NE(start.kind, Start::kBias);
  if (start.kind == Start::kZero) std::fill_n(out, a.cols(), T(0));
  if constexpr (std::is_same_v<T, float>) {
    pick_matmul_kernels().add_rows_f32(a.rows(), a.cols(), a.data(), a.outerStride(), out);
  } else if constexpr (std::is_same_v<T, double>) {
    pick_matmul_kernels().add_rows_f64(a.rows(), a.cols(), a.data(), a.outerStride(), out);
  } else {
    column_sums_naive(a, out, kAccumulate);
  }
}

#define QTOT_INSTANTIATE(T)                                                             \
  template void matmul<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);         \
  template void matmul_bias<T>(ConstMatView<T>, ConstMatView<T>, const T*, MatView<T>); \
  template void matmul_tn<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);      \
  template void matmul_nt<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);      \
  template void column_sums<T>(ConstMatView<T>, T*, Start);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
