#include "report/axis.h"

#include <algorithm>

#include "report/text.h"

namespace qtot::report {
namespace {

// A step between ticks: mantissa 1, 2 or 5, times 10^exponent.
struct Step {
  int mantissa = 1;
  int exponent = 0;

  double size() const {
    double value = mantissa;
    for (int i = 0; i < exponent; ++i) value *= 10;
    for (int i = 0; i > exponent; --i) value /= 10;
    return value;
  }
  Step next() const {
    if (mantissa == 1) return {.mantissa = 2, .exponent = exponent};
    if (mantissa == 2) return {.mantissa = 5, .exponent = exponent};
    return {.mantissa = 1, .exponent = exponent + 1};
  }
};

constexpr int kSmallestExponent = -12;
constexpr int kLargestExponent = 300;

// floor(value / step) without libm; what is within a billionth of a multiple counts as one.
double floor_multiple(double value, double step) {
  const double ratio = value / step;
  constexpr double kExactBelow = 9007199254740992.0;  // 2^53: beyond it every double is whole
  if (ratio >= kExactBelow || ratio <= -kExactBelow) return ratio;
  auto whole = static_cast<double>(static_cast<long long>(ratio));
  if (whole > ratio) whole -= 1;
  return ratio - whole > 1 - 1e-9 ? whole + 1 : whole;
}

double ceil_multiple(double value, double step) {
  return -floor_multiple(-value, step);
}

// The smallest step of which at most max_ticks - 1 cover the range.
Step step_for(double low, double high, int max_ticks) {
  Step step{.mantissa = 1, .exponent = kSmallestExponent};
  while (step.exponent < kLargestExponent &&
         ceil_multiple(high, step.size()) - floor_multiple(low, step.size()) > max_ticks - 1) {
    step = step.next();
  }
  return step;
}

}  // namespace

Axis value_axis(double low, double high, int max_ticks) {
  if (high <= low) {
    low -= 0.5;
    high += 0.5;
  }
  const Step step = step_for(low, high, max_ticks);
  const double first = floor_multiple(low, step.size());
  const double last = std::max(first + 1, ceil_multiple(high, step.size()));
  Axis axis{.low = first * step.size(), .high = last * step.size(), .ticks = {}};
  for (int i = 0; i <= static_cast<int>(std::min(last - first, 100.0)); ++i) {
    const double value = (first + i) * step.size();
    axis.ticks.push_back({.value = value, .label = fixed(value, std::max(0, -step.exponent))});
  }
  return axis;
}

Axis step_axis(double last, int max_ticks) {
  const double end = std::max(last, 1.0);
  const double step = step_for(0, end, max_ticks).size();
  const bool in_millions = end >= 1e6, in_thousands = end >= 1e4;
  const double unit = in_millions ? 1e6 : in_thousands ? 1e3 : 1;
  const char* suffix = in_millions ? "M" : in_thousands ? "k" : "";
  Axis axis{.low = 0, .high = end, .ticks = {}};
  for (int i = 0; i * step <= end * (1 + 1e-9) && i < 100; ++i) {
    const double value = i * step;
    axis.ticks.push_back(
        {.value = value, .label = i == 0 ? "0" : trimmed(value / unit, 3) + suffix});
  }
  return axis;
}

}  // namespace qtot::report
