#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "qtot/rollout/play.h"

namespace qtot::rollout {

/// Plays rounds of episodes on many threads, by a flow graph of oneTBB:
///
///   tickets ──> limit ──> play (parallel) ──> in_order ──> done (serial, ticket order)
///                 ^                                          │
///                 └──────────────── one more ────────────────┘
///
/// play has one Player per thread and writes straight into the ring; limit lets no more tickets on the
/// way than the ring admits; done calls Round::on_done. Which thread plays a ticket and when it is
/// finished shows in no result: collect() gives what collect_serial() gives, with any number of
/// threads.
class Collector {
 public:
  /// Builds `n_threads` environments.
  Collector(std::size_t n_threads, const EnvFactory& make_env);
  /// Stops a round that nobody waited for; an exception of it is lost.
  ~Collector();

  std::size_t n_threads() const;
  const core::DecPomdpSpec& spec() const;
  bool reports_wins() const;

  /// Begins a round and returns at once, so that the caller can learn meanwhile (pipeline: 1). Until
  /// wait() has returned, what `round` points to must stay, and on_done runs on any thread. The other
  /// n_threads - 1 threads play; with one thread playing begins at wait().
  void start(const Round& round);

  /// Joins in and returns when the round is over: the stats by ticket. Throws what an environment or
  /// on_done threw first, after all running episodes have ended; then the tickets without a published
  /// episode are those that were not played.
  std::vector<EpisodeStats> wait();

  /// start() and wait().
  std::vector<EpisodeStats> collect(const Round& round);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qtot::rollout
