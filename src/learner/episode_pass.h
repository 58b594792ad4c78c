#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "learner/episode_inputs.h"
#include "learner/episode_plan.h"
#include "learner/target_cache.h"
#include "qtot/learner/learner.h"
#include "qtot/learner/peers.h"
#include "qtot/nn/workspace.h"

namespace qtot::learner {

/// Everything one pass needs beside its episode.
template <class T>
struct PassContext {
  const Network<T>& network;
  const LearnerConfig& config;
  nn::Weights<T> online;
  nn::Weights<T> target;
  math::Sum<T> d_loss_factor;  // 2 * loss_factor / number of loss terms of the batch
  math::Sum<T> d_regulariser;  // attend_reg_coef / number of (step, agent) of its mean
  RewardTransform<T> rewards;
  Probe<T>* probe = nullptr;
};

/// One episode of a batch, and where its results go.
template <class T>
struct EpisodeTask {
  const EpisodePlan* plan = nullptr;  // of at least one step
  std::size_t position = 0;           // in the batch
  T* gradient =
      nullptr;  // [P], overwritten with dL/dparameters of this episode's share of the loss
  EpisodeSums<T>* sums = nullptr;                   // overwritten
  typename TargetCache<T>::Place target_utilities;  // where they are kept from update to update
};

/// What one worker keeps from pass to pass.
template <class T>
struct PassMemory {
  nn::Workspace<T> workspace;
  std::vector<std::int32_t> columns;  // of the one-hots of all episodes
};

/// Forward and backward pass of some episodes, the one with the most steps first: the algorithm box of
/// the learner. What is computed for an episode is a function of it alone; side by side, at most
/// agents::kMaxTogether, they share what is read of the agents' weights.
template <class T>
void learn_episodes(const PassContext<T>& context, std::span<const EpisodeTask<T>> tasks,
                    PassMemory<T>& memory);

}  // namespace qtot::learner
