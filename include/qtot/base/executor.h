#pragma once

#include <cstddef>

#include "qtot/base/function_ref.h"

namespace qtot {

/// Runs independent pieces of work. The learner is given one; which it is must not show in any bit.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Number of worker slots; `worker` below is less than this.
  virtual std::size_t n_workers() const = 0;

  /// Calls work(index, worker) once for each index in [0, n) and returns when all have returned.
  /// No two calls that run at the same time have the same `worker`, so that a workspace per worker
  /// is never shared. Indices are started in ascending order: put the longest work first.
  virtual void for_each(std::size_t n,
                        FunctionRef<void(std::size_t index, std::size_t worker)> work) = 0;
};

/// Everything on the calling thread, in ascending order.
class SerialExecutor final : public Executor {
 public:
  std::size_t n_workers() const override { return 1; }

  void for_each(std::size_t n,
                FunctionRef<void(std::size_t index, std::size_t worker)> work) override {
    for (std::size_t i = 0; i < n; ++i) work(i, 0);
  }
};

}  // namespace qtot
