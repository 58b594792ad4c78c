#include "bench/peak.h"

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

#include "bench/bench_kernels.h"
#include "bench/clock.h"
#include "math/isa.h"
#include "qtot/base/check.h"

namespace qtot::math {

QTOT_DISPATCH(FmaLoopKernels, fma_loop_kernels)

}  // namespace qtot::math

namespace qtot::bench {
namespace {

constexpr double kSecondsPerTrial = 0.01;
constexpr int kTrials = 9;

struct Loop {
  explicit Loop(bool single) : single_precision(single) {
    fmas_per_step = single ? kernels.fmas_per_step_f32 : kernels.fmas_per_step_f64;
  }

  // CPU time of `steps`.
  double run(std::ptrdiff_t steps) const {
    const double start = thread_cpu_seconds();
    volatile double sink =
        single_precision ? static_cast<double>(kernels.loop_f32(steps)) : kernels.loop_f64(steps);
    static_cast<void>(sink);
    return thread_cpu_seconds() - start;
  }

  const math::FmaLoopKernels& kernels = math::pick_fma_loop_kernels();
  bool single_precision;
  std::ptrdiff_t fmas_per_step = 0;
};

std::ptrdiff_t steps_of_a_trial(const Loop& loop) {
  std::ptrdiff_t steps = 64;
  while (loop.run(steps) < kSecondsPerTrial / 4) steps *= 2;
  return steps * 4;
}

// Seconds that all threads together need for `steps` each.
double trial(const Loop& loop, std::ptrdiff_t steps, int threads) {
  std::vector<double> cpu_seconds(static_cast<std::size_t>(threads));
  const double start = wall_seconds();
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < cpu_seconds.size(); ++t) {
      others.emplace_back([&, t] { cpu_seconds[t] = loop.run(steps); });
    }
    cpu_seconds[0] = loop.run(steps);
  }
  const double wall = wall_seconds() - start;
  const bool a_core_each = static_cast<unsigned>(threads) <= std::thread::hardware_concurrency();
  return a_core_each ? *std::max_element(cpu_seconds.begin(), cpu_seconds.end()) : wall;
}

}  // namespace

PeakMeter::PeakMeter(bool single_precision, int threads)
    : single_precision_(single_precision), threads_(threads) {
  QTOT_CHECK_GE(threads, 1);
  steps_ = steps_of_a_trial(Loop(single_precision));
}

double PeakMeter::trial() const {
  const Loop loop(single_precision_);
  const double fmas = static_cast<double>(steps_ * loop.fmas_per_step) * threads_;
  return 2e-9 * fmas / bench::trial(loop, steps_, threads_);
}

double measure_fma_peak_gflops(bool single_precision, int threads) {
  const PeakMeter meter(single_precision, threads);
  double best = meter.trial();
  for (int i = 1; i < kTrials; ++i) best = std::max(best, meter.trial());
  return best;
}

}  // namespace qtot::bench
