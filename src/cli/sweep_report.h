#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/config/training_keys.h"
#include "qtot/metrics/progress_bar.h"
#include "qtot/sweep/plan.h"
#include "qtot/sweep/run_jobs.h"

/// What `qtot sweep` says.
namespace qtot::cli {

/// What a run prints, in its folder.
constexpr char kSweepLog[] = "log.txt";

struct SweepRun {
  sweep::Choice choice;
  config::KeyTexts training_keys;
  std::filesystem::path folder;
  bool was_finished = false;  // before the sweep began
  sweep::JobResult result;
};

/// Running, finished and failed: a line for every run that ends; on a terminal one more that stays last.
class SweepProgress {
 public:
  SweepProgress(std::ostream& out, std::size_t n_runs, std::size_t n_were_finished);
  void show(const SweepRun& run, const sweep::JobResult& result, const sweep::JobCounts& counts);

 private:
  std::ostream& out_;
  metrics::ProgressStyle style_;
  std::size_t n_runs_, n_were_finished_;
};

/// A line a run: how it ended and its last evaluation, from summary.json.
void print_table(std::ostream& out, const std::vector<SweepRun>& runs);
void print_json(std::ostream& out, const std::string& folder, const std::vector<SweepRun>& runs);

/// Of the sweep; says on `err` what there is to do about it.
ExitCode exit_code(std::ostream& err, const std::vector<SweepRun>& runs, bool was_stopped);

}  // namespace qtot::cli
