#include "qtot/math/one_hots.h"

#include <algorithm>
#include <type_traits>

#include "math/isa.h"
#include "math/one_hots_kernels.h"
#include "qtot/base/check.h"
#include "qtot/math/scalars.h"

namespace qtot::math {

QTOT_DISPATCH(OneHotsKernels, one_hots_kernels)

namespace {

template <class T>
const OneHotsKernelsOf<T>& kernels() {
  if constexpr (std::is_same_v<T, float>) {
    return pick_one_hots_kernels().of_float;
  } else {
    return pick_one_hots_kernels().of_double;
  }
}

void check(const OneHots& ones, Index rows, Index width, Index table_rows, Index table_width) {
  QTOT_CHECK_EQ(ones.rows, rows);
  QTOT_CHECK_EQ(width, table_width);
  std::int32_t largest = -1;
  for (Index i = 0; i < ones.rows * ones.per_row; ++i) largest = std::max(largest, ones.columns[i]);
  QTOT_CHECK_LT(largest, table_rows);
}

}  // namespace

template <class T>
void add_one_hots(OneHots ones, ConstMatView<T> table, MatView<T> out) {
  if constexpr (!kHasKernels<T>) {
    add_one_hots_naive(ones, table, out);
  } else {
    check(ones, out.rows(), out.cols(), table.rows(), table.cols());
    kernels<T>().add({.columns = ones.columns,
                      .rows = ones.rows,
                      .per_row = ones.per_row,
                      .width = out.cols(),
                      .from = table.data(),
                      .from_stride = table.outerStride(),
                      .to = out.data(),
                      .to_stride = out.outerStride()});
  }
}

template <class T>
void add_one_hots_tn(OneHots ones, ConstMatView<T> d, MatView<T> table) {
  if constexpr (!kHasKernels<T>) {
    add_one_hots_tn_naive(ones, d, table);
  } else {
    check(ones, d.rows(), d.cols(), table.rows(), table.cols());
    kernels<T>().add_tn({.columns = ones.columns,
                         .rows = ones.rows,
                         .per_row = ones.per_row,
                         .width = d.cols(),
                         .from = d.data(),
                         .from_stride = d.outerStride(),
                         .to = table.data(),
                         .to_stride = table.outerStride()});
  }
}

template <class T>
void add_one_hots_naive(OneHots ones, ConstMatView<T> table, MatView<T> out) {
  check(ones, out.rows(), out.cols(), table.rows(), table.cols());
  for (Index i = 0; i < ones.rows; ++i) {
    for (Index k = 0; k < ones.per_row; ++k) {
      const std::int32_t column = ones.columns[i * ones.per_row + k];
      if (column < 0) continue;
      for (Index j = 0; j < out.cols(); ++j) out(i, j) = out(i, j) + table(column, j);
    }
  }
}

template <class T>
void add_one_hots_tn_naive(OneHots ones, ConstMatView<T> d, MatView<T> table) {
  check(ones, d.rows(), d.cols(), table.rows(), table.cols());
  for (Index i = 0; i < ones.rows; ++i) {
    for (Index k = 0; k < ones.per_row; ++k) {
      const std::int32_t column = ones.columns[i * ones.per_row + k];
      if (column < 0) continue;
      for (Index j = 0; j < d.cols(); ++j) table(column, j) = table(column, j) + d(i, j);
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                  \
  template void add_one_hots<T>(OneHots, ConstMatView<T>, MatView<T>);       \
  template void add_one_hots_tn<T>(OneHots, ConstMatView<T>, MatView<T>);    \
  template void add_one_hots_naive<T>(OneHots, ConstMatView<T>, MatView<T>); \
  template void add_one_hots_tn_naive<T>(OneHots, ConstMatView<T>, MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
