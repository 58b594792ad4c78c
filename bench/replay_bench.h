#pragma once

#include <cstddef>
#include <string>

#include "qtot/core/dec_pomdp_spec.h"

/// The memory that the replay ring takes.
namespace qtot::bench {

struct ReplayBenchOptions {
  std::string shape = "27m_vs_30m";  // see parse_shape()
  std::string lengths = "full";      // see draw_lengths()
  int n_episodes = 500;              // that are really stored
  int capacity = 5000;               // that the report reckons with
};

struct ReplayReport {
  ReplayBenchOptions options;
  core::DecPomdpSpec spec = {};
  double mean_length = 0;
  double bytes_per_episode = 0;     // of content
  double resident_per_episode = 0;  // what the process grew by, measured
  double padded_per_episode = 0;    // PyMARL's: every episode as long as the limit, one-hots, int64
  double capacity_gib = 0;          // resident, for `capacity` episodes
};

/// Fills a ring twice, first with episodes of the longest kind and then with what was asked for: a ring
/// that has been in use for long. Throws Error for an unknown shape or kind of lengths, or when the
/// process may not have the memory.
ReplayReport bench_replay(const ReplayBenchOptions& options);

std::string to_text(const ReplayReport& report);

}  // namespace qtot::bench
