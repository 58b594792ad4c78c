#pragma once

#include <cstddef>

#include "qtot/sweep/children.h"

/// Where the runs of a sweep are worked off.
namespace qtot::sweep {

class Workers {
 public:
  virtual ~Workers() = default;

  /// How many more could be started now.
  virtual std::size_t n_free() const = 0;
  /// Needs n_free() > 0. Throws Error (kFailed) when the system gives no process.
  virtual void start(std::size_t id, const Command& command) = 0;
  /// Returns when at least one of those that were started has ended or somebody was told to stop. Needs one
  /// that has not ended.
  virtual Happening wait() = 0;
  /// SIGTERM to all that run.
  virtual void terminate() = 0;
};

/// Children of this process, at most `n_at_once` at a time.
class LocalWorkers : public Workers {
 public:
  explicit LocalWorkers(std::size_t n_at_once) : n_at_once_(n_at_once) {}

  std::size_t n_free() const override { return n_at_once_ - children_.n_running(); }
  void start(std::size_t id, const Command& command) override { children_.start(id, command); }
  Happening wait() override { return children_.wait(); }
  void terminate() override { children_.terminate(); }

 private:
  std::size_t n_at_once_;
  Children children_;
};

}  // namespace qtot::sweep
