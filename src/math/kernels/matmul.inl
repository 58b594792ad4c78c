// The canonical products (qtot/math/matmul.h) for one instruction-set level.
//
// A tile of `out`, a few rows of a few vectors, stays in registers while k runs. Lanes are columns,
// hence independent sums. The depth is cut into blocks so that what a tile reads stays in the
// first-level cache; between blocks the sums wait in `out`, which is exact. A panel of b (some
// columns, one block of k) is copied to the stack where its rows lie badly. Where the result is
// narrow, rows and columns change their roles: out^T = b^T a^T has the same sums.

#include "math/kernels/vec.h"
#include "math/matmul_kernels.h"

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
constexpr ptrdiff_t kDepthBlock = 128;
constexpr ptrdiff_t wide(ptrdiff_t) {
  return 4;
}
#elif defined(QTOT_ISA_avx2)
constexpr int kMaxVecs = 4;
constexpr int kMaxRows[kMaxVecs] = {6, 6, 4, 3};
#ifndef KC2
#define KC2 256
#endif
constexpr ptrdiff_t kDepthBlock = KC2;
// Few rows need more columns, or the latency of fma shows.
constexpr ptrdiff_t wide(ptrdiff_t m) {
  return m <= 3 ? 4 : m == 4 || m == 8 ? 3 : 2;
}
#else
constexpr int kMaxVecs = 2;
constexpr int kMaxRows[kMaxVecs] = {2, 2};
constexpr ptrdiff_t kDepthBlock = 256;
constexpr ptrdiff_t wide(ptrdiff_t) {
  return 2;
}
#endif
constexpr int kMostRows = kMaxRows[0];
template <class T>
constexpr ptrdiff_t kRowBlock = 768 / static_cast<ptrdiff_t>(sizeof(T));
constexpr ptrdiff_t kRowsThatRepayCopy = 32;
constexpr ptrdiff_t kFarBytes = 256 * 1024;

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

// Whether rows of `n` elements, `stride` apart, crowd into few sets of a first-level cache of 32 KiB
// and 8 ways (64 sets of lines of 64 bytes) while others stay empty.
template <class T>
bool crowded(ptrdiff_t n_rows, ptrdiff_t n, ptrdiff_t stride) {
  constexpr ptrdiff_t kLine = 64;
  constexpr ptrdiff_t kSets = 64;
  constexpr ptrdiff_t kWaysToUse = 6;  // the rest is for the other operand and the sums
  const ptrdiff_t bytes = stride * static_cast<ptrdiff_t>(sizeof(T));
  const ptrdiff_t apart = smaller(bytes & -bytes, kLine * kSets);  // power of two
  const ptrdiff_t lines = divide_up(n * static_cast<ptrdiff_t>(sizeof(T)), kLine);
  if (lines * kLine >= apart) return false;
  return n_rows * lines > kWaysToUse * (kLine * kSets / apart) * lines;
}

// Copies columns [0, n) of a block of b; rows of the copy have `width` elements, the rest +0.
template <class T>
void pack(const Product<T>& p, ptrdiff_t n, ptrdiff_t width, T* packed) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  constexpr ptrdiff_t kStep = Vec<T>::kTransposed;
  ptrdiff_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    ptrdiff_t k = 0;
    if (p.b_col == 1) {
      for (; k < p.depth; ++k) store(Vec<T>::load(p.b + k * p.b_row + j), packed + k * width + j);
    } else if (p.b_row == 1) {
      for (; k + kStep <= p.depth; k += kStep) {
        transpose(p.b + j * p.b_col + k, p.b_col, packed + k * width + j, width);
      }
    }
    for (; k < p.depth; ++k) {
      for (ptrdiff_t l = j; l < j + kLanes; ++l) {
        packed[k * width + l] = p.b[k * p.b_row + l * p.b_col];
      }
    }
  }
  if (j == width) return;
  for (ptrdiff_t k = 0; k < p.depth; ++k) {
    for (ptrdiff_t l = j; l < width; ++l) {
      packed[k * width + l] = l < n ? p.b[k * p.b_row + l * p.b_col] : T(0);
    }
  }
}

