#pragma once

#include <cstddef>

/// What bench/*.inl define for each instruction-set level.
namespace qtot::math {

/// Eigen's product of row-major matrices without gaps, on one thread: out = a b with a [m, depth] and
/// b [depth, n], or out = a^T b with a [depth, m].
struct EigenProductKernels {
  void (*product_f32)(bool a_transposed, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t depth,
                      const float* a, const float* b, float* out);
  void (*product_f64)(bool a_transposed, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t depth,
                      const double* a, const double* b, double* out);
};

/// Nothing but independent chains of fma in registers. Each call does `steps` of them in every lane
/// of every chain and returns something that depends on all.
struct FmaLoopKernels {
  float (*loop_f32)(std::ptrdiff_t steps);
  double (*loop_f64)(std::ptrdiff_t steps);
  std::ptrdiff_t fmas_per_step_f32, fmas_per_step_f64;
};

}  // namespace qtot::math
