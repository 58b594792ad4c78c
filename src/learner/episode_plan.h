#pragma once

#include "qtot/core/episode.h"
#include "qtot/learner/config.h"
#include "qtot/learner/returns.h"

namespace qtot::learner {

/// Rows [first, end) but for one. The right mask has neither a hole nor a late start.
struct RowSet {
  int first = 0;
  int end = 0;
  int excluded = -1;

  bool contains(int t) const { return t >= first && t < end && t != excluded; }
  int size() const {
    const int n = end > first ? end - first : 0;
    return contains_hole() ? n - 1 : n;
  }

 private:
  bool contains_hole() const { return excluded >= first && excluded < end; }
};

/// What the learner must know of one episode before it computes: how far to unroll and what counts.
/// In the strict preset mask and loss are rows 0 .. L - 1, and n_steps = returns.n = L. PyMARL's padding
/// quirks (M1, T1) let an episode that was truncated before the longest of its batch run on into padding.
struct EpisodePlan {
  const core::Episode* episode = nullptr;
  int n_steps = 0;      // loss rows; n_steps + 1 slots are unrolled
  RowSet mask;          // rows that count
  RowSet loss;          // rows that are squared and summed: those of the mask, unless by mistake
  RowSet regularised;   // rows whose attention is regularised
  ReturnShape returns;  // rows of the recursion; later loss rows stand alone
  double weight = 1;    // of prioritised replay
};

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config);

}  // namespace qtot::learner
