#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "qtot/arrays/npz.h"
#include "qtot/math/scalars.h"
#include "qtot/oracle/comparison.h"

/// The checks of unit files (unit_check.h), one source a part. They share a Unit, which hands out
/// inputs, takes results, and in the end knows which members nobody asked for.
namespace qtot::oracle::unit {

/// Shape of an array.
using Shape = std::vector<std::size_t>;

/// A file under check, and the report on it.
class Unit {
 public:
  Unit(const arrays::Npz& file, Dtype dtype, const PassRule& rule);

  const arrays::Npz& file() const { return file_; }
  const std::string& source() const { return file_.source(); }
  /// "f32/" or "f64/": below which the outputs lie that a run in this dtype is compared with.
  const std::string& outputs() const { return outputs_; }
  Dtype dtype() const { return report_.dtype; }

  /// A member that is an input. Throws Error when it is missing, empty, of another shape
  /// or too large.
  const arrays::Array& input(const std::string& name, const Shape& shape);
  /// The same with only the number of axes given.
  const arrays::Array& input_of_rank(const std::string& name, std::size_t rank);
  /// The member `meta`. Throws Error when it is missing or no object.
  nlohmann::json meta();
  /// `meta`'s array `cases` of objects, at least one.
  nlohmann::json meta_cases();
  /// A member that says nothing to compute with.
  void know(const std::string& name) { known_.insert(name); }

  /// Compares `ours` with the output `<folder><dtype>/<name>`; `folder` is "" or "3/". One that is
  /// missing, or has another shape, is a difference.
  void compare(const std::string& folder, const std::string& name, Kind kind, const Shape& shape,
               std::span<const double> ours);
  /// The same, each number for itself (unit_check.h).
  void compare_each(const std::string& folder, const std::string& name, Kind kind,
                    const Shape& shape, std::span<const double> ours);
  /// The same, where only equal numbers agree.
  void compare_exactly(const std::string& name, std::span<const double> ours);
  /// The largest absolute gradient of what is compared next, for the bound of gradients.
  void set_largest_gradient(double largest) { largest_gradient_ = largest; }
  /// Notes that an output of this name should have been there.
  void report_missing(const std::string& name);

  /// The report. Throws Error, naming it, when the file has a member that no check knows.
  Report finish() const;

 private:
  enum class How { kTensor, kEach, kExactly };
  void add(const std::string& folder, const std::string& name, Kind kind, const Shape& shape,
           std::span<const double> ours, How how);
  Bound bound(Kind kind, std::span<const double> theirs, How how) const;

  const arrays::Npz& file_;
  PassRule rule_;
  std::string outputs_;
  Report report_;
  std::set<std::string> known_;
  double largest_gradient_ = 0;
};

/// A float32 input in T, widened exactly.
template <class T>
std::vector<T> values_of(const arrays::Array& array) {
  const std::vector<float> values = array.as_floats();
  std::vector<T> result;
  result.reserve(values.size());
  for (const float x : values) result.push_back(static_cast<T>(x));
  return result;
}

/// Rounded to double, which loses digits of Wide alone.
template <class T>
std::vector<double> widened(std::span<const T> values) {
  std::vector<double> result;
  result.reserve(values.size());
  for (const T& x : values) result.push_back(static_cast<double>(x));
  return result;
}
template <class T>
std::vector<double> widened(const std::vector<T>& values) {
  return widened(std::span<const T>(values));
}

/// The largest absolute value, at least `so_far`.
double largest_of(std::span<const double> values, double so_far = 0);

/// The number that a configuration of `meta` gives to `key`, or `otherwise`. Throws Error, naming file
/// and key, for what is no finite number.
double number_of(const Unit& unit, const nlohmann::json& object, const std::string& key,
                 double otherwise);
/// The same without a value to fall back on.
double number_of(const Unit& unit, const nlohmann::json& object, const std::string& key);
/// Throws Error, naming file and key, when `object` has a key that is not among `known`.
void require_known_keys(const Unit& unit, const nlohmann::json& object,
                        const std::vector<std::string>& known);

/// How members are called that stand for tensor 0, 1, ...: <before>0<behind>, <before>1<behind>, ...
struct Numbered {
  std::string before;
  std::string behind;
};
/// How many tensors there are: one more than the largest number that a member has, and at least 1, so
/// that a gap is found as a missing member.
std::size_t n_tensors(const arrays::Npz& file, const std::vector<Numbered>& members);

// one a part; T is the number type of the run

template <class T>
void check_gru_cell(Unit& unit);
template <class T>
void check_functions(Unit& unit);
template <class T>
void check_lambda_returns(Unit& unit);
template <class T>
void check_optimisers(Unit& unit);
template <class T>
void check_clipping(Unit& unit);
template <class T>
void check_mixer(Unit& unit);
void check_schedules(Unit& unit);  // double

}  // namespace qtot::oracle::unit
