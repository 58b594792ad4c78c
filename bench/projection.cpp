#include "bench/projection.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "bench/clock.h"

namespace qtot::bench {

double makespan(const std::vector<double>& seconds, std::size_t n_workers) {
  std::vector<double> free_at(n_workers, 0.0);
  for (const double piece : seconds) *std::ranges::min_element(free_at) += piece;
  return *std::ranges::max_element(free_at);
}

void ProjectingExecutor::for_each(std::size_t n,
                                  FunctionRef<void(std::size_t index, std::size_t worker)> work) {
  seconds_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    const double start = thread_cpu_seconds();
    work(i, 0);
    seconds_.push_back(thread_cpu_seconds() - start);
  }
  saved_ += std::reduce(seconds_.begin(), seconds_.end()) - makespan(seconds_, n_workers_);
}

double ProjectingExecutor::take_saved() {
  return std::exchange(saved_, 0.0);
}

}  // namespace qtot::bench
