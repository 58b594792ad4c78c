// The mixing products (qtot/math/mixing.h) for one instruction-set level.
//
// Lanes are independent sums: columns e of one row where the sum runs over the agents, and rows m
// where it runs over the embedding. There the columns of a few rows are transposed on the way, which
// brings the term e of every row into one vector.

#include "math/kernels/vec.h"
#include "math/mixing_kernels.h"

#ifdef QTOT_VEC_IS_LANES
#define QTOT_UNROLL  // the lanes are loops already
#else
#define QTOT_UNROLL _Pragma("GCC unroll 8")
#endif

// The next loop carries nothing from one element to the next, and its output is none of its inputs.
#if defined(__clang__)
#define QTOT_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define QTOT_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

constexpr ptrdiff_t smaller(ptrdiff_t x, ptrdiff_t y) {
  return x < y ? x : y;
}

template <bool kAbs, class T>
QTOT_VEC_INLINE Vec<T> weight(Vec<T> w) {
  if constexpr (kAbs) {
    return abs(w);
  } else {
    return w;
  }
}

// out[e] += sum over n of q[n] w[n * embed_dim + e] for kVecs vectors of columns; the last holds
// n_last of them where it is kPartial.
template <class T, bool kAbs, int kVecs, bool kPartial>
QTOT_VEC_INLINE void add_agents(ptrdiff_t n_agents, ptrdiff_t embed_dim, const T* q, const T* w,
                                T* out, ptrdiff_t n_last) {
  constexpr int kLanes = Vec<T>::kLanes;
  const auto load = [n_last](const T* p, int v) {
    return kPartial && v == kVecs - 1 ? Vec<T>::load_partial(p + v * kLanes, n_last)
                                      : Vec<T>::load(p + v * kLanes);
  };
  Vec<T> sum[kVecs];
  QTOT_UNROLL
  for (int v = 0; v < kVecs; ++v) sum[v] = load(out, v);
  for (ptrdiff_t n = 0; n < n_agents; ++n) {
    const Vec<T> q_n = Vec<T>::broadcast(q[n]);
    QTOT_UNROLL
    for (int v = 0; v < kVecs; ++v) {
      sum[v] = fma(q_n, weight<kAbs>(load(w + n * embed_dim, v)), sum[v]);
    }
  }
  QTOT_UNROLL
  for (int v = 0; v < kVecs; ++v) {
    if (kPartial && v == kVecs - 1) {
      store_partial(sum[v], out + v * kLanes, n_last);
    } else {
      store(sum[v], out + v * kLanes);
    }
  }
}

template <class T, bool kAbs>
void agents_of(const MixArgs<T>& args) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  constexpr int kVecs = 2;
  for (ptrdiff_t m = 0; m < args.rows; ++m) {
    const T* q = args.a.data + m * args.a.stride;
    const T* w = args.w.data + m * args.w.stride;
    T* out = args.out.data + m * args.out.stride;
    ptrdiff_t e = 0;
    for (; e + kVecs * kLanes <= args.embed_dim; e += kVecs * kLanes) {
      add_agents<T, kAbs, kVecs, false>(args.n_agents, args.embed_dim, q, w + e, out + e, 0);
    }
    for (; e + kLanes <= args.embed_dim; e += kLanes) {
      add_agents<T, kAbs, 1, false>(args.n_agents, args.embed_dim, q, w + e, out + e, 0);
    }
    if (e < args.embed_dim) {
      add_agents<T, kAbs, 1, true>(args.n_agents, args.embed_dim, q, w + e, out + e,
                                   args.embed_dim - e);
    }
  }
}

template <class T>
void agents(const MixArgs<T>& args) {
  args.is_abs ? agents_of<T, true>(args) : agents_of<T, false>(args);
}

// tile[c * kLanes + r] = p[r * stride + c] for n_rows rows of n_columns columns; other lanes are +0.
template <class T>
QTOT_VEC_INLINE void gather_columns(const T* p, ptrdiff_t stride, ptrdiff_t n_rows,
                                    ptrdiff_t n_columns, T* tile) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  if (n_rows == kLanes && n_columns == Vec<T>::kTransposed) {
    transpose(p, stride, tile, kLanes);
    return;
  }
  for (ptrdiff_t c = 0; c < n_columns; ++c) {
    for (ptrdiff_t r = 0; r < kLanes; ++r) {
      tile[c * kLanes + r] = r < n_rows ? p[r * stride + c] : T(0);
    }
  }
}

