#pragma once

#include <cstddef>
#include <memory>

#include "qtot/base/executor.h"

namespace qtot::rollout {

/// Runs work on `n_threads` threads of oneTBB (the caller is one of them), in an arena of its own. Use
/// from one thread at a time, and not from inside `work`.
///
/// An exception of `work` stops the start of further indices and is thrown again by for_each once
/// every running call has returned. With one thread everything runs on the calling thread without
/// oneTBB.
class TbbExecutor final : public Executor {
 public:
  explicit TbbExecutor(std::size_t n_threads);
  ~TbbExecutor() override;

  std::size_t n_workers() const override;
  void for_each(std::size_t n,
                FunctionRef<void(std::size_t index, std::size_t worker)> work) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qtot::rollout
