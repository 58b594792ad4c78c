#include "qtot/rollout/tbb_executor.h"

#include <oneapi/tbb/parallel_pipeline.h>

#include "rollout/arena.h"

namespace qtot::rollout {

namespace tbb = oneapi::tbb;

struct TbbExecutor::State {
  explicit State(std::size_t n) : n_threads(n), arena(n) {}

  std::size_t n_threads;
  Arena arena;
};

TbbExecutor::TbbExecutor(std::size_t n_threads) : state_(std::make_unique<State>(n_threads)) {}
TbbExecutor::~TbbExecutor() = default;

std::size_t TbbExecutor::n_workers() const {
  return state_->n_threads;
}

void TbbExecutor::for_each(std::size_t n,
                           FunctionRef<void(std::size_t index, std::size_t worker)> work) {
  if (state_->n_threads == 1 || n <= 1) {
    SerialExecutor().for_each(n, work);
    return;
  }
  //   indices (serial, ascending) ──> work (parallel), at most one index a thread on the way
  std::size_t next = 0;
  const auto indices = tbb::make_filter<void, std::size_t>(
      tbb::filter_mode::serial_in_order, [&next, n](tbb::flow_control& control) -> std::size_t {
        if (next < n) return next++;
        control.stop();
        return n;
      });
  const auto run = tbb::make_filter<std::size_t, void>(
      tbb::filter_mode::parallel, [&work](std::size_t index) { work(index, Arena::worker()); });
  state_->arena.execute([&] { tbb::parallel_pipeline(state_->n_threads, indices & run); });
}

}  // namespace qtot::rollout
