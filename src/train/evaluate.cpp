#include "qtot/train/evaluate.h"

namespace qtot::train {

std::vector<rollout::EpisodeStats> evaluate(rollout::Collector& collector,
                                            const rollout::Policy& policy, std::uint64_t seed,
                                            core::Ticket first, int n_episodes) {
  return collector.collect({.first = first,
                            .count = static_cast<std::size_t>(n_episodes),
                            .policy = policy,
                            .rules = rollout::evaluation_rules(seed),
                            .ring = nullptr,
                            .on_done = nullptr});
}

}  // namespace qtot::train
