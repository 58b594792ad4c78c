// Clipping by the global norm.

#include <algorithm>
#include <cmath>

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"
#include "qtot/nn/optimiser.h"

namespace qtot::oracle::unit {
namespace {

constexpr double kSameNorm = 1e-3;  // relative: two norms that are no nearer are of two gradients

template <class T>
math::Sum<T> norm_of(const std::vector<T>& gradient) {
  return math::sqrt(math::sum_of_squares<T>(gradient));
}

// PyTorch's float run worked in place on the arrays that were saved as inputs afterwards: `in/g` is its
// clipped gradient. What it was before follows from the norm that the run stored; where that is in/g's
// own nothing was clipped.
template <class T>
std::vector<T> unclipped(Unit& unit, const std::string& folder, double max_norm,
                         const std::vector<T>& stored) {
  const std::string member = folder + "f32/norm";
  if (unit.dtype() != Dtype::kF32 || !unit.file().contains(member)) return stored;
  const std::vector<double> norms = unit.file().at(member).as_doubles();
  if (norms.size() != 1) return stored;  // compare() notes the shape
  const double own = static_cast<double>(norm_of(stored));
  if (std::abs(norms[0] - own) <= kSameNorm * own) return stored;
  const double coefficient = nn::clip_coefficient(norms[0], max_norm);
  std::vector<T> gradient;
  gradient.reserve(stored.size());
  for (const T& g : stored) {
    gradient.push_back(static_cast<T>(static_cast<double>(g) / coefficient));
  }
  return gradient;
}

template <class T>
void check_one(Unit& unit, const std::string& folder, const nlohmann::json& meta) {
  require_known_keys(unit, meta, {"max_norm"});
  const double max_norm = number_of(unit, meta, "max_norm");
  if (!(max_norm > 0)) {
    throw Error(unit.source() + ": meta: max_norm: expected more than 0, found " +
                meta["max_norm"].dump());
  }
  std::vector<Shape> shapes;
  std::vector<T> stored;
  const std::size_t n = n_tensors(
      unit.file(),
      {{folder + "in/g", ""}, {folder + "f32/clipped", ""}, {folder + "f64/clipped", ""}});
  for (std::size_t k = 0; k < n; ++k) {
    const std::string name = folder + "in/g" + std::to_string(k);
    shapes.push_back(unit.file().at(name).shape());
    const std::vector<T> part = values_of<T>(unit.input(name, shapes.back()));
    stored.insert(stored.end(), part.begin(), part.end());
  }

  const std::vector<T> gradient = unclipped(unit, folder, max_norm, stored);
  const math::Sum<T> norm = norm_of(gradient);
  const T coefficient = static_cast<T>(nn::clip_coefficient(norm, max_norm));
  std::vector<double> clipped;
  clipped.reserve(gradient.size());
  for (const T& g : gradient) clipped.push_back(static_cast<double>(T(g * coefficient)));

  const double norm_as_double = static_cast<double>(norm);
  unit.set_largest_gradient(largest_of(clipped));
  unit.compare(folder, "norm", Kind::kScalar, {}, {&norm_as_double, 1});
  std::size_t offset = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t size = 1;
    for (const std::size_t axis : shapes[k]) size *= axis;
    unit.compare_each(folder, "clipped" + std::to_string(k), Kind::kGradient, shapes[k],
                      std::span(clipped).subspan(offset, size));
    offset += size;
  }
}

}  // namespace

template <class T>
void check_clipping(Unit& unit) {
  const nlohmann::json cases = unit.meta_cases();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    check_one<T>(unit, std::to_string(i) + "/", cases[i]);
  }
}

#define QTOT_INSTANTIATE(T) template void check_clipping<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
