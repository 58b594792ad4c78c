#include "qtot/report/curves.h"

#include <algorithm>

#include "qtot/base/check.h"

namespace qtot::report {

double final_figure(const Samples& samples, std::size_t n) {
  QTOT_CHECK(!samples.empty() && n > 0);
  const std::size_t first = samples.size() > n ? samples.size() - n : 0;
  double sum = 0;
  for (std::size_t i = first; i < samples.size(); ++i) sum += samples[i].value;
  return sum / static_cast<double>(samples.size() - first);
}

Samples running_mean(const Samples& samples, std::size_t n) {
  QTOT_CHECK_GT(n, std::size_t{0});
  Samples smooth;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t first = i + 1 > n ? i + 1 - n : 0;
    double sum = 0;
    for (std::size_t j = first; j <= i; ++j) sum += samples[j].value;
    smooth.push_back(
        {.t_env = samples[i].t_env, .value = sum / static_cast<double>(i - first + 1)});
  }
  return smooth;
}

std::vector<std::int64_t> common_grid(const CurveStrata& curves) {
  const Samples* shortest = nullptr;
  std::int64_t begin = 0, end = 0;
  for (const std::vector<Samples>& stratum : curves) {
    for (const Samples& curve : stratum) {
      QTOT_CHECK(!curve.empty());
      begin = shortest == nullptr ? curve.front().t_env : std::max(begin, curve.front().t_env);
      end = shortest == nullptr ? curve.back().t_env : std::min(end, curve.back().t_env);
      if (shortest == nullptr || curve.size() < shortest->size()) shortest = &curve;
    }
  }
  if (shortest == nullptr || begin > end) return {};
  std::vector<std::int64_t> grid = {begin};
  for (const Sample& sample : *shortest) {
    if (sample.t_env > begin && sample.t_env < end) grid.push_back(sample.t_env);
  }
  if (end > begin) grid.push_back(end);
  return grid;
}

double value_at(const Samples& samples, std::int64_t t_env) {
  QTOT_CHECK(!samples.empty() && samples.front().t_env <= t_env && t_env <= samples.back().t_env);
  const auto right = std::ranges::lower_bound(samples, t_env, {}, &Sample::t_env);
  if (right->t_env == t_env) return right->value;
  const auto left = right - 1;
  const double share =
      static_cast<double>(t_env - left->t_env) / static_cast<double>(right->t_env - left->t_env);
  return left->value + share * (right->value - left->value);
}

std::vector<CurvePoint> summary_curve(const CurveStrata& curves, const Bootstrap& bootstrap) {
  std::vector<CurvePoint> points;
  for (const std::int64_t t_env : common_grid(curves)) {
    Strata values;
    for (const std::vector<Samples>& stratum : curves) {
      values.emplace_back();
      for (const Samples& curve : stratum) values.back().push_back(value_at(curve, t_env));
    }
    const std::vector<double> all = pooled(values);
    CurvePoint point{.t_env = t_env,
                     .n = all.size(),
                     .mean = mean_of(all),
                     .median = quantile(all, 0.5),
                     .q25 = quantile(all, 0.25),
                     .q75 = quantile(all, 0.75),
                     .lowest = all.front(),
                     .highest = all.back(),
                     .iqm = interquartile_mean(all),
                     .iqm_interval = std::nullopt};
    if (const auto intervals = bootstrap.intervals(values)) point.iqm_interval = intervals->iqm;
    points.push_back(point);
  }
  return points;
}

}  // namespace qtot::report
