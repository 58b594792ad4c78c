#pragma once

#include <cstdint>
#include <vector>

#include "qtot/rollout/collect.h"
#include "qtot/train/crew.h"

namespace qtot::train {

/// Plays `n_episodes` greedy episodes, tickets from `first` on, on the streams of evaluation: nothing
/// of training is touched. The figures by ticket. A `crew` plays them together.
std::vector<rollout::EpisodeStats> evaluate(rollout::Collector& collector,
                                            const rollout::Policy& policy, std::uint64_t seed,
                                            core::Ticket first, int n_episodes,
                                            Crew* crew = nullptr);

}  // namespace qtot::train