// A tile whose out is stored by columns: it works on a copy.
template <class T>
void tile_through_copy(TileFunction<T> run, Tile<T> t, ptrdiff_t rows, ptrdiff_t n, T* out,
                       ptrdiff_t out_col) {
  constexpr ptrdiff_t kWidth = kMaxVecs * Vec<T>::kLanes;
  alignas(64) T copy[kMostRows * kWidth];
  if (t.start == out) {
    for (ptrdiff_t r = 0; r < rows; ++r) {
      for (ptrdiff_t j = 0; j < n; ++j) copy[r * kWidth + j] = out[r * t.out_row + j * out_col];
    }
    t.start = copy;
    t.start_row = kWidth;
  }
  const ptrdiff_t out_row = t.out_row;
  t.out = copy;
  t.out_row = kWidth;
  run(t);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    for (ptrdiff_t j = 0; j < n; ++j) out[r * out_row + j * out_col] = copy[r * kWidth + j];
  }
}

// A block of rows and of k, and a panel of at most kMaxVecs vectors of columns.
template <class T>
void panel(const Product<T>& p, ptrdiff_t vecs) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  alignas(64) T packed[kDepthBlock * kMaxVecs * kLanes];
  const ptrdiff_t width = vecs * kLanes;
  const bool partial = p.n < width;
  const bool copy_b = p.b_col != 1 || (partial && !Vec<T>::kMaskedLoads) ||
                      (p.m >= kRowsThatRepayCopy && crowded<T>(p.depth, width, p.b_row));
  if (copy_b) pack(p, p.n, width, packed);

  Tile<T> t = {};
  t.depth = p.depth;
  t.a_row = p.a_row;
  t.a_col = p.a_col;
  t.b = copy_b ? packed : p.b;
  t.b_row = copy_b ? width : p.b_row;
  t.out_row = p.out_row;
  t.n_last = p.n - (vecs - 1) * kLanes;
  const ptrdiff_t most_rows = kMaxRows[vecs - 1];
  for (ptrdiff_t i = 0, rows = 0; i < p.m; i += rows) {
    const ptrdiff_t left = p.m - i;  // the last two tiles share what is left
    rows = left >= 2 * most_rows ? most_rows : left > most_rows ? divide_up(left, 2) : left;
    T* out = p.out + i * p.out_row;
    t.a = p.a + i * p.a_row;
    t.out = out;
    t.start = p.accumulate ? out : p.bias;
    t.start_row = p.accumulate ? p.out_row : 0;
    const TileFunction<T> run =
        partial ? pick_tile<T, true>(rows, vecs) : pick_tile<T, false>(rows, vecs);
    if (p.out_col == 1) {
      run(t);
    } else {
      tile_through_copy(run, t, rows, p.n, out, p.out_col);
    }
  }
}

template <class T>
void copy_rows(ptrdiff_t m, ptrdiff_t n, const T* from, ptrdiff_t from_row, T* to, ptrdiff_t to_row) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  for (ptrdiff_t i = 0; i < m; ++i) {
    ptrdiff_t j = 0;
    for (; j + kLanes <= n; j += kLanes) {
      store(Vec<T>::load(from + i * from_row + j), to + i * to_row + j);
    }
    if (j < n) {
      store_partial(Vec<T>::load_partial(from + i * from_row + j, n - j), to + i * to_row + j, n - j);
    }
  }
}

template <class T>
void blocks(const Product<T>& p) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  const ptrdiff_t n_vecs = divide_up(p.n, kLanes);
  const ptrdiff_t n_panels = divide_up(n_vecs, wide(p.m));
  const ptrdiff_t depth_block =
      divide_up(p.depth, divide_up(p.depth, kDepthBlock) + (p.depth == 0));
  constexpr ptrdiff_t kStride = kRowBlock<T> + 64 / (long)sizeof(T);
  alignas(64) T packed_a[kDepthBlock * kStride];
  const bool far_a = p.a_row == 1 && n_vecs > 1 && (crowded<T>(depth_block, kMostRows, p.a_col) || depth_block * p.a_col * (ptrdiff_t)sizeof(T) >= kFarBytes);
  for (ptrdiff_t i = 0; i < p.m; i += kRowBlock<T>) {
    ptrdiff_t k = 0;
    do {  // also for a depth of 0, which gives the start
      Product<T> block = p;
      block.m = smaller(kRowBlock<T>, p.m - i);
      block.depth = smaller(depth_block, p.depth - k);
      block.accumulate = p.accumulate || k > 0;
      if (far_a) copy_rows(block.depth, block.m, p.a + i + k * p.a_col, p.a_col, packed_a, kStride);
      ptrdiff_t j = 0;
      for (ptrdiff_t panel_j = 0; panel_j < n_panels; ++panel_j) {
        
#ifdef GREEDY
        const ptrdiff_t vecs = panel_j + 1 < n_panels ? wide(p.m) : n_vecs - (n_panels-1)*wide(p.m);
#else
const ptrdiff_t vecs = n_vecs / n_panels + (panel_j < n_vecs % n_panels);
#endif

        block.n = smaller(vecs * kLanes, p.n - j);
        block.a = far_a ? packed_a : p.a + i * p.a_row + k * p.a_col;
        block.a_col = far_a ? kStride : p.a_col;
        block.b = p.b + k * p.b_row + j * p.b_col;
        block.out = p.out + i * p.out_row + j * p.out_col;
        block.bias = p.bias != nullptr ? p.bias + j : nullptr;
        panel(block, vecs);
        j += block.n;
      }
      k += depth_block;
    } while (k < p.depth);
  }
}

