#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::rollout {

/// An arena of exactly `n` threads, the caller of execute() among them, also where the machine has
/// fewer cores. oneTBB takes the smallest limit among those alive, so executors that are to run side
/// by side are given the same `n`.
class Arena {
 public:
  explicit Arena(std::size_t n)
      : limit_(oneapi::tbb::global_control::max_allowed_parallelism, n),
        arena_(static_cast<int>(n)) {
    QTOT_CHECK_GE(n, std::size_t{1});
    arena_.initialize();
  }

  template <class F>
  void execute(F&& f) {
    arena_.execute(std::forward<F>(f));
  }

  /// Of the calling thread, inside the arena: below n, and different for any two threads at one time.
  static std::size_t worker() {
    return static_cast<std::size_t>(oneapi::tbb::this_task_arena::current_thread_index());
  }

 private:
  oneapi::tbb::global_control limit_;
  oneapi::tbb::task_arena arena_;
};

}  // namespace qtot::rollout
