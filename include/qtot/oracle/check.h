#pragma once

#include <optional>
#include <string>

#include "qtot/oracle/case.h"
#include "qtot/oracle/comparison.h"
#include "qtot/oracle/step.h"

namespace qtot::oracle {

struct CheckOptions {
  Dtype dtype = Dtype::kF64;
  PassRule rule = {};
  /// Bounds from what rounding may do to this very case (certificate.h) in place of the pass rule.
  bool certified = false;
};

/// Which of the stored outputs a run in `dtype` is compared with: its own ("f32", "f64"; "f64" for
/// wide), or the other where a case stores only that. Throws Error when it stores none.
Dtype stored_dtype(const Case& input, Dtype dtype);

/// Runs the case and compares with the outputs stored in it, tensor by tensor in dataflow order: agent
/// and target values of filled slots, everything per step where the mask is 1, parameters whole. Entries
/// of -9999999 (an unavailable action) are not compared. Throws Error, naming file and member, for an
/// output whose shape does not fit.
Report check(const Case& input, const CheckOptions& options = {});

/// The same with what run_step() gave, for who compares several runs with one file. `bounds`, a tensor for
/// each of `step`, replace the pass rule where it is given.
Report compare_outputs(const Case& input, const Step& step, Dtype dtype, const PassRule& rule,
                       const std::vector<Tensor>* bounds = nullptr);

}  // namespace qtot::oracle