// Whether lanes had better be rows of out. Where those of a lie apart they must be transposed on
// the way, which only the narrowest results repay.
template <class T>
bool better_transposed(const Product<T>& p) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  if (p.a_row != 1) return 4 * p.n <= kLanes && p.m >= kLanes;
  return 4 * p.n * divide_up(p.m, kLanes) < 3 * p.m * divide_up(p.n, kLanes);
}

template <class T>
void product(const Product<T>& p) {
  if (p.m == 0 || p.n == 0) return;
  if (!better_transposed(p)) {
    blocks(p);
    return;
  }
  Product<T> q = p;
  q.m = p.n;
  q.n = p.m;
  q.a = p.b;
  q.a_row = p.b_col;
  q.a_col = p.b_row;
  q.b = p.a;
  q.b_row = p.a_col;
  q.b_col = p.a_row;
  q.out_row = p.out_col;
  q.out_col = p.out_row;
  if (p.bias != nullptr && !p.accumulate) {  // which runs along the columns of p
    for (ptrdiff_t i = 0; i < p.m; ++i) {
      for (ptrdiff_t j = 0; j < p.n; ++j) p.out[i * p.out_row + j * p.out_col] = p.bias[j];
    }
    q.accumulate = true;
  }
  blocks(q);
}

template <class T, int kVecs>
void add_rows_of(ptrdiff_t depth, ptrdiff_t n_last, const T* a, ptrdiff_t stride, T* out) {
  constexpr int kLanes = Vec<T>::kLanes;
  const auto load = [n_last](const T* p, int v) {
    return v == kVecs - 1 && n_last < kLanes ? Vec<T>::load_partial(p + v * kLanes, n_last)
                                             : Vec<T>::load(p + v * kLanes);
  };
  Vec<T> sum[kVecs];
  QTOT_UNROLL
  for (int v = 0; v < kVecs; ++v) sum[v] = load(out, v);
  for (ptrdiff_t k = 0; k < depth; ++k) {
    QTOT_UNROLL
    for (int v = 0; v < kVecs; ++v) sum[v] = sum[v] + load(a + k * stride, v);
  }
  QTOT_UNROLL
  for (int v = 0; v < kVecs; ++v) {
    if (v == kVecs - 1 && n_last < kLanes) {
      store_partial(sum[v], out + v * kLanes, n_last);
    } else {
      store(sum[v], out + v * kLanes);
    }
  }
}

template <class T>
void add_rows(ptrdiff_t depth, ptrdiff_t n, const T* a, ptrdiff_t stride, T* out) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  constexpr ptrdiff_t kVecs = 4;
  ptrdiff_t j = 0;
  for (; j + kVecs * kLanes <= n; j += kVecs * kLanes) {
    add_rows_of<T, kVecs>(depth, kLanes, a + j, stride, out + j);
  }
  for (; j < n; j += kLanes) {
    add_rows_of<T, 1>(depth, smaller(kLanes, n - j), a + j, stride, out + j);
  }
}

constexpr MatmulKernels kKernels = {product<float>, product<double>, add_rows<float>,
                                    add_rows<double>};

}  // namespace

const MatmulKernels& matmul_kernels();
const MatmulKernels& matmul_kernels() {
  return kKernels;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
