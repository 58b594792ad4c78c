#include "qtot/math/elementary.h"

#include <limits>

#include "math/elementary_inline.h"
#include "math/log1p_inline.h"

namespace qtot::math {

float fma(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
double fma(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
float sqrt(float x) {
  return __builtin_sqrtf(x);
}
double sqrt(double x) {
  return __builtin_sqrt(x);
}
float abs(float x) {
  return __builtin_fabsf(x);
}
double abs(double x) {
  return __builtin_fabs(x);
}

float exp(float x) {
  return algorithm::exp(x);
}
double exp(double x) {
  return algorithm::exp(x);
}
float expm1(float x) {
  return algorithm::expm1(x);
}
double expm1(double x) {
  return algorithm::expm1(x);
}
float tanh(float x) {
  return algorithm::tanh(x);
}
double tanh(double x) {
  return algorithm::tanh(x);
}
float sigmoid(float x) {
  return algorithm::sigmoid(x);
}
double sigmoid(double x) {
  return algorithm::sigmoid(x);
}

float log1p(float x) {
  return static_cast<float>(algorithm::log1p(x));
}
double log1p(double x) {
  return algorithm::log1p(x);
}
double log(double x) {
  return algorithm::log(x);
}
double pow(double x, double y) {
  if (x == 1 || y == 0) return 1;
  if (y == 1) return x;
  return algorithm::exp(y * algorithm::log(x));
}

namespace {

// Beyond it PyTorch takes x itself.
constexpr double kSoftplusThreshold = 20;

}  // namespace

float softplus(float x, float beta) {
  const double scaled = static_cast<double>(beta) * x;  // exact
  if (scaled > kSoftplusThreshold) return x;
  return static_cast<float>(algorithm::log1p(algorithm::exp(scaled)) / beta);
}

double softplus(double x, double beta) {
  const double scaled = beta * x;
  if (scaled > kSoftplusThreshold) return x;
  const double e = algorithm::exp(scaled);
  if (e == 0) return 0;
  // e^(beta x) with the rounding error of beta x put back, to first order.
  const double rest = __builtin_fma(beta, x, -scaled);
  return algorithm::log1p(__builtin_fma(e, rest, e)) / beta;
}

float relu(float x) {
  return algorithm::relu(x);
}
double relu(double x) {
  return algorithm::relu(x);
}
float elu(float x) {
  return algorithm::elu(x);
}
double elu(double x) {
  return algorithm::elu(x);
}

template <class T>
T tanh_slope(T y) {
  return fma(-y, y, T(1));
}
template <class T>
T sigmoid_slope(T y) {
  return y * (1 - y);
}
template <class T>
T relu_slope(T x) {
  return x > 0 ? T(1) : T(0);
}
template <class T>
T elu_slope(T x, T y) {
  return x > 0 ? T(1) : y + 1;
}
template <class T>
T abs_slope(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : T(0);
}
template <class T>
T softplus_slope(T x, T beta) {
  return static_cast<Sum<T>>(beta) * x > kSoftplusThreshold ? T(1) : sigmoid(beta * x);
}

#define QTOT_INSTANTIATE(T)    \
  template T tanh_slope(T);    \
  template T sigmoid_slope(T); \
  template T relu_slope(T);    \
  template T elu_slope(T, T);  \
  template T abs_slope(T);     \
  template T softplus_slope(T, T);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
