// Baseline x86-64, without fma: see vec.h.
#pragma once

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <>
struct Vec<float> {
  static constexpr int kLanes = 4;
  static constexpr int kTransposed = 1;
  static constexpr bool kMaskedLoads = false;
  static constexpr bool kLookup = false;
  __m128 raw;

  static QTOT_VEC_INLINE Vec load(const float* p) { return {_mm_loadu_ps(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const float* p, ptrdiff_t n) {
    float lanes[kLanes] = {};
    for (ptrdiff_t l = 0; l < n; ++l) lanes[l] = p[l];
    return load(lanes);
  }
  static QTOT_VEC_INLINE Vec broadcast(float x) { return {_mm_set1_ps(x)}; }
};
QTOT_VEC_INLINE void store(Vec<float> v, float* p) {
  _mm_storeu_ps(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<float> v, float* p, ptrdiff_t n) {
  float lanes[Vec<float>::kLanes];
  store(v, lanes);
  for (ptrdiff_t l = 0; l < n; ++l) p[l] = lanes[l];
}

template <>
struct Vec<double> {
  static constexpr int kLanes = 2;
  static constexpr int kTransposed = 1;
  static constexpr bool kMaskedLoads = false;
  static constexpr bool kLookup = false;
  __m128d raw;

  static QTOT_VEC_INLINE Vec load(const double* p) { return {_mm_loadu_pd(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const double* p, ptrdiff_t n) {
    double lanes[kLanes] = {};
    for (ptrdiff_t l = 0; l < n; ++l) lanes[l] = p[l];
    return load(lanes);
  }
  static QTOT_VEC_INLINE Vec broadcast(double x) { return {_mm_set1_pd(x)}; }
};
QTOT_VEC_INLINE void store(Vec<double> v, double* p) {
  _mm_storeu_pd(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<double> v, double* p, ptrdiff_t n) {
  double lanes[Vec<double>::kLanes];
  store(v, lanes);
  for (ptrdiff_t l = 0; l < n; ++l) p[l] = lanes[l];
}

QTOT_VEC_INLINE Vec<float> abs(Vec<float> v) {
  return {_mm_andnot_ps(_mm_set1_ps(-0.0F), v.raw)};
}
QTOT_VEC_INLINE Vec<double> abs(Vec<double> v) {
  return {_mm_andnot_pd(_mm_set1_pd(-0.0), v.raw)};
}

template <class T>
QTOT_VEC_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) {
  return {a.raw + b.raw};
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) {
  return {a.raw - b.raw};
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) {
  return {a.raw * b.raw};
}
template <class T>
QTOT_VEC_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) {
  return {a.raw / b.raw};
}

// Two floats' a b + c in double, rounded to odd. The product is exact: 24 + 24 bits fit in 53, and
// its exponent cannot leave the range of double. TwoSum (Knuth) gives the rounded sum and its exact
// error; where the error is not 0 and the sum is even, the neighbour on the error's side is odd.
// Rounding that to float is then the one rounding of the exact value, since double has more than
// two bits beyond float, subnormal results included (Boldo and Melquiond, 2008). Of infinities and
// NaN the error is NaN, compares false, and the sum stands.
QTOT_VEC_INLINE __m128d fma_rounded_to_odd(__m128d a, __m128d b, __m128d c) {
  const __m128d product = _mm_mul_pd(a, b);
  const __m128d sum = _mm_add_pd(product, c);
  const __m128d c_part = _mm_sub_pd(sum, product);
  const __m128d error =
      _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, c_part)), _mm_sub_pd(c, c_part));

  const __m128d zero = _mm_setzero_pd();
  const __m128i one = _mm_set1_epi64x(1);
  const __m128i bits = _mm_castpd_si128(sum);
  const __m128i above = _mm_castpd_si128(_mm_cmpgt_pd(error, zero));
  const __m128i below = _mm_castpd_si128(_mm_cmplt_pd(error, zero));
  const __m128i negative = _mm_castpd_si128(_mm_cmplt_pd(sum, zero));
  const __m128i even = _mm_sub_epi64(_mm_and_si128(bits, one), one);  // all ones where even
  const __m128i inexact = _mm_or_si128(above, below);
  const __m128i step = _mm_or_si128(_mm_xor_si128(below, negative), one);  // -1 towards zero, or 1
  const __m128i to_odd = _mm_and_si128(step, _mm_and_si128(even, inexact));
  return _mm_castsi128_pd(_mm_add_epi64(bits, to_odd));
}
QTOT_VEC_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  const auto high = [](__m128 x) { return _mm_cvtps_pd(_mm_movehl_ps(x, x)); };
  const __m128d low_half =
      fma_rounded_to_odd(_mm_cvtps_pd(a.raw), _mm_cvtps_pd(b.raw), _mm_cvtps_pd(c.raw));
  const __m128d high_half = fma_rounded_to_odd(high(a.raw), high(b.raw), high(c.raw));
  return {_mm_movelh_ps(_mm_cvtpd_ps(low_half), _mm_cvtpd_ps(high_half))};
}

// Exact, and slow: the library's fma in each lane.
QTOT_VEC_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm_setr_pd(__builtin_fma(a.raw[0], b.raw[0], c.raw[0]),
                      __builtin_fma(a.raw[1], b.raw[1], c.raw[1]))};
}

template <class T>
QTOT_VEC_INLINE void transpose(const T* p, ptrdiff_t stride, T* out, ptrdiff_t) {
  for (int r = 0; r < Vec<T>::kLanes; ++r) out[r] = p[r * stride];
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
