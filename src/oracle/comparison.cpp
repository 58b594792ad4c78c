#include "qtot/oracle/comparison.h"

#include <algorithm>
#include <cmath>

#include "oracle/format.h"

namespace qtot::oracle {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double largest_of(std::span<const double> values) {
  double largest = 0;
  for (const double x : values) {
    // an infinity of theirs would excuse the whole tensor
    if (std::isfinite(x) && std::abs(x) > largest) largest = std::abs(x);
  }
  return largest;
}

// Distance from |x| to the next larger number of the type; the smallest positive one at 0.
double ulp(double x, Dtype dtype) {
  if (dtype == Dtype::kF32) {
    const float y = std::abs(static_cast<float>(x));
    return static_cast<double>(std::nextafter(y, std::numeric_limits<float>::infinity())) -
           static_cast<double>(y);
  }
  const double y = std::abs(x);
  return std::nextafter(y, kInfinity) - y;
}

double error_of(double ours, double theirs) {
  if (std::isnan(ours) || std::isnan(theirs)) {
    return std::isnan(ours) && std::isnan(theirs) ? 0 : kInfinity;
  }
  return ours == theirs ? 0 : std::abs(ours - theirs);
}

double ratio_of(double error, double bound) {
  if (error == 0) return 0;
  return bound > 0 && std::isfinite(error) && std::isfinite(bound) ? error / bound : kInfinity;
}

std::vector<std::size_t> unravel(std::size_t flat, const std::vector<std::size_t>& shape) {
  std::vector<std::size_t> place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    place[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return place;
}

std::string shape_words(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t product(const std::vector<std::size_t>& shape) {
  std::size_t n = 1;
  for (const std::size_t size : shape) n *= size;
  return n;
}

void add(TensorReport& report, std::size_t i, double ours, double theirs, double bound,
         Dtype dtype) {
  const double error = error_of(ours, theirs);
  const double ratio = ratio_of(error, bound);
  report.max_absolute = std::max(report.max_absolute, error);
  if (theirs != 0) report.max_relative = std::max(report.max_relative, error / std::abs(theirs));
  if (error > 0) report.max_ulp = std::max(report.max_ulp, error / ulp(theirs, dtype));
  if (report.n_compared == 0 || !(ratio <= report.max_ratio)) {
    report.max_ratio = ratio;
    report.place = unravel(i, report.shape);
    report.ours = ours;
    report.theirs = theirs;
    report.bound = bound;
  }
  ++report.n_compared;
}

}  // namespace

bool is_rounding_noise(const std::string& parameter) {
  return parameter.starts_with("mixer.key_embedding_layers.") && parameter.ends_with(".bias");
}

std::string name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF32:
      return "f32";
    case Dtype::kF64:
      return "f64";
    case Dtype::kWide:
      return "wide";
  }
  return "";
}

std::string PassRule::in_words(Dtype dtype) const {
  if (dtype != Dtype::kF32) return "pass rule of f64: " + shortest(f64);
  return "pass rule of f32: values " + shortest(value) + ", scalars " + shortest(scalar) +
         ", gradients " + shortest(gradient) + ", parameters " + shortest(param);
}

Bound PassRule::bound(Dtype dtype, Kind kind, std::span<const double> theirs,
                      double largest_gradient) const {
  const double largest = largest_of(theirs);
  const bool is_float = dtype == Dtype::kF32;
  switch (kind) {
    case Kind::kValue:
      return {.of_all = (is_float ? value : f64) * std::max(1.0, largest), .of_each = {}};
    case Kind::kScalar:
      return {.of_all = is_float ? scalar * largest : f64 * std::max(1.0, largest), .of_each = {}};
    case Kind::kGradient:
      return {.of_all = std::max((is_float ? gradient : f64) * largest, f64 * largest_gradient),
              .of_each = {}};
    case Kind::kParam:
      return {.of_all = is_float ? param : f64 * std::max(1.0, largest), .of_each = {}};
  }
  return {};
}

TensorReport compare(const std::string& name, Kind kind, Dtype dtype,
                     const std::vector<std::size_t>& shape, std::span<const double> ours,
                     std::span<const double> theirs, const Bound& bound,
                     std::span<const std::size_t> which) {
  TensorReport report;
  report.name = name;
  report.kind = kind;
  report.shape = shape;
  const std::size_t n = product(shape);
  if (ours.size() != n || theirs.size() != n) {
    report.note = "shape " + shape_words(shape) + " holds " + std::to_string(n) +
                  " numbers; there are " + std::to_string(theirs.size()) + " of theirs and " +
                  std::to_string(ours.size()) + " of ours";
    return report;
  }
  if (which.empty()) {
    for (std::size_t i = 0; i < n; ++i) add(report, i, ours[i], theirs[i], bound.at(i), dtype);
  } else {
    for (const std::size_t i : which) add(report, i, ours[i], theirs[i], bound.at(i), dtype);
  }
  return report;
}

bool Report::agrees() const {
  return first_difference() == nullptr;
}

const TensorReport* Report::first_difference() const {
  const auto found =
      std::ranges::find_if(tensors, [](const TensorReport& tensor) { return !tensor.agrees(); });
  return found == tensors.end() ? nullptr : &*found;
}

std::string place_text(const TensorReport& tensor) {
  const std::vector<std::size_t>& place = tensor.place;
  if (place.empty()) return "";
  const bool is_step = place.size() >= 3;
  const char* const step_axes[] = {"episode ", ", step ", ", agent ", ", action "};
  const char* const matrix_axes[] = {"row ", ", column "};
  std::string text;
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    if (is_step && axis >= 2 && tensor.shape[axis] == 1) continue;  // [B, T, 1]
    const char* word = is_step ? (axis < 4 ? step_axes[axis] : ", ")
                               : (place.size() == 1 ? "element " : matrix_axes[axis]);
    text += word + std::to_string(place[axis]);
  }
  return text;
}

}  // namespace qtot::oracle
