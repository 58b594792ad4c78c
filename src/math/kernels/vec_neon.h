// AArch64: see vec.h.
#pragma once

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <>
struct Vec<float> {
  static constexpr int kLanes = 4;
  static constexpr int kTransposed = 4;
  static constexpr bool kMaskedLoads = false;
  static constexpr bool kLookup = false;
  float32x4_t raw;

  static QTOT_VEC_INLINE Vec load(const float* p) { return {vld1q_f32(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const float* p, ptrdiff_t n) {
    float lanes[kLanes] = {};
    for (ptrdiff_t l = 0; l < n; ++l) lanes[l] = p[l];
    return load(lanes);
  }
  static QTOT_VEC_INLINE Vec broadcast(float x) { return {vdupq_n_f32(x)}; }
};
QTOT_VEC_INLINE void store(Vec<float> v, float* p) {
  vst1q_f32(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<float> v, float* p, ptrdiff_t n) {
  float lanes[Vec<float>::kLanes];
  store(v, lanes);
  for (ptrdiff_t l = 0; l < n; ++l) p[l] = lanes[l];
}
QTOT_VEC_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {vfmaq_f32(c.raw, a.raw, b.raw)};
}

template <>
struct Vec<double> {
  static constexpr int kLanes = 2;
  static constexpr int kTransposed = 2;
  static constexpr bool kMaskedLoads = false;
  static constexpr bool kLookup = false;
  float64x2_t raw;

  static QTOT_VEC_INLINE Vec load(const double* p) { return {vld1q_f64(p)}; }
  static QTOT_VEC_INLINE Vec load_partial(const double* p, ptrdiff_t n) {
    double lanes[kLanes] = {};
    for (ptrdiff_t l = 0; l < n; ++l) lanes[l] = p[l];
    return load(lanes);
  }
  static QTOT_VEC_INLINE Vec broadcast(double x) { return {vdupq_n_f64(x)}; }
};
QTOT_VEC_INLINE void store(Vec<double> v, double* p) {
  vst1q_f64(p, v.raw);
}
QTOT_VEC_INLINE void store_partial(Vec<double> v, double* p, ptrdiff_t n) {
  double lanes[Vec<double>::kLanes];
  store(v, lanes);
  for (ptrdiff_t l = 0; l < n; ++l) p[l] = lanes[l];
}
QTOT_VEC_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {vfmaq_f64(c.raw, a.raw, b.raw)};
}

QTOT_VEC_INLINE Vec<float> abs(Vec<float> v) {
  return {vabsq_f32(v.raw)};
}
QTOT_VEC_INLINE Vec<double> abs(Vec<double> v) {
  return {vabsq_f64(v.raw)};
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

QTOT_VEC_INLINE void transpose(const float* p, ptrdiff_t stride, float* out, ptrdiff_t out_stride) {
  const float32x4_t a = vld1q_f32(p);
  const float32x4_t b = vld1q_f32(p + stride);
  const float32x4_t c = vld1q_f32(p + 2 * stride);
  const float32x4_t d = vld1q_f32(p + 3 * stride);
  const float32x4_t ac_low = vzip1q_f32(a, c);
  const float32x4_t ac_high = vzip2q_f32(a, c);
  const float32x4_t bd_low = vzip1q_f32(b, d);
  const float32x4_t bd_high = vzip2q_f32(b, d);
  vst1q_f32(out, vzip1q_f32(ac_low, bd_low));
  vst1q_f32(out + out_stride, vzip2q_f32(ac_low, bd_low));
  vst1q_f32(out + 2 * out_stride, vzip1q_f32(ac_high, bd_high));
  vst1q_f32(out + 3 * out_stride, vzip2q_f32(ac_high, bd_high));
}
QTOT_VEC_INLINE void transpose(const double* p, ptrdiff_t stride, double* out,
                               ptrdiff_t out_stride) {
  const float64x2_t a = vld1q_f64(p);
  const float64x2_t b = vld1q_f64(p + stride);
  vst1q_f64(out, vzip1q_f64(a, b));
  vst1q_f64(out + out_stride, vzip2q_f64(a, b));
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