// A block of at most kLanes rows and of kAgents agents: that many independent chains of sums.
template <class T, bool kAbs, int kAgents>
void add_embedding(ptrdiff_t n_rows, ptrdiff_t embed_dim, MixRows<const T> a, MixRows<const T> w,
                   MixRows<T> out) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  constexpr ptrdiff_t kStep = Vec<T>::kTransposed;
  alignas(64) T a_tile[kStep * kLanes];
  alignas(64) T w_tile[kAgents][kStep * kLanes];
  alignas(64) T sums[kAgents * kLanes];

  gather_columns(static_cast<const T*>(out.data), out.stride, n_rows, kAgents, sums);
  Vec<T> sum[kAgents];
  QTOT_UNROLL
  for (int n = 0; n < kAgents; ++n) sum[n] = Vec<T>::load(sums + n * kLanes);
  for (ptrdiff_t e = 0; e < embed_dim; e += kStep) {
    const ptrdiff_t n_columns = smaller(kStep, embed_dim - e);
    gather_columns(a.data + e, a.stride, n_rows, n_columns, a_tile);
    for (int n = 0; n < kAgents; ++n) {
      gather_columns(w.data + n * embed_dim + e, w.stride, n_rows, n_columns, w_tile[n]);
    }
    for (ptrdiff_t c = 0; c < n_columns; ++c) {
      const Vec<T> a_e = Vec<T>::load(a_tile + c * kLanes);
      QTOT_UNROLL
      for (int n = 0; n < kAgents; ++n) {
        sum[n] = fma(a_e, weight<kAbs>(Vec<T>::load(w_tile[n] + c * kLanes)), sum[n]);
      }
    }
  }
  QTOT_UNROLL
  for (int n = 0; n < kAgents; ++n) store(sum[n], sums + n * kLanes);
  for (ptrdiff_t r = 0; r < n_rows; ++r) {
    for (ptrdiff_t n = 0; n < kAgents; ++n) {
      out.data[r * out.stride + n] = sums[n * kLanes + r];
    }
  }
}

template <class T, bool kAbs>
void embedding_of(const MixArgs<T>& args) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  constexpr ptrdiff_t kMostAgents = 4;
  for (ptrdiff_t m = 0; m < args.rows; m += kLanes) {
    const ptrdiff_t n_rows = smaller(kLanes, args.rows - m);
    const MixRows<const T> a = {args.a.data + m * args.a.stride, args.a.stride};
    for (ptrdiff_t n = 0; n < args.n_agents; n += kMostAgents) {
      const MixRows<const T> w = {args.w.data + m * args.w.stride + n * args.embed_dim,
                                  args.w.stride};
      const MixRows<T> out = {args.out.data + m * args.out.stride + n, args.out.stride};
      switch (smaller(kMostAgents, args.n_agents - n)) {
        case 1:
          add_embedding<T, kAbs, 1>(n_rows, args.embed_dim, a, w, out);
          break;
        case 2:
          add_embedding<T, kAbs, 2>(n_rows, args.embed_dim, a, w, out);
          break;
        case 3:
          add_embedding<T, kAbs, 3>(n_rows, args.embed_dim, a, w, out);
          break;
        default:
          add_embedding<T, kAbs, 4>(n_rows, args.embed_dim, a, w, out);
      }
    }
  }
}

template <class T>
void embedding(const MixArgs<T>& args) {
  args.is_abs ? embedding_of<T, true>(args) : embedding_of<T, false>(args);
}

template <class T>
void outer(const MixArgs<T>& args) {
  const ptrdiff_t embed_dim = args.embed_dim;
  for (ptrdiff_t m = 0; m < args.rows; ++m) {
    const T* d_z = args.second.data + m * args.second.stride;
    for (ptrdiff_t n = 0; n < args.n_agents; ++n) {
      const T q = args.a.data[m * args.a.stride + n];
      T* d_w = args.out.data + m * args.out.stride + n * embed_dim;
      if (args.is_abs) {
        const T* w = args.w.data + m * args.w.stride + n * embed_dim;
        QTOT_INDEPENDENT
        for (ptrdiff_t e = 0; e < embed_dim; ++e) {
          const T slope = w[e] > T(0) ? T(1) : w[e] < T(0) ? T(-1) : T(0);
          d_w[e] = (q * d_z[e]) * slope;
        }
      } else {
        QTOT_INDEPENDENT
        for (ptrdiff_t e = 0; e < embed_dim; ++e) d_w[e] = q * d_z[e];
      }
    }
  }
}

QTOT_VEC_INLINE float magnitude(float x) {
  return __builtin_fabsf(x);
}
QTOT_VEC_INLINE double magnitude(double x) {
  return __builtin_fabs(x);
}

template <class T, bool kAbs>
void elu_slope_of(const MixArgs<T>& args) {
  for (ptrdiff_t m = 0; m < args.rows; ++m) {
    const T d = args.a.data[m * args.a.stride];
    const T* w = args.w.data + m * args.w.stride;
    const T* hidden = args.second.data + m * args.second.stride;
    T* d_z = args.out.data + m * args.out.stride;
    QTOT_INDEPENDENT
    for (ptrdiff_t e = 0; e < args.embed_dim; ++e) {
      const T slope = hidden[e] > T(0) ? T(1) : hidden[e] + T(1);
      d_z[e] = (d * (kAbs ? magnitude(w[e]) : w[e])) * slope;
    }
  }
}

template <class T>
void elu_slope(const MixArgs<T>& args) {
  args.is_abs ? elu_slope_of<T, true>(args) : elu_slope_of<T, false>(args);
}

template <class T>
constexpr MixingKernelsOf<T> kKernels = {
    .agents = agents<T>, .embedding = embedding<T>, .outer = outer<T>, .elu_slope = elu_slope<T>};

constexpr MixingKernels kMixing = {.of_float = kKernels<float>, .of_double = kKernels<double>};

}  // namespace

const MixingKernels& mixing_kernels();
const MixingKernels& mixing_kernels() {
  return kMixing;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
