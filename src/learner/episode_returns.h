#pragma once

#include "learner/episode_pass.h"

namespace qtot::learner {

/// The targets of an episode's loss rows, [n_steps, K].
///
/// @param[in]  rewards       [n_steps, K]
/// @param[in]  target_q_tot  [n_steps, K]  value of slot t + 1 in row t
/// @param[out] returns       [n_steps, K]
template <class T>
void episode_returns(const LearnerConfig& config, const EpisodePlan& plan,
                     math::ConstMatView<T> rewards, math::ConstMatView<T> target_q_tot,
                     math::MatView<T> returns);

}  // namespace qtot::learner
