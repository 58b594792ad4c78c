#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "qtot/oracle/case.h"
#include "qtot/oracle/comparison.h"
#include "qtot/oracle/variant.h"

namespace qtot::oracle {

/// Everything that one learner step of a case is made of, and the parameters after one and after five
/// steps on the same batch.
struct Step {
  /// In dataflow order; "agent_q" ... "loss", "grad/<name>", "grad_norm", "param1/<name>", "losses",
  /// "grad_norms", "param5/<name>" with the shapes of docs/oracle.md.
  std::vector<Tensor> tensors;
  std::vector<std::size_t> n_valid;  // [B] rows that the loss counts

  /// Null when there is no such tensor.
  const Tensor* find(std::string_view name) const;
};

struct StepOptions {
  int n_updates = 5;  // 1: nothing beyond param1
  /// [P] in place of the case's own; null for those.
  const std::vector<double>* params = nullptr;
  const std::vector<double>* target_params = nullptr;
  /// Another computation than the case asks for; null for its own.
  const Variant* variant = nullptr;
};

/// Runs the very learner that trains, in `dtype`, on one thread. Throws Error (kFailed) when the case's
/// configuration refuses gradients that are not finite.
Step run_step(const Case& input, Dtype dtype, const StepOptions& options = {});

}  // namespace qtot::oracle
