#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "qtot/report/run_record.h"
#include "qtot/report/statistics.h"

namespace qtot::report {

/// Mean of the last `n` values, or of all where there are fewer. At least one value.
double final_figure(const Samples& samples, std::size_t n);

/// Each value replaced by the mean of it and the n - 1 before it; fewer at the beginning.
Samples running_mean(const Samples& samples, std::size_t n);

/// Curves by stratum, as Strata has values.
using CurveStrata = std::vector<std::vector<Samples>>;

/// The steps at which curves are compared: from the latest of their beginnings to the earliest of their
/// ends, both included, and between them where the curve with the fewest values (the first of them) has
/// its own. Empty when they do not overlap.
std::vector<std::int64_t> common_grid(const CurveStrata& curves);

/// The value at `t_env`, which lies within the curve: linear between neighbours.
double value_at(const Samples& samples, std::int64_t t_env);

/// What the curves of a group come to at one step.
struct CurvePoint {
  std::int64_t t_env = 0;
  std::size_t n = 0;
  double mean = 0, median = 0, q25 = 0, q75 = 0, lowest = 0, highest = 0, iqm = 0;
  std::optional<Interval> iqm_interval;
};

/// One point for each step of the common grid.
std::vector<CurvePoint> summary_curve(const CurveStrata& curves, const Bootstrap& bootstrap);

}  // namespace qtot::report
