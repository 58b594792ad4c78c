#include "qtot/math/fp_environment.h"

#include <cfloat>
#include <limits>
#include <string>

#include "qtot/base/error.h"

#ifdef __FAST_MATH__
#error "qtot promises bits: it cannot be compiled with -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0
#error "qtot needs float and double arithmetic without excess precision (not the x87 unit)"
#endif

namespace qtot::math {
namespace {

[[noreturn]] void refuse(const std::string& found) {
  throw Error("floating-point environment: " + found +
              "; results would differ from those of other machines. The program or a library in it "
              "(often one linked with -ffast-math) has changed it");
}

// volatile: the machine computes, not the compiler.
template <class T>
void require_nearest() {
  using Limits = std::numeric_limits<T>;
  const volatile T one = 1;
  const volatile T below_half = Limits::epsilon() / 4;
  const volatile T half = Limits::epsilon() / 2;
  const volatile T above_half = half + below_half;
  const T up = T{1} + Limits::epsilon();
  const bool nearest = one + below_half == T{1} && one + half == T{1} && one + above_half == up;
  const bool mirrored = -one - below_half == T{-1} && -one - above_half == -up;
  if (!nearest || !mirrored) refuse("sums are not rounded to nearest, ties to even");
}

template <class T>
void require_subnormals() {
  using Limits = std::numeric_limits<T>;
  const volatile T smallest_normal = Limits::min();
  const volatile T smallest = Limits::denorm_min();
  const volatile T half = T{1} / 2;
  const volatile T large = T{1} / Limits::epsilon();
  const volatile T read = smallest * large;
  if (read != Limits::min()) refuse("subnormal inputs are read as zero (DAZ)");
  const volatile T written = smallest_normal * half;  // a comparison reads it: hence the order
  if (!(written > 0)) refuse("subnormal results are flushed to zero (FTZ)");
}

}  // namespace

void require_ieee_arithmetic() {
  require_nearest<float>();
  require_nearest<double>();
  require_subnormals<float>();
  require_subnormals<double>();
}

}  // namespace qtot::math
