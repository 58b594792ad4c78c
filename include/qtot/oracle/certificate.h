#pragma once

#include <vector>

#include "qtot/oracle/case.h"
#include "qtot/oracle/comparison.h"

namespace qtot::oracle {

/// How far a correct program in `dtype` (kF32 or kF64) may be off in each number of a case: a tensor of
/// bounds for each tensor of run_step(). With u the unit roundoff,
///
///   bound[i] = 8 (s[i] + rms(s)) + 4 e[i] + 8 u max |x|
///
/// s[i]  the largest change of x[i] over 6 runs whose parameters were moved by u, relatively, up or down
///       at random (counter-based draws): what a program that rounds each product differently sees
/// e[i]  the error of qtot's own run in `dtype`, measured with the wide run
///
/// An estimate from this case's own conditioning, not a proof: bounds are wide where sums cancel or a
/// greedy action is nearly tied, and narrow elsewhere. Source of the idea: discrete stochastic
/// arithmetic (Vignes, 2004). docs/oracle.md has how PyTorch's own runs lie within it.
std::vector<Tensor> certificate(const Case& input, Dtype dtype);

extern const char* const kCertifiedInWords;

}  // namespace qtot::oracle
