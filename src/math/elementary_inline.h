#pragma once

#include <cstdint>

/// The algorithms of qtot/math/elementary.h, one number at a time and without a branch, so that a
/// plain loop over them vectorises. Included by elementary.cpp and by every instruction-set level of
/// kernels/elementwise.inl. Everything has internal linkage and is built from compiler builtins: no
/// level can be linked against the copy of another.
///
/// Reduction (Cody & Waite, 1980, ch. 6): x = n ln2 + r with |r| <= ln2 / 2, hence
///
///   e^x = 2^n (1 + p),   p = e^r - 1 = r + r^2 q(r)
///
/// q interpolates (e^r - 1 - r) / r^2 at the Chebyshev nodes of [-ln2 / 2, ln2 / 2] (1.0001 times
/// as wide), computed with 400 bits and rounded to double. Degree 9: p has a relative error of 2^-54.5;
/// degree 10: 2^-60.
#define QTOT_INLINE [[gnu::always_inline]] inline

namespace qtot::math::algorithm {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;
constexpr double kLn2 = 0x1.62e42fefa39efp-1;
constexpr double kLn2Rest = 0x1.abc9e3b39803fp-56;     // ln2 - kLn2
constexpr double kLn2Top = 0x1.62e42fefa3800p-1;       // 42 bits: n kLn2Top is exact
constexpr double kLn2TopRest = 0x1.ef35793c76730p-45;  // ln2 - kLn2Top

// Adding it to a number below 2^51 leaves the nearest integer in the low bits of the sum.
constexpr double kShift = 0x1.8p52;
constexpr std::int64_t kExponentBias = 1023;
constexpr int kMantissaBits = 52;

QTOT_INLINE double fused(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
QTOT_INLINE float fused(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
QTOT_INLINE double magnitude(double x) {
  return __builtin_fabs(x);
}
QTOT_INLINE double with_sign(double x, double sign) {
  return __builtin_copysign(x, sign);
}

// x for NaN, so that a NaN passes through.
QTOT_INLINE double clamp(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

// 2^(n + bias - 1023), where shifted = kShift + n; the exponent must be that of a normal number.
QTOT_INLINE double power_of_two(double shifted, std::int64_t bias = kExponentBias) {
  const auto bits = __builtin_bit_cast(std::uint64_t, shifted) + static_cast<std::uint64_t>(bias);
  return __builtin_bit_cast(double, bits << kMantissaBits);
}

// ---- float: evaluated in double, rounded once ------------------------------------------------

QTOT_INLINE double q_degree9(double r) {
  double q = 0x1.af38a9b0ec855p-26;
  q = fused(q, r, 0x1.289185613a3d6p-22);
  q = fused(q, r, 0x1.71de0dae63bb3p-19);
  q = fused(q, r, 0x1.a019b90d2ae7ap-16);
  q = fused(q, r, 0x1.a01a01a7c41d5p-13);
  q = fused(q, r, 0x1.6c16c1788bd90p-10);
  q = fused(q, r, 0x1.11111111109b3p-7);
  q = fused(q, r, 0x1.5555555553d63p-5);
  q = fused(q, r, 0x1.5555555555556p-3);
  return fused(q, r, 0x1.0000000000001p-1);
}

struct ShortExp {
  double scale;  // 2^n
  double p;      // e^x = scale (1 + p)
};

// |x| <= 700
QTOT_INLINE ShortExp short_exp(double x) {
  const double shifted = fused(x, kLog2E, kShift);
  const double n = shifted - kShift;
  const double r = fused(-n, kLn2Rest, fused(-n, kLn2, x));
  return {power_of_two(shifted), fused(r * r, q_degree9(r), r)};
}

// Beyond these every float result is inf, 0, 1 or -1.
constexpr double kFloatExpLimit = 120;
constexpr double kFloatTanhLimit = 20;

QTOT_INLINE float exp(float x) {
  const ShortExp e = short_exp(clamp(x, -kFloatExpLimit, kFloatExpLimit));
  return static_cast<float>(fused(e.scale, e.p, e.scale));
}

QTOT_INLINE float expm1(float x) {
  const ShortExp e = short_exp(clamp(x, -kFloatExpLimit, kFloatExpLimit));
  return static_cast<float>(with_sign(fused(e.scale, e.p, e.scale - 1), x));
}

// With m = e^(2 |x|) - 1: tanh |x| = m / (m + 2).
QTOT_INLINE float tanh(float x) {
  const double a = magnitude(x);
  const ShortExp e = short_exp(2 * (a > kFloatTanhLimit ? kFloatTanhLimit : a));
  const double m = fused(e.scale, e.p, e.scale - 1);
  return static_cast<float>(with_sign(m / (m + 2), x));
}

// With e = e^-|x|: 1 / (1 + e) for x >= 0, e / (1 + e) below. Near 0 the value is
// 1/2 + x/4 - x^3/48 + ..., and where 1/2 + x/4 is half way between two floats the cubic term, too
// small for a double, decides. There x/4 - 2^-28 x lies on the same side of the tie, and
// nowhere does the difference, 1/8 of the last bit of x/4, reach another tie.
QTOT_INLINE float sigmoid(float x) {
  constexpr double kNear0 = 0x1p-12;
  constexpr double kSlopeNear0 = 0.25 - 0x1p-28;
  const double wide = x;
  const double a = magnitude(wide);
  const ShortExp s = short_exp(-(a > kFloatExpLimit ? kFloatExpLimit : a));
  const double e = fused(s.scale, s.p, s.scale);
  const double far = (wide < 0 ? e : 1.0) / (1 + e);
  const double near = fused(wide, kSlopeNear0, 0.5);
  return static_cast<float>(a < kNear0 ? near : far);
}

// ---- double: the algorithm is the definition --------------------------------------------------

QTOT_INLINE double q_degree10(double r) {
  double q = 0x1.1f730349868cep-29;
  q = fused(q, r, 0x1.af4de97ca4194p-26);
  q = fused(q, r, 0x1.27e4db646b17ep-22);
  q = fused(q, r, 0x1.71de0231960ebp-19);
  q = fused(q, r, 0x1.a01a01a6d889cp-16);
  q = fused(q, r, 0x1.a01a01abe7fe1p-13);
  q = fused(q, r, 0x1.6c16c16c162d4p-10);
  q = fused(q, r, 0x1.11111111100dcp-7);
  q = fused(q, r, 0x1.5555555555556p-5);
  q = fused(q, r, 0x1.5555555555557p-3);
  return fused(q, r, 0x1.0000000000000p-1);
}

struct LongExp {
  double shifted;  // kShift + n
  double r, t;     // e^x = 2^n (1 + r + t), |t| < 0.08
};

// |x| <= 800
QTOT_INLINE LongExp long_exp(double x) {
  const double shifted = fused(x, kLog2E, kShift);
  const double n = shifted - kShift;
  const double top = fused(-n, kLn2Top, x);  // exact
  const double rest = n * kLn2TopRest;
  const double r = top - rest;
  const double r_low = (top - r) - rest;
  return {shifted, r, fused(r * r, q_degree10(r), fused(r, r_low, r_low))};
}

// 2^n for n in [-1077, 1025] as a product of two: scale, normal, and post. Scale times anything
// near 1 is exact, so that the result is rounded once, by post, and only where it is subnormal.
struct SplitScale {
  double scale;
  double post;
};

constexpr double kFarExponent = 600;  // |x| beyond which the scale is split
constexpr std::int64_t kSplitBits = 128;
constexpr double kSplit = 0x1p128;

QTOT_INLINE SplitScale split_scale(double x, double shifted) {
  const std::int64_t bias = x > kFarExponent    ? kExponentBias - kSplitBits
                            : x < -kFarExponent ? kExponentBias + kSplitBits
                                                : kExponentBias;
  const double post = x > kFarExponent ? kSplit : x < -kFarExponent ? 1 / kSplit : 1.0;
  return {power_of_two(shifted, bias), post};
}

constexpr double kExpLow = -746;  // e^-746 rounds to 0, e^710 to inf
constexpr double kExpHigh = 710;
constexpr double kExpm1Low = -60;  // e^-60 - 1 rounds to -1
constexpr double kTanhLimit = 30;  // tanh 30 rounds to 1

// A number as the double nearest to it, high, and the little that is missing, low.
struct Sum {
  double high;
  double low;
};

// a + b for |a| >= |b| (Dekker, 1971).
QTOT_INLINE Sum fast_sum(double a, double b) {
  const double high = a + b;
  return {high, (a - high) + b};
}

// a + b whatever their sizes (Knuth).
QTOT_INLINE Sum exact_sum(double a, double b) {
  const double high = a + b;
  const double b_taken = high - a;
  return {high, (a - (high - b_taken)) + (b - b_taken)};
}

QTOT_INLINE Sum exp_sum(double x) {
  const double c = clamp(x, kExpLow, kExpHigh);
  const LongExp e = long_exp(c);
  const SplitScale s = split_scale(c, e.shifted);
  const Sum linear = fast_sum(1, e.r);
  const Sum sum = fast_sum(linear.high, linear.low + e.t);
  return {sum.high * s.scale * s.post, sum.low * s.scale * s.post};
}

QTOT_INLINE double exp(double x) {
  return exp_sum(x).high;
}

// scale (1 + r + t) - one
QTOT_INLINE Sum expm1_sum(const LongExp& e, double scale, double one) {
  const Sum base = exact_sum(scale, -one);
  const Sum linear = fast_sum(base.high, scale * e.r);
  return fast_sum(linear.high, fused(scale, e.t, linear.low + base.low));
}

QTOT_INLINE double expm1(double x) {
  const double c = clamp(x, kExpm1Low, kExpHigh);
  const LongExp e = long_exp(c);
  const SplitScale s = split_scale(c, e.shifted);
  const double one = c > kFarExponent ? 1 / kSplit : 1.0;
  return with_sign(expm1_sum(e, s.scale, one).high * s.post, x);
}

// (a.high + a.low) / (b.high + b.low), when 1 / b is known to a few digits once the quotient is.
template <class Inverse>
QTOT_INLINE double quotient(Sum a, Sum b, Inverse inverse) {
  const double q = a.high / b.high;
  const double rest = fused(-q, b.high, a.high) + fused(-q, b.low, a.low);
  return fused(rest, inverse(q), q);
}

// -m / (m + 2) with m = e^(-2 |x|) - 1; 1 / (m + 2) = (1 + q) / 2.
QTOT_INLINE double tanh(double x) {
  const double a = magnitude(x);
  const LongExp e = long_exp(-2 * (a > kTanhLimit ? kTanhLimit : a));
  const Sum m = expm1_sum(e, power_of_two(e.shifted), 1);
  const Sum b = fast_sum(2, m.high);
  const double q =
      quotient({-m.high, -m.low}, {b.high, b.low + m.low}, [](double y) { return 0.5 * (1 + y); });
  return with_sign(q, x);
}

// As in float. 1 / (1 + e) is the quotient itself for x >= 0, and 1 - q below.
QTOT_INLINE double sigmoid(double x) {
  const bool below = x < 0;
  const Sum e = exp_sum(-magnitude(x));
  const Sum b = fast_sum(1, e.high);
  const Sum a = {below ? e.high : 1.0, below ? e.low : 0.0};
  return quotient(a, {b.high, b.low + e.low}, [below](double q) { return below ? 1 - q : q; });
}

// ---- both -----------------------------------------------------------------------------------------

template <class T>
QTOT_INLINE T relu(T x) {
  return x > 0 ? x : T(0);
}

template <class T>
QTOT_INLINE T elu(T x) {
  const T below = expm1(x);
  return x > 0 ? x : below;
}

template <class T>
QTOT_INLINE T tanh_slope(T y) {
  return fused(-y, y, T(1));
}

template <class T>
QTOT_INLINE T sigmoid_slope(T y) {
  return y * (1 - y);
}

}  // namespace
}  // namespace qtot::math::algorithm
