#include "qtot/report/statistics.h"

#include <algorithm>

#include "qtot/base/check.h"
#include "qtot/math/philox.h"

namespace qtot::report {
namespace {

constexpr double kLowTail = 0.025;  // of a 95 % interval
constexpr double kHighTail = 0.975;

Interval percentile_interval(std::vector<double>& values) {
  std::ranges::sort(values);
  return {.lo = quantile(values, kLowTail), .hi = quantile(values, kHighTail)};
}

}  // namespace

double mean_of(std::span<const double> ascending) {
  QTOT_CHECK(!ascending.empty());
  double sum = 0;
  for (const double value : ascending) sum += value;
  return sum / static_cast<double>(ascending.size());
}

double quantile(std::span<const double> ascending, double p) {
  QTOT_CHECK(!ascending.empty() && p >= 0 && p <= 1);
  const double place = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= ascending.size()) return ascending.back();
  const double share = place - static_cast<double>(below);
  return ascending[below] + share * (ascending[below + 1] - ascending[below]);
}

double interquartile_mean(std::span<const double> ascending) {
  const std::size_t n_cut = ascending.size() / 4;
  return mean_of(ascending.subspan(n_cut, ascending.size() - 2 * n_cut));
}

std::vector<double> pooled(const Strata& strata) {
  std::vector<double> values;
  for (const std::vector<double>& stratum : strata) {
    values.insert(values.end(), stratum.begin(), stratum.end());
  }
  std::ranges::sort(values);
  return values;
}

Bootstrap::Bootstrap(std::vector<std::size_t> sizes, std::size_t n_resamples)
    : sizes_(std::move(sizes)), n_resamples_(n_resamples) {
  constexpr std::size_t kMaxRuns = 1 << 16;  // the index of a draw has 16 bits
  QTOT_CHECK(!sizes_.empty() && n_resamples_ > 0);
  for (const std::size_t size : sizes_) {
    QTOT_CHECK(size > 0 && size <= kMaxRuns);
    begins_.push_back(n_runs_);
    n_runs_ += size;
  }
  draws_.reserve(n_resamples_ * n_runs_);
  for (std::size_t resample = 0; resample < n_resamples_; ++resample) {
    for (std::size_t stratum = 0; stratum < sizes_.size(); ++stratum) {
      for (std::size_t place = 0; place < sizes_[stratum]; ++place) {
        math::Draws draws({.seed = 0,
                           .stream = math::Stream::kBootstrap,
                           .ticket = resample,
                           .step = static_cast<std::uint32_t>(stratum),
                           .site = 0,
                           .index = static_cast<std::uint16_t>(place)});
        draws_.push_back(draws.below(static_cast<std::uint32_t>(sizes_[stratum])));
      }
    }
  }
}

std::span<const std::uint32_t> Bootstrap::drawn(std::size_t resample, std::size_t stratum) const {
  QTOT_CHECK(resample < n_resamples_ && stratum < sizes_.size());
  return std::span(draws_).subspan(resample * n_runs_ + begins_[stratum], sizes_[stratum]);
}

std::optional<Bootstrap::Intervals> Bootstrap::intervals(const Strata& strata) const {
  QTOT_CHECK_EQ(strata.size(), sizes_.size());
  if (n_runs_ == sizes_.size()) return std::nullopt;
  std::vector<double> means, medians, iqms;
  std::vector<double> values(n_runs_);
  for (std::size_t resample = 0; resample < n_resamples_; ++resample) {
    std::size_t n = 0;
    for (std::size_t stratum = 0; stratum < sizes_.size(); ++stratum) {
      QTOT_CHECK_EQ(strata[stratum].size(), sizes_[stratum]);
      for (const std::uint32_t run : drawn(resample, stratum)) values[n++] = strata[stratum][run];
    }
    std::ranges::sort(values);
    means.push_back(mean_of(values));
    medians.push_back(quantile(values, 0.5));
    iqms.push_back(interquartile_mean(values));
  }
  return Intervals{.mean = percentile_interval(means),
                   .median = percentile_interval(medians),
                   .iqm = percentile_interval(iqms)};
}

}  // namespace qtot::report
