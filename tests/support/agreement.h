#pragma once

#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "support/npz.h"

namespace qtot::test {

/// What a number is, which decides how near to PyTorch's it must come. With m the largest absolute
/// value of the compared tensor:
///
///   kind       double                                   float
///   kValue     1e-12 max(1, m)                          2e-6 max(1, m)
///   kScalar    1e-12 max(1, m)                          1e-6 |x|   loss and norm of one update
///   kGradient  1e-12 m, at least 1e-12 of the largest   1e-4 m
///   kParam     1e-12 max(1, m)                          2e-5
///
/// Why these: both sides round, in different orders. Within double that leaves 1e-14 after five
/// updates, so 1e-12 admits rounding and no difference of algorithm. In float, PyTorch itself lies
/// up to 3e-7 (values), 5e-7 (scalars), 1.2e-5 (gradients, sums that cancel) and 3e-6 (parameters:
/// Adam turns a gradient near zero into a step of size lr) from its own double run on these files.
/// The lists of losses and norms over five updates are values: from the second on they follow from
/// parameters that may differ (PyTorch's float run: up to 1.3e-6 relative from its double run).
enum class Kind { kValue, kScalar, kGradient, kParam };

/// Compares tensors and remembers what differed.
class Agreement {
 public:
  /// @param[in] is_double   which column of the table holds
  explicit Agreement(bool is_double) : is_double_(is_double) {}

  /// The largest absolute gradient of the network, for kGradient in double.
  void set_largest_gradient(double largest) { largest_gradient_ = largest; }

  /// Element by element. NaN differs from everything; so does another size.
  void compare(const std::string& name, Kind kind, std::span<const double> ours,
               std::span<const double> theirs);
  void compare(const std::string& name, Kind kind, double ours, double theirs);
  /// Notes a difference that is none of size, e.g. a tensor that is missing.
  void differ(const std::string& sentence) { differences_.push_back(sentence); }

  /// One sentence a tensor, in the order of comparison: empty is agreement.
  const std::vector<std::string>& differences() const { return differences_; }
  std::size_t n_tensors() const { return n_tensors_; }
  /// "<tensor>: error / tolerance" of the nearest miss.
  std::string worst() const;

 private:
  bool is_double_;
  double largest_gradient_ = 0;
  std::vector<std::string> differences_;
  std::size_t n_tensors_ = 0;
  double worst_ratio_ = 0;
  std::string worst_name_ = "-";
};

template <class T>
Agreement agreement_of() {
  return Agreement(std::is_same_v<T, double>);
}

/// "f32/" or "f64/": where the outputs of the run in T lie.
template <class T>
std::string outputs_of() {
  return std::is_same_v<T, double> ? "f64/" : "f32/";
}

/// A float32 input as T (widened exactly).
template <class T>
std::vector<T> input_as(const Array& array) {
  const std::vector<float> values = array.as_floats();
  return {values.begin(), values.end()};
}

template <class T>
std::vector<double> widen(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace qtot::test
