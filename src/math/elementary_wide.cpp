// The elementary functions in 113 bits (qtot/math/scalars.h), of + - * / and exact scaling alone. Not
// built where Boost's headers are absent.
#ifdef QTOT_WIDE

#include <array>
#include <cstdint>
#include <limits>

#include "math/log1p_inline.h"
#include "qtot/math/elementary.h"

namespace qtot::math {
namespace {

constexpr double kOneOverLn2 = 0x1.71547652b82fep+0;
constexpr double kOverflow = 11400;  // beyond it e^x is infinite, and 0 beyond its negative
constexpr int kTerms = 27;           // the first one left out, r^29 / 29!, is below 2^-140 r

// ln2 = high + low. high has 88 bits, so that its product with the 15 bits of an exponent is exact;
// low ends at 2^-192.
struct LogOfTwo {
  Wide high = ldexp(Wide(std::uint64_t{0xb17217f7d1cf79ab}), -64) + ldexp(Wide(0xc9e3b3), -88);
  Wide low = ldexp(Wide(std::uint64_t{0x9803f2f6af}), -128) +
             ldexp(Wide(std::uint64_t{0x40f343267298b62d}), -192);
};

const LogOfTwo& ln2() {
  static const LogOfTwo parts;
  return parts;
}

// [k] = 1 / (k + 2)!
const std::array<Wide, kTerms>& inverse_factorials() {
  static const std::array<Wide, kTerms> table = [] {
    std::array<Wide, kTerms> inverse;
    Wide factorial = 1;
    for (int k = 0; k < kTerms; ++k) {
      factorial = factorial * (k + 2);  // exact: 28! < 2^98
      inverse[static_cast<std::size_t>(k)] = 1 / factorial;
    }
    return inverse;
  }();
  return table;
}

bool is_nan(const Wide& x) {
  return !(x == x);
}

// x = n ln2 + r, and e^r - 1 = r + r^2 / 2! + r^3 / 3! + ...
struct Expm1Parts {
  int n = 0;
  Wide rest;  // e^r - 1, |r| <= ln2 / 2 and a little
};

Expm1Parts expm1_parts(const Wide& x) {  // |x| <= kOverflow
  Expm1Parts parts;
  const double turns = static_cast<double>(x) * kOneOverLn2;
  parts.n = static_cast<int>(turns < 0 ? turns - 0.5 : turns + 0.5);  // cut towards 0: the nearest
  Wide r = x;
  if (parts.n != 0) r = (x - parts.n * ln2().high) - parts.n * ln2().low;
  const std::array<Wide, kTerms>& inverse = inverse_factorials();
  Wide sum = 0;
  for (int k = kTerms - 1; k >= 0; --k) sum = sum * r + inverse[static_cast<std::size_t>(k)];
  parts.rest = r + r * r * sum;
  return parts;
}

// ln(1 + x) for -1/2 <= x <= 1: a step of Halley's method, which triples the digits, from double.
Wide log1p_near_zero(const Wide& x) {
  const Wide guess = algorithm::log1p(static_cast<double>(x));
  const Wide found = expm1(guess);
  return guess + 2 * (x - found) / (x + found + 2);
}

}  // namespace

Wide exp(const Wide& x) {
  if (is_nan(x)) return x;
  if (x > kOverflow) return std::numeric_limits<Wide>::infinity();
  if (x < -kOverflow) return 0;
  const Expm1Parts parts = expm1_parts(x);
  return ldexp(1 + parts.rest, parts.n);
}

Wide expm1(const Wide& x) {
  if (is_nan(x) || x == 0) return x;
  if (x > kOverflow) return x * std::numeric_limits<Wide>::infinity();
  if (x < -kOverflow) return -1;
  const Expm1Parts parts = expm1_parts(x);
  if (parts.n == 0) return parts.rest;
  return ldexp(parts.rest, parts.n) + (ldexp(Wide(1), parts.n) - 1);
}

Wide tanh(const Wide& x) {
  if (is_nan(x) || x == 0) return x;
  const Wide m = expm1(-2 * abs(x));  // in [-1, 0)
  const Wide y = -m / (m + 2);
  return x < 0 ? Wide(-y) : y;
}

Wide sigmoid(const Wide& x) {
  return 1 / (1 + exp(-x));
}

Wide log1p(const Wide& x) {
  if (is_nan(x) || x == 0 || x == std::numeric_limits<Wide>::infinity()) return x;
  if (x == -1) return -std::numeric_limits<Wide>::infinity();
  if (x < -1) return std::numeric_limits<Wide>::quiet_NaN();
  if (x >= -0.5 && x <= 1) return log1p_near_zero(x);
  const Wide u = 1 + x;
  const int k = ilogb(u);  // u = 2^k m, 1 <= m < 2
  const Wide log_of_m = log1p_near_zero(ldexp(u, -k) - 1);
  return k * ln2().high + (k * ln2().low + log_of_m);
}

Wide softplus(const Wide& x, const Wide& beta) {
  constexpr int kThreshold = 20;  // beyond it PyTorch takes x itself
  const Wide scaled = beta * x;
  if (scaled > kThreshold) return x;
  return log1p(exp(scaled)) / beta;
}

Wide relu(const Wide& x) {
  return x > 0 ? x : Wide(0);
}
Wide elu(const Wide& x) {
  return x > 0 ? x : expm1(x);
}
Wide abs(const Wide& x) {
  return boost::multiprecision::abs(x);
}
Wide sqrt(const Wide& x) {
  return boost::multiprecision::sqrt(x);
}
Wide fma(const Wide& a, const Wide& b, const Wide& c) {
  return a * b + c;
}

}  // namespace qtot::math

#endif  // QTOT_WIDE
