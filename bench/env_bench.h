#pragma once

#include <cstdint>
#include <string>

#include "bench/statistics.h"
#include "qtot/config/options.h"
#include "qtot/core/dec_pomdp_spec.h"

/// An environment alone, on one core.
namespace qtot::bench {

struct EnvBenchOptions {
  std::string env;  // as env::make_named takes it: an environment or a map
  config::Map env_args;
  int n_steps = 20000;  // of a round
  int n_rounds = 15;    // timed ones, after two that are not
};

struct EnvReport {
  EnvBenchOptions options;
  core::DecPomdpSpec spec = {};
  Spread steps_per_second = {};  // CPU time of one thread
  Spread by_the_clock = {};   // the same by wall time: what other processes do for it counts, too
  double episode_length = 0;  // mean; a reset an episode is part of the time
};

/// Random available actions; observations, state and availability are written after every reset and
/// step. Throws Error for an environment or argument that is not known.
EnvReport bench_env(const EnvBenchOptions& options);

std::string to_text(const EnvReport& report);

}  // namespace qtot::bench
