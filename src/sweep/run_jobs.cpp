#include "qtot/sweep/run_jobs.h"

#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::sweep {
namespace {

// A program that is told to stop before it has set itself up to be told ends by the signal.
Outcome outcome_of(const Ending& ending, bool was_stopped) {
  if (ending.signal == SIGTERM && was_stopped) return Outcome::kStopped;
  if (ending.signal != 0) return Outcome::kFailed;
  if (ending.exit_code == static_cast<int>(ExitCode::kDone)) return Outcome::kFinished;
  if (ending.exit_code == static_cast<int>(ExitCode::kStopped)) return Outcome::kStopped;
  return Outcome::kFailed;
}

void count(Outcome outcome, JobCounts& counts) {
  --counts.running;
  if (outcome == Outcome::kFinished) ++counts.finished;
  if (outcome == Outcome::kStopped) ++counts.stopped;
  if (outcome == Outcome::kFailed) ++counts.failed;
}

}  // namespace

JobReport run_jobs(const std::vector<Command>& jobs, Workers& workers, const JobWatcher& watcher) {
  JobReport report;
  report.results.resize(jobs.size());
  JobCounts counts;
  std::size_t next = 0;
  while (true) {
    while (!report.was_stopped && next < jobs.size() && workers.n_free() > 0) {
      workers.start(next, jobs[next]);
      ++counts.running;
      watcher(next, report.results[next], counts);
      ++next;
    }
    if (counts.running == 0) return report;

    const Happening happening = workers.wait();
    if (happening.stop_requested) {
      report.was_stopped = true;
      workers.terminate();
    }
    for (const Ending& ending : happening.endings) {
      const Outcome outcome = outcome_of(ending, report.was_stopped);
      report.results[ending.id] = {.outcome = outcome, .ending = ending};
      count(outcome, counts);
      watcher(ending.id, report.results[ending.id], counts);
    }
  }
}

JobReport run_jobs(const std::vector<Command>& jobs, std::size_t n_at_once,
                   const JobWatcher& watcher) {
  QTOT_CHECK_GE(n_at_once, std::size_t{1});
  LocalWorkers workers(n_at_once);
  return run_jobs(jobs, workers, watcher);
}

}  // namespace qtot::sweep
