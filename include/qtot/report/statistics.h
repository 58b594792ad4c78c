#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Statistics of a few runs. Sums run in ascending order of the values, so that no result depends on the
/// order in which runs were given.
namespace qtot::report {

/// Each function takes at least one value. `ascending` is sorted.
double mean_of(std::span<const double> ascending);

/// The quantile of linear interpolation between order statistics (type 7 of Hyndman & Fan, 1996, and
/// NumPy's default): at h = p (n - 1), counted from 0. p in [0, 1].
double quantile(std::span<const double> ascending, double p);

/// Interquartile mean (Agarwal et al., 2021, "Deep reinforcement learning at the edge of the statistical
/// precipice"): the mean without the floor(n / 4) lowest and as many highest values, as their rliable and
/// scipy's trim_mean have it. Below four values it is the mean.
double interquartile_mean(std::span<const double> ascending);

struct Interval {
  double lo = 0;
  double hi = 0;

  bool operator==(const Interval&) const = default;
};

/// Values by stratum: one for each run of a setting (an environment and its configuration).
using Strata = std::vector<std::vector<double>>;

/// All values, ascending.
std::vector<double> pooled(const Strata& strata);

/// Stratified bootstrap (Agarwal et al., 2021; Efron, 1979): a resample draws from each stratum as many
/// runs as it has, with replacement, and pools them; the interval of a statistic is between the quantiles
/// 0.025 and 0.975 of its values over all resamples (percentile method). Which runs resample r draws
/// depends on (r, stratum, place) alone, by the counter-based stream kBootstrap under seed 0: the same
/// interval on every machine and in every order of asking, and the same runs at every step of a curve.
class Bootstrap {
 public:
  /// `sizes`: runs in each stratum; at least one stratum, none of them empty, at most 65,536 runs each.
  Bootstrap(std::vector<std::size_t> sizes, std::size_t n_resamples);

  struct Intervals {
    Interval mean, median, iqm;
  };
  /// Values in strata of those sizes. Nothing where every stratum has one run: there is no spread to see.
  std::optional<Intervals> intervals(const Strata& strata) const;

  /// The runs that a resample draws from a stratum.
  std::span<const std::uint32_t> drawn(std::size_t resample, std::size_t stratum) const;

 private:
  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> begins_;  // of each stratum within a resample
  std::size_t n_runs_ = 0;
  std::size_t n_resamples_;
  std::vector<std::uint32_t> draws_;  // [resamples, runs]
};

}  // namespace qtot::report
