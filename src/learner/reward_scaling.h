#pragma once

#include "learner/episode_inputs.h"
#include "qtot/learner/learner.h"

namespace qtot::learner {

/// How the rewards of `batch` are shifted and scaled (quirk M6). `longest` is T of the padded batch,
/// whose padding counts as zeros in two of the rules; `running` is updated by the third before it is
/// used, as EPyMARL does.
template <class T>
RewardTransform<T> reward_transform(RewardScaling rule, core::Batch batch, int longest,
                                    RewardStatistics<T>& running);

}  // namespace qtot::learner
