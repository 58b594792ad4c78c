// AVX-512: see vec.h.
#pragma once

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <>
struct Vec<float> {
  static constexpr int kLanes = 16;
  static constexpr int kTransposed = 4;
  static constexpr bool kMaskedLoads = true;
  static constexpr bool kLookup = true;
  __m512 raw;

  static QTOT_VEC_INLINE __mmask16 first(ptrdiff_t n) {
    return static_cast<__mmask16>((1u << n) - 1);
  }
  static QTOT_VEC_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const float* p, ptrdiff_t n) {
    return {_mm512_maskz_loadu_ps(first(n), p)};
  }
  static QTOT_VEC_INLINE Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }

  using Lanes = __mmask16;
  static QTOT_VEC_INLINE Lanes all_lanes() { return 0xFFFF; }
  static QTOT_VEC_INLINE bool every(Lanes lanes) { return lanes == all_lanes(); }
  static QTOT_VEC_INLINE Lanes both_less(Lanes lanes, Vec a, Vec b) {
    return _mm512_mask_cmp_ps_mask(lanes, a.raw, b.raw, _CMP_LT_OQ);
  }
  static QTOT_VEC_INLINE Lanes both_equal(Lanes lanes, Vec a, Vec b) {
    return _mm512_mask_cmp_ps_mask(lanes, a.raw, b.raw, _CMP_EQ_OQ);
  }
  static QTOT_VEC_INLINE Vec lookup(const float* table, Vec index) {
    return {_mm512_maskz_permutexvar_ps(all_lanes(), _mm512_castps_si512(index.raw),
                                        _mm512_load_ps(table))};
  }
  static QTOT_VEC_INLINE Vec add_bits(Vec a, Vec b) {
    return {_mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_castps_si512(a.raw), _mm512_castps_si512(b.raw)))};
  }
  template <int kBits>
  static QTOT_VEC_INLINE Vec shift_bits(Vec v) {
    return {_mm512_castsi512_ps(
        _mm512_maskz_slli_epi32(all_lanes(), _mm512_castps_si512(v.raw), kBits))};
  }
};
QTOT_VEC_INLINE void store(Vec<float> v, float* p) {
  _mm512_storeu_ps(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<float> v, float* p, ptrdiff_t n) {
  _mm512_mask_storeu_ps(p, Vec<float>::first(n), v.raw);
}
QTOT_VEC_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm512_fmadd_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> abs(Vec<float> v) {
  return {_mm512_andnot_ps(_mm512_set1_ps(-0.0F), v.raw)};
}

QTOT_VEC_INLINE Vec<float> fms(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm512_fmsub_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> fnma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm512_fnmadd_ps(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<float> negated(Vec<float> v) {
  return {_mm512_xor_ps(v.raw, _mm512_set1_ps(-0.0F))};
}
QTOT_VEC_INLINE Vec<float> with_sign(Vec<float> v, Vec<float> sign) {
  return {_mm512_or_ps(v.raw, _mm512_and_ps(sign.raw, _mm512_set1_ps(-0.0F)))};
}
QTOT_VEC_INLINE Vec<float> smaller(Vec<float> a, Vec<float> b) {
  return {_mm512_maskz_min_ps(Vec<float>::all_lanes(), a.raw, b.raw)};
}
QTOT_VEC_INLINE Vec<float> larger(Vec<float> a, Vec<float> b) {
  return {_mm512_maskz_max_ps(Vec<float>::all_lanes(), a.raw, b.raw)};
}

template <>
struct Vec<double> {
  static constexpr int kLanes = 8;
  static constexpr int kTransposed = 2;
  static constexpr bool kMaskedLoads = true;
  static constexpr bool kLookup = false;
  __m512d raw;

  static QTOT_VEC_INLINE __mmask8 first(ptrdiff_t n) {
    return static_cast<__mmask8>((1u << n) - 1);
  }
  static QTOT_VEC_INLINE Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const double* p, ptrdiff_t n) {
    return {_mm512_maskz_loadu_pd(first(n), p)};
  }
  static QTOT_VEC_INLINE Vec broadcast(double x) { return {_mm512_set1_pd(x)}; }
};
QTOT_VEC_INLINE void store(Vec<double> v, double* p) {
  _mm512_storeu_pd(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<double> v, double* p, ptrdiff_t n) {
  _mm512_mask_storeu_pd(p, Vec<double>::first(n), v.raw);
}
QTOT_VEC_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm512_fmadd_pd(a.raw, b.raw, c.raw)};
}
QTOT_VEC_INLINE Vec<double> abs(Vec<double> v) {
  return {_mm512_andnot_pd(_mm512_set1_pd(-0.0), v.raw)};
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

// Shuffles take all lanes through a mask: of the plain ones GCC 12 warns inside its own header.
constexpr unsigned char kAllPairs = 0xFF;
constexpr unsigned short kAllLanes = 0xFFFF;

// Four elements of each of rows 0, 4, 8 and 12.
QTOT_VEC_INLINE __m512 load_rows(const float* p, ptrdiff_t stride) {
  const __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
  const __m512 w = _mm512_maskz_insertf32x4(kAllLanes, v, _mm_loadu_ps(p + 4 * stride), 1);
  const __m512 x = _mm512_maskz_insertf32x4(kAllLanes, w, _mm_loadu_ps(p + 8 * stride), 2);
  return _mm512_maskz_insertf32x4(kAllLanes, x, _mm_loadu_ps(p + 12 * stride), 3);
}
QTOT_VEC_INLINE void transpose(const float* p, ptrdiff_t stride, float* out, ptrdiff_t out_stride) {
  const __m512 a = load_rows(p, stride);
  const __m512 b = load_rows(p + stride, stride);
  const __m512 c = load_rows(p + 2 * stride, stride);
  const __m512 d = load_rows(p + 3 * stride, stride);
  const __m512 ab_low = _mm512_maskz_unpacklo_ps(kAllLanes, a, b);
  const __m512 ab_high = _mm512_maskz_unpackhi_ps(kAllLanes, a, b);
  const __m512 cd_low = _mm512_maskz_unpacklo_ps(kAllLanes, c, d);
  const __m512 cd_high = _mm512_maskz_unpackhi_ps(kAllLanes, c, d);
  _mm512_storeu_ps(out, _mm512_maskz_shuffle_ps(kAllLanes, ab_low, cd_low, 0x44));
  _mm512_storeu_ps(out + out_stride, _mm512_maskz_shuffle_ps(kAllLanes, ab_low, cd_low, 0xEE));
  _mm512_storeu_ps(out + 2 * out_stride,
                   _mm512_maskz_shuffle_ps(kAllLanes, ab_high, cd_high, 0x44));
  _mm512_storeu_ps(out + 3 * out_stride,
                   _mm512_maskz_shuffle_ps(kAllLanes, ab_high, cd_high, 0xEE));
}

// Two elements of each of rows 0, 2, 4 and 6.
QTOT_VEC_INLINE __m512d load_rows(const double* p, ptrdiff_t stride) {
  const __m512d v = _mm512_castpd128_pd512(_mm_loadu_pd(p));
  const __m512d w = _mm512_maskz_insertf64x2(kAllPairs, v, _mm_loadu_pd(p + 2 * stride), 1);
  const __m512d x = _mm512_maskz_insertf64x2(kAllPairs, w, _mm_loadu_pd(p + 4 * stride), 2);
  return _mm512_maskz_insertf64x2(kAllPairs, x, _mm_loadu_pd(p + 6 * stride), 3);
}
QTOT_VEC_INLINE void transpose(const double* p, ptrdiff_t stride, double* out,
                               ptrdiff_t out_stride) {
  const __m512d a = load_rows(p, stride);
  const __m512d b = load_rows(p + stride, stride);
  _mm512_storeu_pd(out, _mm512_maskz_unpacklo_pd(kAllPairs, a, b));
  _mm512_storeu_pd(out + out_stride, _mm512_maskz_unpackhi_pd(kAllPairs, a, b));
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
