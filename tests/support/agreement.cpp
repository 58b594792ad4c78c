#include "support/agreement.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace qtot::test {
namespace {

constexpr double kDouble = 1e-12;
constexpr double kFloatValue = 2e-6;
constexpr double kFloatScalar = 1e-6;
constexpr double kFloatGradient = 1e-4;
constexpr double kFloatParam = 2e-5;

}  // namespace

void Agreement::compare(const std::string& name, Kind kind, std::span<const double> ours,
                        std::span<const double> theirs) {
  ++n_tensors_;
  if (ours.size() != theirs.size()) {
    differ(name + ": " + std::to_string(ours.size()) + " elements, theirs " +
           std::to_string(theirs.size()));
    return;
  }
  if (theirs.empty()) {
    differ(name + ": there is nothing to compare");
    return;
  }
  double largest = 0;
  for (const double x : theirs) largest = std::max(largest, std::abs(x));
  double tolerance = 0;
  switch (kind) {
    case Kind::kValue:
      tolerance = (is_double_ ? kDouble : kFloatValue) * std::max(1.0, largest);
      break;
    case Kind::kScalar:
      tolerance = is_double_ ? kDouble * std::max(1.0, largest) : kFloatScalar * largest;
      break;
    case Kind::kGradient:
      tolerance =
          is_double_ ? kDouble * std::max(largest, largest_gradient_) : kFloatGradient * largest;
      break;
    case Kind::kParam:
      tolerance = is_double_ ? kDouble * std::max(1.0, largest) : kFloatParam;
      break;
  }

  std::size_t n_different = 0;
  std::size_t worst = 0;
  double worst_error = -1;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double distance = std::abs(ours[i] - theirs[i]);
    const bool is_near = distance <= tolerance;  // false for NaN
    const double error = std::isnan(distance) ? HUGE_VAL : distance;
    if (!is_near) ++n_different;
    if (error > worst_error) {
      worst = i;
      worst_error = error;
    }
  }
  const double ratio = worst_error == 0 ? 0 : worst_error / tolerance;
  if (ratio > worst_ratio_) {
    worst_ratio_ = ratio;
    worst_name_ = name;
  }
  if (n_different > 0) {
    std::ostringstream os;
    os.precision(17);
    os << name << "[" << worst << "]: ours " << ours[worst] << ", theirs " << theirs[worst];
    os.precision(3);
    os << " (apart by " << worst_error << ", allowed " << tolerance << "); " << n_different
       << " of " << ours.size() << " differ";
    differ(os.str());
  }
}

void Agreement::compare(const std::string& name, Kind kind, double ours, double theirs) {
  compare(name, kind, std::span(&ours, 1), std::span(&theirs, 1));
}

std::string Agreement::worst() const {
  std::ostringstream os;
  os.precision(3);
  os << worst_name_ << ": " << worst_ratio_ << " of what is allowed";
  return os.str();
}

}  // namespace qtot::test
