#pragma once

#include <cstddef>
#include <memory>

#include "determinism/golden_cases.h"
#include "determinism/golden_lines.h"
#include "qtot/base/executor.h"
#include "qtot/base/function_ref.h"
#include "qtot/rollout/play.h"
#include "qtot/train/trainer.h"

namespace qtot::golden {

/// What carries a run out, which must not show in its bits: the calling thread alone
/// (machinery_serial.cpp), or the flow graph and oneTBB as in `qtot train` (machinery_tbb.cpp).
struct Machinery {
  std::unique_ptr<train::RoundPlayer> player;
  std::unique_ptr<Executor> executor;
};
Machinery make_machinery(std::size_t n_threads, const rollout::EnvFactory& make_env);
/// Whether n_threads above 1 is possible.
bool has_threads();

using Report = FunctionRef<void(const Line&)>;

struct Workers {
  std::size_t n_threads = 1;
  int n_ranks = 1;  // of a simulated cluster, each with as many threads
};

/// Trains and reports a line at each of kTrainingUpdates that is no more than `max_update`.
void run_training(const Case& golden_case, const Workers& workers, std::int64_t max_update,
                  Report report);

/// Plays kPlayedEpisodes of random available actions and reports one line of all observations, states,
/// masks and rewards; its update is the number of episodes.
void run_playing(const Case& golden_case, Report report);

/// Makes kLearnerUpdates updates on a batch of recorded episodes, in float and in double, and reports
/// a line for each, whose name ends in "-float" or "-double".
void run_learner(const Case& golden_case, std::size_t n_threads, Report report);

}  // namespace qtot::golden
