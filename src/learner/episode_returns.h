#pragma once

#include "learner/episode_pass.h"

namespace qtot::learner {

/// The targets of an episode's loss rows by the rule `returns`.
///
/// @param[in]  terms    [n_steps, K]; next_qs and next_traces of the corrected returns alone
/// @param[out] returns  [n_steps, K]
template <class T>
void episode_returns(const LearnerConfig& config, const EpisodePlan& plan,
                     const ReturnTerms<T>& terms, math::MatView<T> returns);

}  // namespace qtot::learner
