#pragma once

#include <mpfr.h>

#include <array>
#include <string_view>

namespace qtot::test {

/// 2^exponent times the exact sum of the parts: any number of 113 bits.
struct LongNumber {
  std::array<double, 3> parts;
  long exponent = 0;
};

/// exp, expm1, tanh, sigmoid, log1p, log and softplus (beta = 1 unless given) as MPFR computes them with
/// 160 bits. Rounding that once more to float goes the same way as rounding the exact value: of these
/// functions none comes closer to a tie of floats than 2^-80 of its value (sigmoid(2^-23), whose
/// terms 1/2 + x/4 are a tie and whose next one is x^3/48) unless it is a float to all 160 bits.
class MpfrReference {
 public:
  using Function = void (MpfrReference::*)(double beta);

  MpfrReference();
  ~MpfrReference();
  MpfrReference(const MpfrReference&) = delete;
  MpfrReference& operator=(const MpfrReference&) = delete;

  /// Null for an unknown name.
  static Function function(std::string_view name);

  float nearest_float(Function f, double x, double beta = 1);
  double nearest_double(Function f, double x, double beta = 1);

  /// |y - f(x)| in units of the last place of the exact value's binade, in float (24 bits) or
  /// double (53); subnormals have the unit of the smallest normal number. y finite.
  double error_in_ulps(Function f, double x, float y, double beta = 1);
  double error_in_ulps(Function f, double x, double y, double beta = 1);

  /// |y / f(x) - 1|, f(x) not 0.
  double relative_error(Function f, const LongNumber& x, const LongNumber& y, double beta = 1);

  /// (f(x + h) - f(x - h)) / 2h with h = 2^-60.
  double slope(Function f, double x, double beta = 1);

 private:
  void evaluate(Function f, double x, double beta);
  double error_in_units(double y, int precision, long smallest_exponent);

  static void set(mpfr_ptr to, const LongNumber& value);

  void exp(double);
  void expm1(double);
  void tanh(double);
  void sigmoid(double);
  void log1p(double);
  void log(double);
  void softplus(double beta);

  mpfr_t x_, y_, other_;
};

}  // namespace qtot::test
