#pragma once

#include <cstddef>
#include <span>

#include "qtot/math/scalars.h"

/// Elementary functions with the same bits on every machine: fma, + - * / and integer operations
/// alone, no libm.
namespace qtot::math {

/// In float the correctly rounded value: the float nearest to the exact one, ties to even (checked
/// against MPFR, elementary_test.cpp; all 2^32 inputs by tools/check_elementary). In double a fixed
/// algorithm is the definition; its error is below 1 ULP (worst of 6e6 points: exp 0.59, expm1 0.87,
/// tanh 0.73, sigmoid 0.59, bounds that the test checks, rounded up). All reals are valid; overflow
/// gives inf, exp(-inf) = 0, tanh(-0) = expm1(-0) = -0, NaN gives a NaN whose bits are not defined.
/// Source of the method: Cody & Waite (1980), ch. 6; details in src/math/elementary_inline.h.
float exp(float x);
double exp(double x);
float expm1(float x);
double expm1(double x);
float tanh(float x);
double tanh(double x);
/// 1 / (1 + e^-x)
float sigmoid(float x);
double sigmoid(double x);
/// ln(1 + x), x >= -1 (-1 gives -inf, below NaN); error < 0.501 ULP in float, < 1 ULP in double.
float log1p(float x);
double log1p(double x);
/// ln(x), x >= 0 (0 gives -inf, below NaN); error < 1 ULP.
double log(double x);
/// x^y = exp(y ln x) for x > 0 and finite y, exactly 1 where x is 1 or y is 0, and x where y is 1. The
/// rounding of y ln x makes its relative error up to 2^-52 (1 + 2 |y ln x|): for the middle of the range.
double pow(double x, double y);
/// (1 / beta) ln(1 + e^(beta x)), and x itself where beta x > 20, as PyTorch's softplus. beta > 0.
/// Error of the logarithm < 0.51 ULP in float, < 4 ULP in double (< 2 for beta = 1).
float softplus(float x, float beta = 1);
double softplus(double x, double beta = 1);

/// x for x > 0, +0 otherwise (also for NaN and -0).
float relu(float x);
double relu(double x);
/// x for x > 0, expm1(x) otherwise (Clevert et al., 2016, alpha = 1).
float elu(float x);
double elu(double x);
/// max(x, -x) by clearing the sign; square root as IEEE 754 defines it.
float abs(float x);
double abs(double x);
float sqrt(float x);
double sqrt(double x);
/// a b + c with one rounding.
float fma(float a, float b, float c);
double fma(double a, double b, double c);

#ifdef QTOT_WIDE
/// In Wide, of + - * / and sqrt alone: the same bits on every machine, too. The error of exp, expm1,
/// tanh, sigmoid, log1p and softplus is below 2^-110 of the value, 2^-108 for softplus with a beta that
/// is no power of two (wide_test.cpp). Limits, signs of 0 and the threshold are those above; fma rounds
/// twice: a b, then the sum.
Wide exp(const Wide& x);
Wide expm1(const Wide& x);
Wide tanh(const Wide& x);
Wide sigmoid(const Wide& x);
Wide log1p(const Wide& x);
Wide softplus(const Wide& x, const Wide& beta = 1);
Wide relu(const Wide& x);
Wide elu(const Wide& x);
Wide abs(const Wide& x);
Wide sqrt(const Wide& x);
Wide fma(const Wide& a, const Wide& b, const Wide& c);
#endif

/// Slopes, as PyTorch takes them at the kinks: relu'(0) = 0, elu'(0) = 1, abs'(0) = 0, softplus' = 1
/// where beta x > 20. `y` is the function's value.
// clang-format off
template <class T> T tanh_slope(T y);      // fma(-y, y, 1)
template <class T> T sigmoid_slope(T y);   // y * (1 - y)
template <class T> T relu_slope(T x);
template <class T> T elu_slope(T x, T y);  // 1 for x > 0, y + 1 otherwise
template <class T> T abs_slope(T x);
template <class T> T softplus_slope(T x, T beta);  // sigmoid(beta x)

/// Elementwise over arrays, y[i] = f(x[i]); y may be x. Vectorised, with the bits of the scalars.
template <class T> void exp(std::span<const T> x, std::span<T> y);
template <class T> void expm1(std::span<const T> x, std::span<T> y);
template <class T> void tanh(std::span<const T> x, std::span<T> y);
template <class T> void sigmoid(std::span<const T> x, std::span<T> y);
template <class T> void relu(std::span<const T> x, std::span<T> y);
template <class T> void elu(std::span<const T> x, std::span<T> y);
/// d[i] = d[i] where y[i] > 0, +0 otherwise: back through y = relu(x).
template <class T> void relu_backward(std::span<const T> y, std::span<T> d);
// clang-format on

}  // namespace qtot::math
