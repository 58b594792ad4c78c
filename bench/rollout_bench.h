#pragma once

#include <cstdint>
#include <string>

#include "bench/statistics.h"
#include "qtot/config/training_config.h"

/// Environment steps with acting: the flow graph, the environments and the agent network.
namespace qtot::bench {

struct RolloutBenchOptions {
  int n_threads = 1;
  int n_rounds = 15;    // timed ones, after two that are not
  int n_episodes = 32;  // of a round
};

struct RolloutReport {
  std::string env;
  RolloutBenchOptions options;
  std::string isa = {};
  Spread steps_per_second = {};  // environment steps, wall clock
  double gflops = 0;             // of the agent network's products
  double peak_gflops = 0;        // FMA peak of as many threads, measured in the same run
  double share_of_peak = 0;
};

/// Plays rounds with the initial parameters and the configuration's first epsilon.
RolloutReport bench_rollout(const config::TrainingConfig& config,
                            const RolloutBenchOptions& options);

std::string to_text(const RolloutReport& report);

}  // namespace qtot::bench
