#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace qtot::oracle {

/// In which arithmetic a case is computed.
enum class Dtype { kF32, kF64, kWide };
/// "f32", "f64", "wide"
std::string name_of(Dtype dtype);

/// What a tensor is, which decides how far off it may be.
enum class Kind { kValue, kScalar, kGradient, kParam };

/// One tensor of a computation, padded as the peers pad it.
struct Tensor {
  std::string name;  // as in case files: "agent_q", "grad/mixer.V.0.weight"
  Kind kind = Kind::kValue;
  std::vector<std::size_t> shape;
  std::vector<double> values;
  std::vector<double> rest;  // of a wide value, what rounding to double left over; else empty
};

/// How far off an element may be: one bound for all, or one for each.
struct Bound {
  double of_all = 0;
  std::vector<double> of_each;

  double at(std::size_t i) const { return of_each.empty() ? of_all : of_each[i]; }
};

/// The pass rule: absolute bounds from the sizes of the tensors.
///
/// |          | double                                     | float                           |
/// |----------|--------------------------------------------|---------------------------------|
/// | value    | 1e-12 max(1, max |x| of the tensor)        | 2e-6 max(1, max |x|)            |
/// | scalar   | 1e-12 max(1, |x|)                          | 1e-6 |x|                        |
/// | gradient | 1e-12 max |x|, >= 1e-12 of the largest one | 1e-4 max |x|, >= 1e-12 likewise |
/// | param    | 1e-12 max(1, max |x|)                      | 2e-5                            |
///
/// Rounding explains it: a double learner leaves 1e-14 after five updates, so 1e-12 admits rounding and
/// no difference of algorithm. In float, PyTorch lies up to 3e-7 (values), 5e-7 (scalars), 1.2e-5
/// (gradients, sums that cancel) and 3e-6 (parameters: Adam turns a gradient near zero into a step of
/// size lr) from its own double run.
struct PassRule {
  double f64 = 1e-12;
  double value = 2e-6;
  double scalar = 1e-6;
  double gradient = 1e-4;
  double param = 2e-5;

  /// @param[in] theirs            the tensor, or the part of it that is compared
  /// @param[in] largest_gradient  of the network, absolute; for gradients
  Bound bound(Dtype dtype, Kind kind, std::span<const double> theirs,
              double largest_gradient = 0) const;
  /// "pass rule of f32: values 2e-06, ..."
  std::string in_words(Dtype dtype) const;
};

/// What a comparison of one tensor found. Errors are |ours - theirs|; NaN counts as infinitely wrong
/// unless both are NaN.
struct TensorReport {
  std::string name;
  Kind kind = Kind::kValue;
  std::vector<std::size_t> shape;  // theirs
  std::size_t n_compared = 0;
  double max_absolute = 0;
  double max_relative = 0;  // error / |theirs|, where theirs is not 0
  double max_ulp = 0;    // error / unit in the last place of theirs, in the type of the comparison
  double max_ratio = 0;  // error / bound: agreement is at most 1
  std::string note;      // a difference that is none of size: "shape [3, 4], expected [4, 3]"

  // the element with the largest ratio
  std::vector<std::size_t> place;  // index in `shape`; empty where nothing was compared
  double ours = 0;
  double theirs = 0;
  double bound = 0;

  bool agrees() const { return note.empty() && max_ratio <= 1; }
};

/// Compares theirs[i] with ours[i] for the flat indices of `which` (all of them where it is empty).
/// `theirs` and `ours` have the size of `shape`; otherwise the report says so.
///
/// @param[in] bound  of_each, where given, has the size of `shape`
TensorReport compare(const std::string& name, Kind kind, Dtype dtype,
                     const std::vector<std::size_t>& shape, std::span<const double> ours,
                     std::span<const double> theirs, const Bound& bound,
                     std::span<const std::size_t> which = {});

/// Whether the gradient of the parameter of this name is 0 but for rounding, so that neither it nor what
/// an optimiser made of it can be compared: qatten's biases of keys, which shift all logits of a softmax.
bool is_rounding_noise(const std::string& parameter);

/// A report on one file.
struct Report {
  std::string source;
  Dtype dtype = Dtype::kF64;
  std::string tolerance;              // in words
  std::vector<TensorReport> tensors;  // in dataflow order
  std::vector<std::string> ignored;   // stored outputs that qtot has no counterpart of
  std::string reason;                 // why the first tensor that differs does; "" otherwise

  bool agrees() const;
  /// The first in dataflow order that differs; null when all agree.
  const TensorReport* first_difference() const;
};

/// "episode 3, step 5, agent 0, action 2" for the tensors of a learner step; "row 2, column 7" for
/// parameters and their gradients; "element 4" otherwise; "" for a scalar.
std::string place_text(const TensorReport& tensor);

}  // namespace qtot::oracle
