#pragma once

namespace qtot::math {

/// Throws Error unless the calling thread computes in the arithmetic that every promise of qtot stands
/// on: IEEE 754 float and double, rounded to nearest with ties to even, subnormal numbers neither read
/// nor written as zero.
///
/// A shared library that was linked with -ffast-math switches the last off for the whole process
/// before main() runs, and a host program may have chosen another rounding. Threads inherit the state
/// of the thread that starts them, so one call before the first is enough. The check computes and
/// looks at the results, hence is the same on every architecture.
///
/// A compiler that keeps excess precision or was told to use fast-math is refused at compile time
/// (fp_environment.cpp).
void require_ieee_arithmetic();

}  // namespace qtot::math
