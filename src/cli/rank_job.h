#pragma once

#include <functional>
#include <memory>

#include "qtot/config/training_config.h"
#include "qtot/train/crew.h"

namespace qtot::cli {

/// The job of several ranks that a launcher (mpirun, srun) started, as one of them; or nothing special.
class RankJob {
 public:
  /// Joins the other ranks, if the environment is a launcher's. Throws Error when this qtot cannot, and when
  /// the ranks were not all given the same.
  RankJob(const config::ReadConfig& config, bool resume, std::function<bool()> wants_stop);
  ~RankJob();

  train::Crew* crew();  // null: one process alone
  bool is_first() { return crew() == nullptr || crew()->is_first(); }

  /// Runs `work`. What it throws ends the whole job, with the sentence on stderr and the exit code of the
  /// Error: the other ranks would wait for this one.
  void run(const std::function<void()>& work);

 private:
  struct Joined;
  std::unique_ptr<Joined> joined_;
};

}  // namespace qtot::cli
