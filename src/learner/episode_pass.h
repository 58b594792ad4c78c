#pragma once

#include <cstddef>

#include "learner/episode_inputs.h"
#include "learner/episode_plan.h"
#include "qtot/learner/learner.h"
#include "qtot/nn/workspace.h"

namespace qtot::learner {

/// Sums over the valid rows of one episode, rows ascending, then columns.
template <class T>
struct EpisodeSums {
  math::Sum<T> squared_error = 0;  // times the episode's weight
  math::Sum<T> abs_error = 0;
  math::Sum<T> q_taken = 0;
  math::Sum<T> target = 0;
};

/// Everything one pass needs beside its episode.
template <class T>
struct PassContext {
  const Network<T>& network;
  const LearnerConfig& config;
  nn::Weights<T> online;
  nn::Weights<T> target;
  math::Sum<T> d_loss_factor;  // 2 * loss_factor / number of loss terms of the batch
  RewardTransform<T> rewards;
  Probe<T>* probe = nullptr;
};

/// Forward and backward pass of one episode: the algorithm box of the learner. Overwrites `gradient`
/// [P] with dL/dparameters of this episode's share of the loss.
template <class T>
EpisodeSums<T> learn_episode(const PassContext<T>& context, const EpisodePlan& plan,
                             std::size_t position, nn::Workspace<T>& workspace, T* gradient);

}  // namespace qtot::learner
