#pragma once

#include <functional>
#include <string>
#include <vector>

#include "qtot/oracle/case.h"
#include "qtot/oracle/comparison.h"
#include "qtot/oracle/variant.h"

namespace qtot::oracle {

/// One way in which a learner may deviate from what a case asks for.
struct Deviation {
  std::string id;        // "clip_per_tensor", "M1_pymarl"
  std::string sentence;  // "gradients are clipped tensor by tensor"
  /// Deviations of one group change the same thing and are never combined.
  std::string group;
  bool is_quirk = false;  // a row of the quirk catalogue, not a mistake
  /// Applies it; false where it changes nothing for this variant.
  std::function<bool(Variant&)> apply;
};

/// Quirks first, then mistakes, common ones first.
const std::vector<Deviation>& deviations();
/// Throws Error for an unknown id.
const Deviation& deviation(const std::string& id);

/// A combination of deviations that was tried.
struct Explanation {
  std::vector<std::string> ids;  // one or two
  std::string sentence;
  double max_ulp = 0;    // of all tensors but gradients, in the type of the outputs
  double max_ratio = 0;  // error / bound: at most 1
  std::vector<std::string> same_numbers;  // what gives the very same numbers on this case
};

struct Diagnosis {
  std::string source;
  Dtype dtype = Dtype::kF64;
  Report as_asked;  // how the outputs compare with the case's own configuration
  /// What reproduces every stored output: fewest deviations, then smallest error. Several that fit
  /// equally well cannot be told apart by this case.
  std::vector<Explanation> explanations;
  /// Where nothing explains everything: the deviation behind which the first difference comes latest in
  /// dataflow order, when it comes later than as asked.
  std::string partial;
  std::size_t n_tried = 0;
};

struct DiagnoseOptions {
  PassRule rule = {};
  bool pairs = true;  // also two deviations at a time, where none alone explains the outputs
  /// Told before each combination how many of how many have been tried; pairs add to the latter.
  std::function<void(std::size_t done, std::size_t all)> progress = nullptr;
};

/// Searches the catalogue for what explains the stored outputs. Throws Error as check() does.
Diagnosis diagnose(const Case& input, const DiagnoseOptions& options = {});

std::string to_text(const Diagnosis& diagnosis);

}  // namespace qtot::oracle
