#include "qtot/oracle/certificate.h"

#include <algorithm>
#include <cmath>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/philox.h"
#include "qtot/oracle/step.h"

namespace qtot::oracle {
namespace {

constexpr int kTrials = 6;
constexpr double kSafety = 8;
constexpr double kOwnErrors = 4;
constexpr double kFewRoundings = 8;
constexpr std::uint64_t kSeed = 0x7174'6f74;  // "qtot": the draws belong to the rule

double unit_roundoff(Dtype dtype) {
  return dtype == Dtype::kF32 ? 0x1p-24 : 0x1p-53;
}

// Runs are in double, which must resolve the perturbation: double's own roundoff is enlarged and the
// change made smaller again.
double enlargement(Dtype dtype) {
  return dtype == Dtype::kF32 ? 1 : 0x1p10;
}

std::vector<double> moved(std::vector<double> params, double relative, int trial,
                          std::uint8_t network) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    constexpr std::size_t kPerStep = 1 << 16;
    math::Draws draws({.seed = kSeed,
                       .stream = math::Stream::kInit,
                       .ticket = static_cast<std::uint64_t>(trial),
                       .step = static_cast<std::uint32_t>(i / kPerStep),
                       .site = network,
                       .index = static_cast<std::uint16_t>(i % kPerStep)});
    params[i] *= draws.uniform() < 0.5 ? 1 - relative : 1 + relative;
  }
  return params;
}

void keep_largest_change(const Step& nominal, const Step& moved, double scale,
                         std::vector<std::vector<double>>& changes) {
  QTOT_CHECK_EQ(nominal.tensors.size(), moved.tensors.size());
  for (std::size_t k = 0; k < changes.size(); ++k) {
    const std::vector<double>& a = nominal.tensors[k].values;
    const std::vector<double>& b = moved.tensors[k].values;
    for (std::size_t i = 0; i < a.size(); ++i) {
      changes[k][i] = std::max(changes[k][i], std::abs(a[i] - b[i]) * scale);
    }
  }
}

double rms(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return values.empty() ? 0 : math::sqrt(sum / static_cast<double>(values.size()));
}

Tensor bounds_of(const Tensor& exact, const Tensor& rounded, const std::vector<double>& changes,
                 Dtype dtype) {
  double largest = 0;
  for (const double x : exact.values) {
    if (std::isfinite(x) && std::abs(x) > largest) largest = std::abs(x);
  }
  const double floor = kSafety * rms(changes) + kFewRoundings * unit_roundoff(dtype) * largest;
  Tensor bounds{
      .name = exact.name, .kind = exact.kind, .shape = exact.shape, .values = changes, .rest = {}};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const double rest = exact.rest.empty() ? 0 : exact.rest[i];
    const double error = std::abs((rounded.values[i] - exact.values[i]) - rest);
    bounds.values[i] = kSafety * changes[i] + kOwnErrors * error + floor;
  }
  return bounds;
}

}  // namespace

const char* const kCertifiedInWords =
    "certified: what rounding may do to this case, from a wide run and 6 perturbed ones";

std::vector<Tensor> certificate(const Case& input, Dtype dtype) {
  QTOT_CHECK(dtype != Dtype::kWide);
  const Step exact = run_step(input, Dtype::kWide);
  const Step rounded = run_step(input, dtype);
  const Step nominal = dtype == Dtype::kF64 ? rounded : run_step(input, Dtype::kF64);
  std::vector<std::vector<double>> changes;
  for (const Tensor& tensor : exact.tensors) changes.emplace_back(tensor.values.size(), 0.0);
  const double larger = enlargement(dtype);
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> params = moved(input.params, unit_roundoff(dtype) * larger, trial, 0);
    std::vector<double> targets =
        moved(input.target_params, unit_roundoff(dtype) * larger, trial, 1);
    const StepOptions options{.params = &params, .target_params = &targets};
    keep_largest_change(nominal, run_step(input, Dtype::kF64, options), 1 / larger, changes);
  }
  std::vector<Tensor> bounds;
  for (std::size_t k = 0; k < exact.tensors.size(); ++k) {
    bounds.push_back(bounds_of(exact.tensors[k], rounded.tensors[k], changes[k], dtype));
  }
  return bounds;
}

}  // namespace qtot::oracle
