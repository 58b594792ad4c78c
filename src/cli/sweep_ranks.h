#pragma once

#include <memory>

#include "qtot/sweep/workers.h"

/// `qtot sweep` as one MPI job.
namespace qtot::cli {

/// The ranks of the job that this process is one of.
class SweepRanks {
 public:
  /// Nothing for a process that was started alone. Throws Error for tasks of srun without PMIx, and for
  /// several ranks of a qtot that was built without MPI.
  static std::unique_ptr<SweepRanks> join(unsigned n_runs_each);

  /// Leaves the job; on rank 0, runs that go on are stopped before, and the others leave, too.
  virtual ~SweepRanks() = default;

  virtual bool is_rank_0() const = 0;
  /// The cores of this machine that fall to each of its ranks.
  virtual unsigned n_cores_each() const = 0;
  /// On rank 0: all ranks.
  virtual sweep::Workers& workers() = 0;
  /// On the others: trains what rank 0 hands out, until nothing is left.
  virtual void work() = 0;
};

}  // namespace qtot::cli
