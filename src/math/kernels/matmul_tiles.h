// The innermost loops of matmul.inl: tiles of `out` that stay in registers while k runs.
#pragma once

#include "math/kernels/vec.h"

#ifdef QTOT_VEC_IS_LANES
#define QTOT_UNROLL  // the lanes are loops already
#else
#define QTOT_UNROLL _Pragma("GCC unroll 8")
#endif

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

// Tiles of 1 .. kMaxVecs vectors; most rows that the registers hold beside a row of b, by vectors.
#if defined(QTOT_ISA_avx512) || defined(QTOT_ISA_wide16) || defined(__aarch64__)
constexpr int kMaxVecs = 4;
constexpr int kMaxRows[kMaxVecs] = {8, 8, 8, 6};
constexpr ptrdiff_t wide(ptrdiff_t) {
  return 4;
}
#elif defined(QTOT_ISA_avx2)
constexpr int kMaxVecs = 4;
constexpr int kMaxRows[kMaxVecs] = {6, 6, 4, 3};
// Few rows need more columns, or the latency of fma shows.
constexpr ptrdiff_t wide(ptrdiff_t m) {
  return m <= 3 ? 4 : m == 4 || m == 8 ? 3 : 2;
}
#else
constexpr int kMaxVecs = 2;
constexpr int kMaxRows[kMaxVecs] = {2, 2};
constexpr ptrdiff_t wide(ptrdiff_t) {
  return 2;
}
#endif
constexpr int kMostRows = kMaxRows[0];

constexpr ptrdiff_t smaller(ptrdiff_t x, ptrdiff_t y) {
  return x < y ? x : y;
}
constexpr ptrdiff_t divide_up(ptrdiff_t x, ptrdiff_t y) {
  return (x + y - 1) / y;
}

template <class T>
struct Tile {
  ptrdiff_t depth;
  const T* a;
  ptrdiff_t a_row, a_col;
  const T* b;  // rows of whole vectors
  ptrdiff_t b_row;
  const T* start;  // null for +0
  ptrdiff_t start_row;
  T* out;
  ptrdiff_t out_row;
  ptrdiff_t n_last;  // columns in the last vector, where the tile is kPartial
};

template <class T, int kRows, int kVecs, bool kPartial>
void tile(const Tile<T>& t) {
  constexpr int kLanes = Vec<T>::kLanes;
  const auto load = [&t](const T* p, int v) {
    return kPartial && v == kVecs - 1 ? Vec<T>::load_partial(p + v * kLanes, t.n_last)
                                      : Vec<T>::load(p + v * kLanes);
  };
  Vec<T> sum[kRows][kVecs];
  QTOT_UNROLL
  for (int r = 0; r < kRows; ++r) {
    QTOT_UNROLL
    for (int v = 0; v < kVecs; ++v) {
      sum[r][v] = t.start != nullptr ? load(t.start + r * t.start_row, v) : Vec<T>::broadcast(T(0));
    }
  }

  const ptrdiff_t a_row = t.a_row;
  const ptrdiff_t a_col = t.a_col;
  const ptrdiff_t b_row = t.b_row;
  const T* a = t.a;
  // three pointers: each row is one of them plus 0, 1 or 2 strides
  const T* a3 = a + (kRows > 3 ? 3 * a_row : 0);
  const T* a6 = a + (kRows > 6 ? 6 * a_row : 0);
  const T* b = t.b;
  for (ptrdiff_t k = t.depth; k > 0; --k) {
    Vec<T> b_k[kVecs];
    QTOT_UNROLL
    for (int v = 0; v < kVecs; ++v) {
      b_k[v] = Vec<T>::kMaskedLoads ? load(b, v) : Vec<T>::load(b + v * kLanes);
    }
    QTOT_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const T* a_r = (r < 3 ? a : r < 6 ? a3 : a6) + r % 3 * a_row;
      const Vec<T> a_k = Vec<T>::broadcast(*a_r);
      QTOT_UNROLL
      for (int v = 0; v < kVecs; ++v) sum[r][v] = fma(a_k, b_k[v], sum[r][v]);
    }
    a += a_col;
    a3 += a_col;
    a6 += a_col;
    b += b_row;
  }

  QTOT_UNROLL
  for (int r = 0; r < kRows; ++r) {
    QTOT_UNROLL
    for (int v = 0; v < kVecs; ++v) {
      T* out = t.out + r * t.out_row + v * kLanes;
      if (kPartial && v == kVecs - 1) {
        store_partial(sum[r][v], out, t.n_last);
      } else {
        store(sum[r][v], out);
      }
    }
  }
}

template <class T>
using TileFunction = void (*)(const Tile<T>&);

template <class T, int kRows, int kVecs, bool kPartial>
constexpr TileFunction<T> tile_or_null() {
  if constexpr (kVecs > kMaxVecs) {
    return nullptr;
  } else if constexpr (kRows > kMaxRows[kVecs - 1]) {
    return nullptr;
  } else {
    return tile<T, kRows, kVecs, kPartial>;
  }
}

template <class T, int kVecs, bool kPartial>
TileFunction<T> pick_rows(ptrdiff_t rows) {
  constexpr TileFunction<T> kTiles[] = {
      tile_or_null<T, 1, kVecs, kPartial>(), tile_or_null<T, 2, kVecs, kPartial>(),
      tile_or_null<T, 3, kVecs, kPartial>(), tile_or_null<T, 4, kVecs, kPartial>(),
      tile_or_null<T, 5, kVecs, kPartial>(), tile_or_null<T, 6, kVecs, kPartial>(),
      tile_or_null<T, 7, kVecs, kPartial>(), tile_or_null<T, 8, kVecs, kPartial>()};
  return kTiles[rows - 1];
}

template <class T, bool kPartial>
TileFunction<T> pick_tile(ptrdiff_t rows, ptrdiff_t vecs) {
  switch (vecs) {
    case 1:
      return pick_rows<T, 1, kPartial>(rows);
    case 2:
      return pick_rows<T, 2, kPartial>(rows);
    case 3:
      return pick_rows<T, 3, kPartial>(rows);
    default:
      return pick_rows<T, 4, kPartial>(rows);
  }
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
