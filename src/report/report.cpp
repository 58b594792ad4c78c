#include "qtot/report/report.h"

#include <algorithm>

#include "qtot/base/error.h"
#include "report/text.h"

namespace qtot::report {
namespace {

constexpr std::size_t kMaxRuns = 10000;

const std::string kWins = "test_battle_won_mean";
const std::string kReturn = "test_return_mean";

std::string metric_in(const std::vector<RunRecord>& runs, const std::string& asked) {
  const auto lacks = [](const std::string& metric) {
    return [&metric](const RunRecord& run) { return !run.metrics.contains(metric); };
  };
  std::string metric = asked;
  if (metric.empty()) metric = std::ranges::any_of(runs, lacks(kWins)) ? kReturn : kWins;
  const auto missing = std::ranges::find_if(runs, lacks(metric));
  if (missing == runs.end()) return metric;
  std::string text = "run " + missing->folder.string() + ": no metric " + metric + "; it has";
  for (const auto& [name, samples] : missing->metrics) text += " " + name;
  if (missing->metrics.empty()) text += " none";
  throw Error(text);
}

// What comes before `first_step` says how a network begins, and can be far from all that it learns.
Samples begun_at(Samples samples, std::int64_t first_step, const RunRecord& run) {
  std::erase_if(samples, [&](const Sample& sample) { return sample.t_env < first_step; });
  if (samples.empty()) {
    throw Error(run.folder.string() + ": has no value at or after step " +
                std::to_string(first_step) + ", where curves are to begin");
  }
  return samples;
}

GroupReport report_of(const Group& group, const Report& report) {
  GroupReport result{.panel = group.panel, .label = group.label, .name = group.name};
  Strata finals;
  CurveStrata curves;
  std::vector<std::size_t> sizes;
  for (const std::vector<const RunRecord*>& runs : group.strata) {
    finals.emplace_back();
    curves.emplace_back();
    sizes.push_back(runs.size());
    for (const RunRecord* run : runs) {
      const Samples& samples = run->metrics.at(report.metric);
      finals.back().push_back(final_figure(samples, report.n_last));
      curves.back().push_back(
          begun_at(running_mean(samples, report.n_smooth), report.first_step, *run));
      result.runs.push_back(run->folder.string());
      result.finals.push_back(finals.back().back());
    }
  }
  const std::vector<double> all = pooled(finals);
  result.mean = mean_of(all);
  result.median = quantile(all, 0.5);
  result.iqm = interquartile_mean(all);
  result.intervals = Bootstrap(sizes, kResamples).intervals(finals);
  result.curve = summary_curve(curves, Bootstrap(sizes, kCurveResamples));
  if (result.curve.empty()) {
    throw Error("the runs of group " + group.name + ", such as " + result.runs.front() + " and " +
                result.runs.back() + ", have no step of " + report.metric + " in common");
  }
  return result;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + "\"";
}

}  // namespace

Report make_report(const std::vector<RunRecord>& runs, const ReportOptions& options) {
  if (runs.size() > kMaxRuns) {
    throw Error("expected at most " + std::to_string(kMaxRuns) + " runs in a report, found " +
                std::to_string(runs.size()));
  }
  Report report{.metric = metric_in(runs, options.metric),
                .n_last = options.n_last,
                .n_smooth = options.n_smooth,
                .first_step = options.first_step,
                .groups = {}};
  for (const Group& group : group_runs(runs, options.group_by)) {
    report.groups.push_back(report_of(group, report));
  }
  return report;
}

std::string csv(const Report& report) {
  std::string text = "group,t_env,n,mean,median,q25,q75,iqm,lo,hi\n";
  for (const GroupReport& group : report.groups) {
    for (const CurvePoint& point : group.curve) {
      text +=
          csv_field(group.name) + ',' + std::to_string(point.t_env) + ',' + std::to_string(point.n);
      for (const double value : {point.mean, point.median, point.q25, point.q75, point.iqm}) {
        text += ',' + exact(value);
      }
      const std::optional<Interval>& interval = point.iqm_interval;
      text += ',' + (interval ? exact(interval->lo) : "") + ',' +
              (interval ? exact(interval->hi) : "") + '\n';
    }
  }
  return text;
}

}  // namespace qtot::report
