#pragma once

#include <cstddef>
#include <vector>

#include "qtot/base/executor.h"

/// How work would spread over more cores than the machine has.
namespace qtot::bench {

/// Seconds until all pieces are done when each of `n_workers` takes the next piece, in their order, as soon
/// as it is free: what the executors do.
double makespan(const std::vector<double>& seconds, std::size_t n_workers);

/// Runs everything on the calling thread, where the work is cut up for `n_workers`, and reckons how long
/// they would have taken. What cores share (caches, memory, the clock's speed under load) is left out, and
/// so is the time that it takes to wake them: a bound from below.
class ProjectingExecutor final : public Executor {
 public:
  explicit ProjectingExecutor(std::size_t n_workers) : n_workers_(n_workers) {}

  std::size_t n_workers() const override { return n_workers_; }
  void for_each(std::size_t n,
                FunctionRef<void(std::size_t index, std::size_t worker)> work) override;

  /// Seconds that the workers would have saved since the last call.
  double take_saved();

 private:
  std::size_t n_workers_;
  double saved_ = 0;
  std::vector<double> seconds_;
};

}  // namespace qtot::bench
