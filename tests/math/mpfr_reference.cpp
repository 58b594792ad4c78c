#include "math/mpfr_reference.h"

#include <algorithm>

namespace qtot::test {
namespace {

constexpr mpfr_prec_t kPrecision = 160;
constexpr mpfr_rnd_t kNearest = MPFR_RNDN;

}  // namespace

MpfrReference::MpfrReference() {
  for (mpfr_ptr value : {x_, y_, other_}) mpfr_init2(value, kPrecision);
}
MpfrReference::~MpfrReference() {
  for (mpfr_ptr value : {x_, y_, other_}) mpfr_clear(value);
}

MpfrReference::Function MpfrReference::function(std::string_view name) {
  if (name == "exp") return &MpfrReference::exp;
  if (name == "expm1") return &MpfrReference::expm1;
  if (name == "tanh") return &MpfrReference::tanh;
  if (name == "sigmoid") return &MpfrReference::sigmoid;
  if (name == "log1p") return &MpfrReference::log1p;
  if (name == "log") return &MpfrReference::log;
  if (name == "softplus") return &MpfrReference::softplus;
  return nullptr;
}

void MpfrReference::exp(double) {
  mpfr_exp(y_, x_, kNearest);
}
void MpfrReference::expm1(double) {
  mpfr_expm1(y_, x_, kNearest);
}
void MpfrReference::tanh(double) {
  mpfr_tanh(y_, x_, kNearest);
}
void MpfrReference::sigmoid(double) {
  mpfr_neg(y_, x_, kNearest);
  mpfr_exp(y_, y_, kNearest);
  mpfr_add_ui(y_, y_, 1, kNearest);
  mpfr_ui_div(y_, 1, y_, kNearest);
}
void MpfrReference::log1p(double) {
  mpfr_log1p(y_, x_, kNearest);
}
void MpfrReference::log(double) {
  mpfr_log(y_, x_, kNearest);
}
void MpfrReference::softplus(double beta) {
  mpfr_mul_d(y_, x_, beta, kNearest);
  mpfr_exp(y_, y_, kNearest);
  mpfr_log1p(y_, y_, kNearest);
  mpfr_div_d(y_, y_, beta, kNearest);
}

void MpfrReference::evaluate(Function f, double x, double beta) {
  mpfr_set_d(x_, x, kNearest);
  (this->*f)(beta);
}

float MpfrReference::nearest_float(Function f, double x, double beta) {
  evaluate(f, x, beta);
  return mpfr_get_flt(y_, kNearest);
}

double MpfrReference::nearest_double(Function f, double x, double beta) {
  evaluate(f, x, beta);
  return mpfr_get_d(y_, kNearest);
}

double MpfrReference::error_in_units(double y, int precision, long smallest_exponent) {
  const long exponent =
      mpfr_zero_p(y_) ? smallest_exponent : std::max<long>(mpfr_get_exp(y_), smallest_exponent);
  mpfr_sub_d(y_, y_, y, kNearest);
  mpfr_mul_2si(y_, y_, precision - exponent, kNearest);
  mpfr_abs(y_, y_, kNearest);
  return mpfr_get_d(y_, kNearest);
}

// MPFR's exponent e means [2^(e - 1), 2^e).
double MpfrReference::error_in_ulps(Function f, double x, float y, double beta) {
  evaluate(f, x, beta);
  return error_in_units(y, 24, -125);
}
double MpfrReference::error_in_ulps(Function f, double x, double y, double beta) {
  evaluate(f, x, beta);
  return error_in_units(y, 53, -1021);
}

void MpfrReference::set(mpfr_ptr to, const LongNumber& value) {
  mpfr_set_zero(to, 0);
  for (const double part : value.parts) mpfr_add_d(to, to, part, kNearest);
  mpfr_mul_2si(to, to, value.exponent, kNearest);
}

double MpfrReference::relative_error(Function f, const LongNumber& x, const LongNumber& y,
                                     double beta) {
  set(x_, x);
  (this->*f)(beta);
  set(other_, y);
  mpfr_sub(other_, other_, y_, kNearest);
  mpfr_div(other_, other_, y_, kNearest);
  mpfr_abs(other_, other_, kNearest);
  return mpfr_get_d(other_, kNearest);
}

double MpfrReference::slope(Function f, double x, double beta) {
  constexpr double kStep = 0x1p-60;
  mpfr_set_d(x_, x, kNearest);
  mpfr_add_d(x_, x_, kStep, kNearest);
  (this->*f)(beta);
  mpfr_set(other_, y_, kNearest);
  mpfr_sub_d(x_, x_, 2 * kStep, kNearest);
  (this->*f)(beta);
  mpfr_sub(y_, other_, y_, kNearest);
  mpfr_div_d(y_, y_, 2 * kStep, kNearest);
  return mpfr_get_d(y_, kNearest);
}

}  // namespace qtot::test
