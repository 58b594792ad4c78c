#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qtot/report/curves.h"
#include "qtot/report/groups.h"

namespace qtot::report {

struct ReportOptions {
  std::string metric = {};  // "": test_battle_won_mean if all runs have it, else test_return_mean
  std::vector<std::string> group_by = {};  // see group_runs()
  std::size_t n_last = 3;                  // evaluations in the final figure of a run
  std::size_t n_smooth = 1;                // evaluations in the running mean of a curve
  std::int64_t first_step = 0;  // where curves begin: earlier values are left out of them
};

/// The runs of a group in figures.
struct GroupReport {
  std::string panel = {}, label = {}, name = {};  // see Group
  std::vector<std::string> runs = {};             // their folders
  std::vector<double> finals = {};                // the final figure of each, in that order
  double mean = 0, median = 0, iqm = 0;
  std::optional<Bootstrap::Intervals> intervals = std::nullopt;
  std::vector<CurvePoint> curve = {};
};

struct Report {
  std::string metric;
  std::size_t n_last = 0, n_smooth = 0;
  std::int64_t first_step = 0;
  std::vector<GroupReport> groups;
};

/// Resamples of the final figures and of a curve's steps.
constexpr std::size_t kResamples = 10000;
constexpr std::size_t kCurveResamples = 2000;

/// Throws Error for a metric that a run lacks, with those that it has; for runs of one group whose curves
/// do not overlap; and as group_runs() does. `runs` has at least one.
Report make_report(const std::vector<RunRecord>& runs, const ReportOptions& options);

/// One line a group and step under
///   group,t_env,n,mean,median,q25,q75,iqm,lo,hi
/// where lo and hi bound the 95 % interval of iqm, empty for one run. Fields are quoted as RFC 4180 has it.
std::string csv(const Report& report);

}  // namespace qtot::report
