#pragma once

#include "qtot/math/elementary.h"

/// Vectors of the plane in the two arithmetics of combat: `Vec` in double for `rules: fixed`, `MixedVec` for
/// `rules: compat`, where each number remembers whether numpy would hold it as float32. The collision
/// avoidance is written once, over either.
namespace qtot::envs::combat {

/// A double.
struct Vec {
  using Scalar = double;

  double x = 0;
  double y = 0;
};

inline Vec operator+(Vec a, Vec b) {
  return {a.x + b.x, a.y + b.y};
}
inline Vec operator-(Vec a, Vec b) {
  return {a.x - b.x, a.y - b.y};
}
inline Vec operator-(Vec a) {
  return {-a.x, -a.y};
}
inline Vec operator*(Vec a, double s) {
  return {a.x * s, a.y * s};
}
inline Vec operator/(Vec a, double s) {
  return {a.x / s, a.y / s};
}
inline double inner(Vec a, Vec b) {
  return a.x * b.x + a.y * b.y;
}
inline double value_of(double x) {
  return x;
}
inline double root(double x) {
  return math::sqrt(x);
}
inline double x_of(Vec a) {
  return a.x;
}
inline double y_of(Vec a) {
  return a.y;
}
inline Vec make_vec(double x, double y) {
  return {x, y};
}

/// A number as numpy 1.24 holds it: `is_single` for float32. An operation on two float32 rounds to float32, any
/// other is done in double. Rounding the double result of + - * / or sqrt of floats once more is the float
/// operation itself (Figueroa, 1995).
struct Mixed {
  double value = 0;
  bool is_single = false;

  Mixed() = default;
  Mixed(double x, bool single = false) : value(x), is_single(single) {}  // NOLINT: a Python number
};

inline double rounded(double x, bool single) {
  return single ? static_cast<double>(static_cast<float>(x)) : x;
}
inline Mixed operator+(Mixed a, Mixed b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.value + b.value, single), single};
}
inline Mixed operator-(Mixed a, Mixed b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.value - b.value, single), single};
}
inline Mixed operator*(Mixed a, Mixed b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.value * b.value, single), single};
}
inline Mixed operator/(Mixed a, Mixed b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.value / b.value, single), single};
}
inline Mixed operator-(Mixed a) {
  return {-a.value, a.is_single};
}
inline bool operator<(Mixed a, Mixed b) {
  return a.value < b.value;
}
inline bool operator>(Mixed a, Mixed b) {
  return a.value > b.value;
}
inline bool operator<=(Mixed a, Mixed b) {
  return a.value <= b.value;
}
inline bool operator>=(Mixed a, Mixed b) {
  return a.value >= b.value;
}
inline double value_of(Mixed x) {
  return x.value;
}
inline Mixed root(Mixed x) {
  return {rounded(math::sqrt(x.value), x.is_single), x.is_single};
}

/// An array of two such numbers. A scalar never widens an array: it is rounded to the array's type first.
struct MixedVec {
  using Scalar = Mixed;

  double x = 0;
  double y = 0;
  bool is_single = false;
};

inline MixedVec operator+(MixedVec a, MixedVec b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.x + b.x, single), rounded(a.y + b.y, single), single};
}
inline MixedVec operator-(MixedVec a, MixedVec b) {
  const bool single = a.is_single && b.is_single;
  return {rounded(a.x - b.x, single), rounded(a.y - b.y, single), single};
}
inline MixedVec operator-(MixedVec a) {
  return {-a.x, -a.y, a.is_single};
}
inline MixedVec operator*(MixedVec a, Mixed s) {
  const double scalar = rounded(s.value, a.is_single);
  return {rounded(a.x * scalar, a.is_single), rounded(a.y * scalar, a.is_single), a.is_single};
}
inline MixedVec operator/(MixedVec a, Mixed s) {
  const double scalar = rounded(s.value, a.is_single);
  return {rounded(a.x / scalar, a.is_single), rounded(a.y / scalar, a.is_single), a.is_single};
}
/// np.inner: BLAS' dot product. That of floats multiplies in float and adds in double; that of doubles fuses.
inline Mixed inner(MixedVec a, MixedVec b) {
  if (a.is_single && b.is_single) {
    return {rounded(rounded(a.x * b.x, true) + rounded(a.y * b.y, true), true), true};
  }
  return {math::fma(a.y, b.y, a.x * b.x), false};
}
inline Mixed x_of(MixedVec a) {
  return {a.x, a.is_single};
}
inline Mixed y_of(MixedVec a) {
  return {a.y, a.is_single};
}
inline MixedVec make_vec(Mixed x, Mixed y) {
  const bool single = x.is_single && y.is_single;
  return {rounded(x.value, single), rounded(y.value, single), single};
}

/// a.x b.y - a.y b.x, element by element.
template <class V>
typename V::Scalar det(V a, V b) {
  return x_of(a) * y_of(b) - y_of(a) * x_of(b);
}

template <class V>
V normalised(V a) {
  return a / root(inner(a, a));
}

inline Vec to(Vec, const MixedVec& a) {
  return {a.x, a.y};
}
inline MixedVec to(MixedVec, const MixedVec& a) {
  return a;
}
inline MixedVec to_mixed(Vec a) {
  return {a.x, a.y, false};
}
inline MixedVec to_mixed(MixedVec a) {
  return a;
}

}  // namespace qtot::envs::combat
