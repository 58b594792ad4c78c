#pragma once

#include <string>
#include <vector>

#include "bench/statistics.h"
#include "qtot/cluster/transport.h"
#include "qtot/core/dec_pomdp_spec.h"

/// A step of learning on synthetic batches.
namespace qtot::bench {

struct LearnerBenchOptions {
  std::string shape = "3m";  // see parse_shape()
  int batch_size = 32;
  int n_threads = 1;
  std::string lengths = "full";  // see draw_lengths()
  std::string mixer = "qmix";    // qmix | vdn | iql
  int hidden_dim = 64;           // of the agent
  int n_updates = 15;            // timed ones, after two that are not
  int projected_threads = 0;     // 0: no projections; else to 1, 2, 4, ... as far as this
  cluster::Transport* transport = nullptr;  // to the ranks that learn with this one
};

/// An update on more threads than were run, reckoned from the times of its pieces on one (projection.h).
struct Projection {
  int n_threads = 0;
  double seconds = 0;  // median of one update
  double speedup =
      0;  // against 1 thread reckoned in the same way; median of ratios, update by update
};

struct LearnerReport {
  core::DecPomdpSpec spec;
  LearnerBenchOptions options;
  std::string isa = {};
  int n_ranks = 1;
  Spread seconds = {};     // of one update of all ranks together, wall clock
  double gflop = 0;        // of one update, flop_of_update()
  double gflops = 0;       // gflop / median seconds
  double peak_gflops = 0;  // FMA peak of as many threads on every rank, measured in the same run
  double share_of_peak = 0;
  double learner_mb = 0;  // memory that the learner occupies, without the batch, 1e6 bytes
  std::vector<Projection> projections = {};
};

/// Throws Error for a shape, mixer or kind of lengths that is not known.
LearnerReport bench_learner(const LearnerBenchOptions& options);

/// Operations of one update, an fma being two: B episodes of L_b steps, N agents, A actions, X inputs
/// (observation, last action, id), H hidden units; state S, embedding E, hypernetwork width W.
///
///   a        = 2 (X H + 6 H^2 + H A)                          one agent row forward
///   agents   = sum over b of 2 N (L_b + 1) a                  online and target
///            + sum over b of 2 N L_b (X H + 12 H^2 + H)       gradients of weights and inputs
///   m        = 2 (2 S W + 2 S E + W N E + W E + E) + 4 (N E + E)            one mixer row forward
///   mixer    = sum over b of L_b [ 2 m + 2 (2 S W + 2 S E + W N E + W E + E) + 2 (W N E + W E)
///                                  + 8 N E ]                 (0 for vdn and iql)
double flop_of_update(const core::DecPomdpSpec& spec, const std::vector<int>& lengths,
                      const std::string& mixer, int hidden_dim);

std::string to_text(const LearnerReport& report);

}  // namespace qtot::bench
