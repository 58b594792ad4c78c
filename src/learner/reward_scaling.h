#pragma once

#include "learner/episode_inputs.h"
#include "qtot/learner/learner.h"

namespace qtot::learner {

/// How the rewards of `batch` are shifted and scaled by reward_scale or reward_scaling (quirk M6).
/// `longest` is T of the padded batch, whose padding counts as zeros in two of the rules. The two running
/// rules update `running` before they use it, as EPyMARL does: each drawn batch counts, also its episodes
/// that were drawn before. kRunning is Chan's update of population moments, exact but for the weight 1e-4
/// of mean 0 and variance 1 that the statistics begin with.
template <class T>
RewardTransform<T> reward_transform(const LearnerConfig& config, core::Batch batch, int longest,
                                    RewardStatistics<T>& running);

}  // namespace qtot::learner
