#pragma once

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
/// IEEE 754's square root, as math::sqrt, but an instruction and no call.
inline double root(double x) {
  return __builtin_sqrt(x);
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

/// A number as numpy 1.24 holds it: `is_single` for float32. An operation on two float32 is done in float, any other
/// in double. (Not by rounding a double result: GCC 12 vectorises a pair of such roundings away.)
struct Mixed {
  double value = 0;
  bool is_single = false;

  Mixed() = default;
  Mixed(double x, bool single = false) : value(x), is_single(single) {}  // NOLINT: a Python number
};

inline float to_float(double x) {
  return static_cast<float>(x);
}
inline Mixed single(float x) {
  return {static_cast<double>(x), true};
}
inline Mixed operator+(Mixed a, Mixed b) {
  if (a.is_single && b.is_single) return single(to_float(a.value) + to_float(b.value));
  return {a.value + b.value, false};
}
inline Mixed operator-(Mixed a, Mixed b) {
  if (a.is_single && b.is_single) return single(to_float(a.value) - to_float(b.value));
  return {a.value - b.value, false};
}
inline Mixed operator*(Mixed a, Mixed b) {
  if (a.is_single && b.is_single) return single(to_float(a.value) * to_float(b.value));
  return {a.value * b.value, false};
}
inline Mixed operator/(Mixed a, Mixed b) {
  if (a.is_single && b.is_single) return single(to_float(a.value) / to_float(b.value));
  return {a.value / b.value, false};
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
  if (x.is_single) return single(__builtin_sqrtf(to_float(x.value)));
  return {__builtin_sqrt(x.value), false};
}

/// An array of two such numbers. A scalar never widens an array: it is rounded to the array's type first.
struct MixedVec {
  using Scalar = Mixed;

  double x = 0;
  double y = 0;
  bool is_single = false;
};

inline MixedVec singles(float x, float y) {
  return {static_cast<double>(x), static_cast<double>(y), true};
}
inline MixedVec operator+(MixedVec a, MixedVec b) {
  if (a.is_single && b.is_single) {
    return singles(to_float(a.x) + to_float(b.x), to_float(a.y) + to_float(b.y));
  }
  return {a.x + b.x, a.y + b.y, false};
}
inline MixedVec operator-(MixedVec a, MixedVec b) {
  if (a.is_single && b.is_single) {
    return singles(to_float(a.x) - to_float(b.x), to_float(a.y) - to_float(b.y));
  }
  return {a.x - b.x, a.y - b.y, false};
}
inline MixedVec operator-(MixedVec a) {
  return {-a.x, -a.y, a.is_single};
}
inline MixedVec operator*(MixedVec a, Mixed s) {
  if (!a.is_single) return {a.x * s.value, a.y * s.value, false};
  const float scalar = to_float(s.value);
  return singles(to_float(a.x) * scalar, to_float(a.y) * scalar);
}
inline MixedVec operator/(MixedVec a, Mixed s) {
  if (!a.is_single) return {a.x / s.value, a.y / s.value, false};
  const float scalar = to_float(s.value);
  return singles(to_float(a.x) / scalar, to_float(a.y) / scalar);
}
/// np.inner without fma, which the recordings were made with.
inline Mixed inner(MixedVec a, MixedVec b) {
  if (a.is_single && b.is_single) {
    return single(to_float(a.x) * to_float(b.x) + to_float(a.y) * to_float(b.y));
  }
  return {a.x * b.x + a.y * b.y, false};
}
inline Mixed x_of(MixedVec a) {
  return {a.x, a.is_single};
}
inline Mixed y_of(MixedVec a) {
  return {a.y, a.is_single};
}
/// np.array([x, y]): float64 unless both are float32.
inline MixedVec make_vec(Mixed x, Mixed y) {
  return {x.value, y.value, x.is_single && y.is_single};
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
