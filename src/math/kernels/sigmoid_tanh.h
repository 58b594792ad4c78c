// sigmoid and tanh of a register of floats, in floats: half as long as in double (elementary_inline.h)
// and bit for bit the same, since whatever is not certain is left to that.
//
// A value is computed as the sum of two floats, high + low, with an error far below the last bit of a
// float. If high + (low + bound) and high + (low - bound) round to one float, then that is the
// correctly rounded value (Ziv, 1991); one element in a thousand or so remains open. The bounds hold for
// every float: tools/check_elementary tries them all.
//
// Reduction (Tang, 1989): x = m ln2 / 16 + r and T = 2^(m / 16) rounded to float. A table gives T for
// m mod 16, and by how much its rounding shifts the logarithm, which r takes up. Then
// e^x = T (1 + r + r^2 / 2 + ...), with only the first terms needing more than a float.
#pragma once

#include "math/kernels/vec.h"

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

// kPower: 2^(k / 16), whose bits miss those of k where the bits of m will be added. kShift: (k / 16) ln2
// less the logarithm of that float.
namespace table {

constexpr int kExponentShift = 19;
constexpr float kInverseStep = 0x1.715476p+4F;  // 16 / ln2
constexpr float kStep = 0x1.62e430p-5F;
constexpr float kStepRest = -0x1.05c610p-33F;
constexpr float kCubic[] = {0x1.111112p-6F, 0x1.555556p-4F, 0x1.555556p-2F};
constexpr float kSigmoidBound = 0x1p-35F;
constexpr float kTanhBound = 0x1p-37F;
constexpr float kTanhRelativeBound = 0x1p-33F;
alignas(64) constexpr float kPower[] = {
    0x1.0p+0F,      0x1.fb5586p-1F, 0x1.f72b84p-1F, 0x1.f387a6p-1F, 0x1.f06fep-1F,  0x1.edea64p-1F,
    0x1.ebfdaep-1F, 0x1.eab07ep-1F, 0x1.ea09e6p-1F, 0x1.ea1148p-1F, 0x1.eace54p-1F, 0x1.ec4918p-1F,
    0x1.ee89fap-1F, 0x1.f199bep-1F, 0x1.f5818ep-1F, 0x1.fa4afap-1F};
alignas(64) constexpr float kShift[] = {
    0x0.0p+0F,        0x1.8d96d4p-25F,  -0x1.9c0c22p-27F, 0x1.964902p-25F,
    0x1.125002p-25F,  0x1.370be4p-25F,  -0x1.0a3552p-25F, -0x1.00d8acp-27F,
    0x1.26055cp-26F,  -0x1.05cb44p-25F, 0x1.67a1cap-28F,  0x1.a3b5e4p-28F,
    -0x1.f9c306p-27F, -0x1.6961b4p-28F, -0x1.a5217cp-28F, 0x1.61428ep-28F};
}  // namespace table

template <class V>
struct HighLow {
  V high, low;
};

// (e^r - 1 - r - r^2 / 2) / (r^3 / 2)
template <class V, int kTerms>
QTOT_VEC_INLINE V cubic_and_beyond(V r, const float (&coefficients)[kTerms]) {
  V q = V::broadcast(coefficients[0]);
  for (int i = 1; i < kTerms; ++i) q = fma(q, r, V::broadcast(coefficients[i]));
  return q;
}

// e^x for -40 <= x <= 16. With `kSquareRest` the rounding of r^2 / 2 is made good, too.
template <bool kSquareRest, class V>
QTOT_VEC_INLINE HighLow<V> exp_high_low(V x) {
  const V to_integer = V::broadcast(0x1.8p23F);  // leaves the nearest integer in the low bits
  const V shifted = fma(x, V::broadcast(table::kInverseStep), to_integer);
  const V m = shifted - to_integer;
  const V r = fma(m, V::broadcast(-table::kStep), x);  // exact
  const V r_rest = fma(m, V::broadcast(-table::kStepRest), V::lookup(table::kShift, shifted));
  const V power = V::add_bits(V::lookup(table::kPower, shifted),
                              V::template shift_bits<table::kExponentShift>(shifted));
  const V half = V::broadcast(0.5F) * r;
  const V square = half * r;
  V rest = fma(r * square, cubic_and_beyond(r, table::kCubic), fma(r, r_rest, r_rest));
  if constexpr (kSquareRest) rest = rest + fms(half, r, square);
  const V sum = r + square;
  rest = rest + ((r - sum) + square);
  const V high = fma(power, sum, power);
  return {high, fma(power, rest, fma(power, sum, power - high))};
}

// 1 + e, exactly but for the low part; e < 2^24.
template <class V>
QTOT_VEC_INLINE HighLow<V> one_plus(HighLow<V> e) {
  const V one = V::broadcast(1);
  const V high = one + e.high;
  return {high, (e.high - (high - one)) + e.low};
}

// high + low for a low in [least, most]; `certain` loses the lanes in which that is not one float.
template <class V>
QTOT_VEC_INLINE V round_sum(V high, V least, V most, typename V::Lanes& certain) {
  const V sum = high + most;
  certain = V::both_equal(certain, sum, high + least);
  return sum;
}

// 1 / (1 + e^-x), certain at |x| < 16 at most.
template <class V>
QTOT_VEC_INLINE V sigmoid(V x, typename V::Lanes& certain) {
  certain = V::both_less(certain, abs(x), V::broadcast(16));
  const V one = V::broadcast(1);
  const HighLow<V> d = one_plus(exp_high_low<false>(negated(x)));
  const V q = one / d.high;
  const V rest = fnma(q, d.low, fnma(q, d.high, one));
  const V low = rest * q;
  const V bound = V::broadcast(table::kSigmoidBound);
  return round_sum(q, fnma(q, bound, low), fma(q, bound, low), certain);
}

// (1 - e) / (1 + e) with e = e^(-2 |x|); 1 / (1 + e) = (1 + quotient) / 2.
template <class V>
QTOT_VEC_INLINE V tanh(V x, typename V::Lanes& certain) {
  const V one = V::broadcast(1);
  const V below = negated(abs(x));
  const HighLow<V> e = exp_high_low<true>(larger(V::broadcast(-20), below + below));
  const V n = one - e.high;
  const V n_low = ((one - n) - e.high) - e.low;
  const HighLow<V> d = one_plus(e);
  const V q = n / d.high;
  const V rest = fnma(q, d.high, n) + fnma(q, d.low, n_low);
  const V low = rest * fma(q, V::broadcast(0.5F), V::broadcast(0.5F));
  const V near_0 = fma(q, V::broadcast(table::kTanhRelativeBound), V::broadcast(0x1p-48F));
  const V bound = smaller(near_0, V::broadcast(table::kTanhBound));
  return with_sign(round_sum(q, low - bound, low + bound, certain), x);
}

}  // namespace
}  // namespace qtot::math::QTOT_ISA_NAMESPACE
