// Lanes in plain C++: see vec.h.
#pragma once

#define QTOT_VEC_IS_LANES 1

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

#ifdef QTOT_ISA_wide16
constexpr int kBytes = 64;
#else
constexpr int kBytes = 16;
#endif

template <class T>
struct Vec {
  static constexpr int kLanes = kBytes / static_cast<int>(sizeof(T));
  static constexpr int kTransposed = 1;
  static constexpr bool kMaskedLoads = false;
  static constexpr bool kLookup = false;
  T raw[kLanes];

  static QTOT_VEC_INLINE Vec load(const T* p) { return load_partial(p, kLanes); }
  static QTOT_VEC_INLINE Vec load_partial(const T* p, ptrdiff_t n) {
    Vec v = {};
    for (ptrdiff_t l = 0; l < n; ++l) v.raw[l] = p[l];
    return v;
  }
  static QTOT_VEC_INLINE Vec broadcast(T x) {
    Vec v;
    for (int l = 0; l < kLanes; ++l) v.raw[l] = x;
    return v;
  }
};
template <class T>
QTOT_VEC_INLINE void store_partial(Vec<T> v, T* p, ptrdiff_t n) {
  for (ptrdiff_t l = 0; l < n; ++l) p[l] = v.raw[l];
}
template <class T>
QTOT_VEC_INLINE void store(Vec<T> v, T* p) {
  store_partial(v, p, Vec<T>::kLanes);
}
QTOT_VEC_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  for (int l = 0; l < Vec<float>::kLanes; ++l) {
    c.raw[l] = __builtin_fmaf(a.raw[l], b.raw[l], c.raw[l]);
  }
  return c;
}
QTOT_VEC_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  for (int l = 0; l < Vec<double>::kLanes; ++l) {
    c.raw[l] = __builtin_fma(a.raw[l], b.raw[l], c.raw[l]);
  }
  return c;
}

QTOT_VEC_INLINE Vec<float> abs(Vec<float> v) {
  for (int l = 0; l < Vec<float>::kLanes; ++l) v.raw[l] = __builtin_fabsf(v.raw[l]);
  return v;
}
QTOT_VEC_INLINE Vec<double> abs(Vec<double> v) {
  for (int l = 0; l < Vec<double>::kLanes; ++l) v.raw[l] = __builtin_fabs(v.raw[l]);
  return v;
}

template <class T>
QTOT_VEC_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) {
  for (int l = 0; l < Vec<T>::kLanes; ++l) a.raw[l] += b.raw[l];
  return a;
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) {
  for (int l = 0; l < Vec<T>::kLanes; ++l) a.raw[l] -= b.raw[l];
  return a;
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) {
  for (int l = 0; l < Vec<T>::kLanes; ++l) a.raw[l] *= b.raw[l];
  return a;
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) {
  for (int l = 0; l < Vec<T>::kLanes; ++l) a.raw[l] /= b.raw[l];
  return a;
}

template <class T>
QTOT_VEC_INLINE void transpose(const T* p, ptrdiff_t stride, T* out, ptrdiff_t) {
  for (int r = 0; r < Vec<T>::kLanes; ++r) out[r] = p[r * stride];
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
