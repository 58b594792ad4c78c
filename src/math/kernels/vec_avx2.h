// AVX2 and FMA: see vec.h.
#pragma once

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <>
struct Vec<float> {
  static constexpr int kLanes = 8;
  static constexpr int kTransposed = 4;
  static constexpr bool kMaskedLoads = true;
  static constexpr bool kLookup = true;
  __m256 raw;

  static QTOT_VEC_INLINE __m256i first(ptrdiff_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
  }
  static QTOT_VEC_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const float* p, ptrdiff_t n) {
    return {_mm256_maskload_ps(p, first(n))};
  }
  static QTOT_VEC_INLINE Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }

  using Lanes = __m256;
  static QTOT_VEC_INLINE Lanes all_lanes() { return _mm256_castsi256_ps(_mm256_set1_epi32(-1)); }
  static QTOT_VEC_INLINE bool every(Lanes lanes) { return _mm256_movemask_ps(lanes) == 0xFF; }
  static QTOT_VEC_INLINE Lanes both_less(Lanes lanes, Vec a, Vec b) {
    return _mm256_and_ps(lanes, _mm256_cmp_ps(a.raw, b.raw, _CMP_LT_OQ));
  }
  static QTOT_VEC_INLINE Lanes both_equal(Lanes lanes, Vec a, Vec b) {
    return _mm256_and_ps(lanes, _mm256_cmp_ps(a.raw, b.raw, _CMP_EQ_OQ));
  }
  static QTOT_VEC_INLINE Vec lookup(const float* table, Vec index) {
    const __m256i entry = _mm256_castps_si256(index.raw);
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(table), entry);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(table + kLanes), entry);
    return {_mm256_blendv_ps(low, high, shift_bits<28>(index).raw)};  // by bit 3 of the entry
  }
  static QTOT_VEC_INLINE Vec add_bits(Vec a, Vec b) {
    return {_mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(a.raw), _mm256_castps_si256(b.raw)))};
  }
  template <int kBits>
  static QTOT_VEC_INLINE Vec shift_bits(Vec v) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(v.raw), kBits))};
  }
};
QTOT_VEC_INLINE void store(Vec<float> v, float* p) {
  _mm256_storeu_ps(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<float> v, float* p, ptrdiff_t n) {
  _mm256_maskstore_ps(p, Vec<float>::first(n), v.raw);
}
QTOT_VEC_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm256_fmadd_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> abs(Vec<float> v) {
  return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), v.raw)};
}

QTOT_VEC_INLINE Vec<float> fms(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm256_fmsub_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> fnma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm256_fnmadd_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> negated(Vec<float> v) {
  return {_mm256_xor_ps(v.raw, _mm256_set1_ps(-0.0F))};
}
QTOT_VEC_INLINE Vec<float> with_sign(Vec<float> v, Vec<float> sign) {
  return {_mm256_or_ps(v.raw, _mm256_and_ps(sign.raw, _mm256_set1_ps(-0.0F)))};
}
QTOT_VEC_INLINE Vec<float> smaller(Vec<float> a, Vec<float> b) {
  return {_mm256_min_ps(a.raw, b.raw)};
}
QTOT_VEC_INLINE Vec<float> larger(Vec<float> a, Vec<float> b) {
  return {_mm256_max_ps(a.raw, b.raw)};
}

template <>
struct Vec<double> {
  static constexpr int kLanes = 4;
  static constexpr int kTransposed = 2;
  static constexpr bool kMaskedLoads = true;
  static constexpr bool kLookup = false;
  __m256d raw;

  static QTOT_VEC_INLINE __m256i first(ptrdiff_t n) {
    const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), lane);
  }
  static QTOT_VEC_INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const double* p, ptrdiff_t n) {
    return {_mm256_maskload_pd(p, first(n))};
  }
  static QTOT_VEC_INLINE Vec broadcast(double x) { return {_mm256_set1_pd(x)}; }
};
QTOT_VEC_INLINE void store(Vec<double> v, double* p) {
  _mm256_storeu_pd(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<double> v, double* p, ptrdiff_t n) {
  _mm256_maskstore_pd(p, Vec<double>::first(n), v.raw);
}
QTOT_VEC_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm256_fmadd_pd(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<double> abs(Vec<double> v) {
  return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), v.raw)};
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

// Four elements of each of rows 0 and 4.
QTOT_VEC_INLINE __m256 load_rows(const float* p, ptrdiff_t stride) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * stride),
                              1);
}
QTOT_VEC_INLINE void transpose(const float* p, ptrdiff_t stride, float* out, ptrdiff_t out_stride) {
  const __m256 a = load_rows(p, stride);
  const __m256 b = load_rows(p + stride, stride);
  const __m256 c = load_rows(p + 2 * stride, stride);
  const __m256 d = load_rows(p + 3 * stride, stride);
  const __m256 ab_low = _mm256_unpacklo_ps(a, b);
  const __m256 ab_high = _mm256_unpackhi_ps(a, b);
  const __m256 cd_low = _mm256_unpacklo_ps(c, d);
  const __m256 cd_high = _mm256_unpackhi_ps(c, d);
  _mm256_storeu_ps(out, _mm256_shuffle_ps(ab_low, cd_low, 0x44));
  _mm256_storeu_ps(out + out_stride, _mm256_shuffle_ps(ab_low, cd_low, 0xEE));
  _mm256_storeu_ps(out + 2 * out_stride, _mm256_shuffle_ps(ab_high, cd_high, 0x44));
  _mm256_storeu_ps(out + 3 * out_stride, _mm256_shuffle_ps(ab_high, cd_high, 0xEE));
}

// Two elements of each of rows 0 and 2.
QTOT_VEC_INLINE __m256d load_rows(const double* p, ptrdiff_t stride) {
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(p + 2 * stride),
                              1);
}
QTOT_VEC_INLINE void transpose(const double* p, ptrdiff_t stride, double* out,
                               ptrdiff_t out_stride) {
  const __m256d a = load_rows(p, stride);
  const __m256d b = load_rows(p + stride, stride);
  _mm256_storeu_pd(out, _mm256_unpacklo_pd(a, b));
  _mm256_storeu_pd(out + out_stride, _mm256_unpackhi_pd(a, b));
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
