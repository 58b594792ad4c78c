#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "qtot/base/fingerprint.h"
#include "qtot/config/training_config.h"
#include "qtot/train/crew.h"
#include "qtot/train/learned_tables.h"

namespace qtot::train {

/// What `qtot train` was asked for.
struct RunRequest {
  config::ReadConfig config;
  std::filesystem::path folder;
  std::size_t n_threads = 1;
  bool resume = false;
  bool overcommit = false;                  // start although the ring could outgrow the memory
  const std::atomic<bool>* stop = nullptr;  // set by a signal: finish the round, save, return
  std::ostream* progress = nullptr;         // where the bar is drawn
  /// The ranks that train with this one. The first alone touches the folder; `stop` is the crew's affair.
  Crew* crew = nullptr;
  int n_ranks_here = 1;  // of them on this machine, whose memory they share
};

/// What came of it.
struct RunReport {
  bool stopped = false;       // by the signal; the run can be resumed
  bool was_finished = false;  // resumed a run that had nothing left to do; nothing was changed
  std::int64_t t_env = 0;
  std::int64_t episode = 0;
  std::int64_t update = 0;
  std::optional<double> test_return_mean;      // of the last evaluation
  std::optional<double> test_battle_won_mean;  // of it, where the environment reports wins
  int test_nepisode = 0;
  Fingerprint fingerprint;
  std::vector<LearnedTable> tables;  // of matrix games
};

/// Trains, in the manner of PyMARL's run: rounds until t_max, with evaluation, logging and saving at
/// their intervals, and fills the run folder (docs/run_folder.md). Throws Error for a folder that
/// exists without `resume`, for a checkpoint that does not belong to this configuration, for a ring that
/// could outgrow the memory without `overcommit`, and for what the disk refuses (kFailed).
RunReport run(const RunRequest& request);

}  // namespace qtot::train
