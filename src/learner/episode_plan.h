#pragma once

#include "qtot/core/episode.h"
#include "qtot/learner/config.h"
#include "qtot/learner/returns.h"

namespace qtot::learner {

/// What the learner must know of one episode before it computes: how far to unroll and what counts.
/// In the strict preset n_steps = n_valid = returns.n = L. PyMARL's padding quirks (M1, T1) let an
/// episode that was truncated before the longest of its batch run on into padding.
struct EpisodePlan {
  const core::Episode* episode = nullptr;
  int n_steps = 0;      // loss rows; n_steps + 1 slots are unrolled
  int n_valid = 0;      // rows that the loss counts
  ReturnShape returns;  // rows of the recursion; later loss rows stand alone
  double weight = 1;    // of prioritised replay
};

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config);

}  // namespace qtot::learner
