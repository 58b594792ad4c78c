#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/cluster/transport.h"
#include "qtot/config/training_config.h"
#include "qtot/train/crew.h"

namespace qtot::cli {

struct RankJobOptions {
  std::vector<std::pair<std::string, std::string>> same = {};  // must be equal on all ranks
  std::string error = {};  // what this rank cannot begin for, which must be equal, too
  double stall_timeout = config::TrainingConfig{}.cluster_stall_timeout;
  std::function<bool()> wants_stop = [] { return false; };

  /// Of a run: every key counts, as ranks evaluate and save at the same time.
  static RankJobOptions of(const config::ReadConfig& config);
};

/// The job of several ranks that a launcher (mpirun, srun) started, as one of them; or nothing special.
class RankJob {
 public:
  /// Joins the other ranks, if the environment is a launcher's. Throws Error when this qtot cannot; where
  /// the ranks differ the job ends.
  explicit RankJob(const RankJobOptions& options);
  ~RankJob();

  train::Crew* crew();              // null: one process alone
  cluster::Transport* transport();  // the same
  bool is_first() { return crew() == nullptr || crew()->is_first(); }
  /// What the first rank finds, at every rank; the others are not asked.
  bool agreed_by_first(const std::function<bool()>& of_first);

  /// For a rank that cannot begin, as its configuration is wrong: where all ranks say the same, the first
  /// alone prints it. Returns the exit code. One process alone: throws `error` again.
  static ExitCode end_alike(const Error& error);

  /// Runs `work`. What it throws ends the whole job, with the sentence on stderr and the exit code of the
  /// Error: the other ranks would wait for this one.
  void run(const std::function<void()>& work);

 private:
  struct Joined;

  void join(const RankJobOptions& options);

  std::unique_ptr<Joined> joined_;
};

}  // namespace qtot::cli
