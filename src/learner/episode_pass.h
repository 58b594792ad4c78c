#pragma once

#include <cstddef>
#include <vector>

#include "qtot/core/episode.h"
#include "qtot/learner/learner.h"
#include "qtot/nn/workspace.h"

namespace qtot::learner {

/// What the learner must know of one episode before it computes: how far to unroll and what counts.
/// In the strict preset n_steps = n_valid = L. PyMARL's padding quirks (M1, T1) let an episode that was
/// truncated before the longest of its batch run on into padding.
struct EpisodePlan {
  const core::Episode* episode = nullptr;
  int n_steps = 0;         // loss rows; n_steps + 1 slots are unrolled
  int n_return_steps = 0;  // rows of the lambda recursion
  int n_valid = 0;         // rows that the loss counts
  bool bootstrap = false;  // the value after the last row of the recursion counts
};

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config);

/// Sums over the valid rows of one episode, rows ascending, then columns; in double.
struct EpisodeSums {
  double squared_error = 0;
  double abs_error = 0;
  double q_taken = 0;
  double target = 0;
};

/// Everything one pass needs beside its episode.
template <class T>
struct PassContext {
  const Network<T>& network;
  const LearnerConfig& config;
  nn::Weights<T> online;
  nn::Weights<T> target;
  T d_loss_factor;  // 2 * loss_factor / number of loss terms of the batch
  Probe<T>* probe = nullptr;
};

/// Forward and backward pass of one episode: the algorithm box of the learner. Overwrites `gradient`
/// [P] with dL/dparameters of this episode's share of the loss.
template <class T>
EpisodeSums learn_episode(const PassContext<T>& context, const EpisodePlan& plan,
                          std::size_t position, nn::Workspace<T>& workspace, T* gradient);

}  // namespace qtot::learner
