#pragma once

#include <cstdint>

#include "math/elementary_inline.h"

/// ln(1 + x) and ln(x) in double. Scalar only, so branches are welcome.
///
///   1 + x = 2^k (1 + f) + c    f in [sqrt(1/2) - 1, sqrt(2) - 1], c the rounding error of 1 + x
///   ln(1 + f) = 2 artanh(s) = f - (f^2 / 2 - s (f^2 / 2 + R)),    s = f / (2 + f)
///   R = 2 s^2 / 3 + 2 s^4 / 5 + ...     to s^24: what is left is below 2^-60
///   ln(1 + x) = k ln2 + ln(1 + f) + c / (1 + x)
namespace qtot::math::algorithm {
namespace {

constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;

inline double artanh_tail(double z) {  // 2/3 + 2 z / 5 + ... + 2 z^11 / 25
  double sum = 2.0 / 25;
  for (int odd = 23; odd >= 3; odd -= 2) sum = fused(sum, z, 2.0 / odd);
  return sum;
}

// k ln2 + ln(1 + f) + c
inline double log_of_parts(double k, double f, double c) {
  const double s = f / (2 + f);
  const double z = s * s;
  const double half_square = 0.5 * f * f;
  const double inner = s * fused(z, artanh_tail(z), half_square);
  const double low = half_square - (inner + fused(k, kLn2TopRest, c));
  return fused(k, kLn2Top, f - low);
}

// u = 2^k (1 + f) for a normal u > 0, 1 + f in [sqrt(1/2), sqrt(2)); f is exact
struct LogParts {
  double k, f;
};
inline LogParts log_parts(double u) {
  constexpr double kSqrt2 = 2 * kSqrtHalf;
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  const auto bits = __builtin_bit_cast(std::uint64_t, u);
  const auto exponent = static_cast<std::int64_t>(bits >> kMantissaBits) - kExponentBias;
  const double mantissa = __builtin_bit_cast(
      double, (bits & kMantissa) | static_cast<std::uint64_t>(kExponentBias) << kMantissaBits);
  const bool halve = mantissa >= kSqrt2;
  return {.k = static_cast<double>(exponent + (halve ? 1 : 0)),
          .f = (halve ? mantissa / 2 : mantissa) - 1};
}

inline double log1p(double x) {
  if (!(x > -1)) return x == -1 ? -__builtin_inf() : __builtin_nan("");
  if (x == __builtin_inf() || magnitude(x) < 0x1p-54) return x;
  if (x >= kSqrtHalf - 1 && x <= 2 * kSqrtHalf - 1) return log_of_parts(0, x, 0);
  const double u = 1 + x;
  const double c = (x > 1 ? 1 - (u - x) : x - (u - 1)) / u;
  const LogParts parts = log_parts(u);
  return log_of_parts(parts.k, parts.f, c);
}

inline double log(double x) {
  if (!(x > 0)) return x == 0 ? -__builtin_inf() : __builtin_nan("");
  if (x == __builtin_inf()) return x;
  constexpr double kUp = 54;  // makes every subnormal normal
  const bool is_tiny = x < 0x1p-1022;
  const LogParts parts = log_parts(is_tiny ? x * 0x1p54 : x);
  return log_of_parts(is_tiny ? parts.k - kUp : parts.k, parts.f, 0);
}

}  // namespace
}  // namespace qtot::math::algorithm
