// The canonical products (qtot/math/matmul.h) for one instruction-set level.
//
// A tile of `out`, a few rows of a few vectors, stays in registers while k runs. Lanes are columns,
// hence independent sums. The depth is cut into blocks so that what tiles read again stays in the
// caches; between blocks the sums wait in `out`, which is exact. Strips of a and b whose rows lie
// badly are copied to the stack. Where the result is narrow, rows and columns change their roles:
// out^T = b^T a^T has the same sums.

#include "math/kernels/matmul_tiles.h"
#include "math/matmul_kernels.h"

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

constexpr ptrdiff_t kDepthBlock = 128;
constexpr ptrdiff_t kRowsThatRepayCopy = 32;
constexpr ptrdiff_t kFarBytes = 256 * 1024;  // 64 pages, what a first-level TLB holds

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

// Asks for the rows of a that the next tile reads. Rows that lie apart are no stream to the hardware.
template <class T>
void fetch_rows(const Product<T>& p, ptrdiff_t first, ptrdiff_t n_rows) {
  constexpr ptrdiff_t kLine = 64 / static_cast<ptrdiff_t>(sizeof(T));
  const ptrdiff_t end = smaller(first + n_rows, p.m);
  for (ptrdiff_t i = first; i < end; ++i) {
    const T* const row = p.a + i * p.a_row;
    for (ptrdiff_t k = 0; k < p.depth; k += kLine) __builtin_prefetch(row + k);
  }
}

// A block of rows and of k, and a panel of at most kMaxVecs vectors of columns.
template <class T>
void panel(const Product<T>& p, ptrdiff_t vecs) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  alignas(64) T packed[kDepthBlock * kMaxVecs * kLanes];
  const ptrdiff_t width = vecs * kLanes;
  const bool partial = p.n < width;
  const bool copy_b = p.b_col != 1 || (partial && !Vec<T>::kMaskedLoads);
  if (copy_b) pack(p, p.n, width, packed);

  Tile<T> t = {};
  t.depth = p.depth;
  t.a_row = p.depth > 0 ? p.a_row : 0;  // an a or b without elements may have no address
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
    t.a = p.a + i * t.a_row;
    if (p.a_col == 1 && p.depth > 0) fetch_rows(p, i + rows, most_rows);
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
void copy_rows(ptrdiff_t n_rows, ptrdiff_t n, const T* from, ptrdiff_t from_row, T* to,
               ptrdiff_t to_row) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  for (ptrdiff_t r = 0; r < n_rows; ++r, from += from_row, to += to_row) {
    ptrdiff_t j = 0;
    for (; j + kLanes <= n; j += kLanes) store(Vec<T>::load(from + j), to + j);
    if (j < n) store_partial(Vec<T>::load_partial(from + j, n - j), to + j, n - j);
  }
}

// The loops around panels. Where rows of k lie badly, strips of a and of b are copied, row by row.
template <class T>
class Blocks {
 public:
  explicit Blocks(const Product<T>& p)
      : p_(p),
        n_depths_(p.depth > 0 ? divide_up(p.depth, kDepthBlock) : 1),
        depth_(divide_up(p.depth, n_depths_)),
        copies_a_(p.a_row == 1 && p.n > kLanes && lie_badly(p.a_col, kMostRows)),
        copies_b_(p.b_col == 1 && p.m >= kRowsThatRepayCopy &&
                  lie_badly(p.b_row, smaller(p.n, wide(p.m) * kLanes))),
        rows_(p.n > kStrip && p.b_col == 1 && !copies_b_ ? kFewRows : kStrip) {}

  // The rows of a are read from one end to the other, and only then the next ones, wherever k runs.
  void run() {
    const ptrdiff_t n_blocks = divide_up(p_.m, rows_);
    if (p_.a_row == 1) {
      for (ptrdiff_t d = 0; d < n_depths_; ++d) {
        for (ptrdiff_t r = 0; r < n_blocks; ++r) block(r * rows_, d * depth_);
      }
    } else {
      for (ptrdiff_t r = 0; r < n_blocks; ++r) {
        for (ptrdiff_t d = 0; d < n_depths_; ++d) block(r * rows_, d * depth_);
      }
    }
  }

 private:
  static constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  static constexpr ptrdiff_t kSize = static_cast<ptrdiff_t>(sizeof(T));
  static constexpr ptrdiff_t kStrip = 768 / kSize;
  static constexpr ptrdiff_t kFewRows = 24;
  static constexpr ptrdiff_t kCopyRow = kStrip + 64 / kSize;  // 13 lines: odd, never crowded

  bool lie_badly(ptrdiff_t stride, ptrdiff_t width) const {
    return crowded<T>(depth_, width, stride) || depth_ * stride * kSize >= kFarBytes;
  }

  // Rows from i and depths from k: all columns.
  void block(ptrdiff_t i, ptrdiff_t k) {
    Product<T> q = p_;
    q.m = smaller(rows_, p_.m - i);
    q.depth = smaller(depth_, p_.depth - k);
    if (p_.depth > 0) q.a += i * p_.a_row + k * p_.a_col;
    q.accumulate = p_.accumulate || k > 0;
    if (copies_a_) {
      copy_rows(q.depth, q.m, q.a, q.a_col, a_copy_, kCopyRow);
      q.a = a_copy_;
      q.a_col = kCopyRow;
    }
    const ptrdiff_t strip = copies_b_ ? kStrip : p_.n;
    for (ptrdiff_t j = 0; j < p_.n; j += strip) {
      q.n = smaller(strip, p_.n - j);
      q.b = p_.b + k * p_.b_row + j * p_.b_col;
      q.out = p_.out + i * p_.out_row + j * p_.out_col;
      q.bias = p_.bias != nullptr ? p_.bias + j : nullptr;
      if (copies_b_) {
        copy_rows(q.depth, q.n, q.b, p_.b_row, b_copy_, kCopyRow);
        q.b = b_copy_;
        q.b_row = kCopyRow;
      }
      panels(q);
    }
  }

  void panels(Product<T> q) const {
    const ptrdiff_t n_vecs = divide_up(q.n, kLanes);
    const ptrdiff_t n_panels = divide_up(n_vecs, wide(p_.m));
    for (ptrdiff_t index = 0, left = q.n; index < n_panels; ++index) {
      const ptrdiff_t vecs = n_vecs / n_panels + (index < n_vecs % n_panels);
      q.n = smaller(vecs * kLanes, left);
      panel(q, vecs);
      left -= q.n;
      if (q.depth > 0) q.b += q.n * q.b_col;
      q.out += q.n * q.out_col;
      if (q.bias != nullptr) q.bias += q.n;
    }
  }

  const Product<T>& p_;
  const ptrdiff_t n_depths_;
  const ptrdiff_t depth_;
  const bool copies_a_;
  const bool copies_b_;
  // In a block. Few where the rows of out are long, lest each be on a page that has left the TLB when
  // the next panel writes to it.
  const ptrdiff_t rows_;
  alignas(64) T a_copy_[kDepthBlock * kCopyRow];  // [k, i]
  alignas(64) T b_copy_[kDepthBlock * kCopyRow];  // [k, j]
};

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
    Blocks<T>(p).run();
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
  Blocks<T>(q).run();
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
  if (depth == 0) return;  // rows that are not there may have no address
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
