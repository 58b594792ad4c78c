#pragma once

#include <cstdint>

#include "qtot/math/views.h"

namespace qtot::math {

/// A matrix of zeros with a few ones in each row, by the columns of the ones.
struct OneHots {
  const std::int32_t* columns = nullptr;  // [rows, per_row]; a negative one stands for no one
  Index rows = 0;
  Index per_row = 0;
};

inline OneHots rows(const OneHots& ones, Index first, Index count) {
  return {.columns = ones.columns + first * ones.per_row, .rows = count, .per_row = ones.per_row};
}

/// Products with one-hots: what the zeros would add is left out.
///
///   add_one_hots     out[i] += table[c]  for the columns c of row i, in their order
///   add_one_hots_tn  table[c] += d[i]    i ascending, then the columns of the row in their order
///
/// One rounding per addition. Where all numbers are finite these are the bits of the accumulating matmul
/// and matmul_tn, but that a sum of -0 stays -0 and the product would make it +0. A column outside of
/// the table aborts (QTOT_CHECK).
///
/// @param[in]  table [K, H]; out, d [rows, H]
template <class T>
void add_one_hots(OneHots ones, ConstMatView<T> table, MatView<T> out);
template <class T>
void add_one_hots_tn(OneHots ones, ConstMatView<T> d, MatView<T> table);

template <class T>
void add_one_hots_naive(OneHots ones, ConstMatView<T> table, MatView<T> out);
template <class T>
void add_one_hots_tn_naive(OneHots ones, ConstMatView<T> d, MatView<T> table);

}  // namespace qtot::math
