#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "qtot/sweep/workers.h"

namespace qtot::sweep {

enum class Outcome {
  kWaiting,   // not started, or not any more because the sweep was stopped
  kFinished,  // exit code 0
  kStopped,   // exit code 75: can be resumed
  kFailed,    // anything else
};

struct JobResult {
  Outcome outcome = Outcome::kWaiting;
  Ending ending;
};

struct JobCounts {
  std::size_t running = 0, finished = 0, stopped = 0, failed = 0;
};

/// Is told when a job has started (kWaiting) or ended.
using JobWatcher =
    std::function<void(std::size_t job, const JobResult& result, const JobCounts& counts)>;

/// Runs all jobs, started in their order whenever a worker is free, and returns what became of each. A job
/// that fails stops no other. After a signal to stop (children.h) none is started any more and those that run
/// get SIGTERM; `was_stopped` is then true. Throws Error (kFailed) when the system gives no process, after
/// those that run have ended.
struct JobReport {
  std::vector<JobResult> results;
  bool was_stopped = false;
};
JobReport run_jobs(const std::vector<Command>& jobs, Workers& workers, const JobWatcher& watcher);
/// In children of this process, at most `n_at_once` at a time.
JobReport run_jobs(const std::vector<Command>& jobs, std::size_t n_at_once,
                   const JobWatcher& watcher);

}  // namespace qtot::sweep
