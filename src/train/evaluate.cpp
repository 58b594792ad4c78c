#include "qtot/train/evaluate.h"

namespace qtot::train {

std::vector<rollout::EpisodeStats> evaluate(rollout::Collector& collector,
                                            const rollout::Policy& policy, std::uint64_t seed,
                                            core::Ticket first, int n_episodes, Crew* crew) {
  const rollout::Round round = {.first = first,
                                .count = static_cast<std::size_t>(n_episodes),
                                .policy = policy,
                                .rules = rollout::evaluation_rules(seed),
                                .ring = nullptr,
                                .on_done = nullptr};
  if (crew == nullptr) return collector.collect(round);
  return crew->share(round, collector.collect(crew->part_of(round)));
}

}  // namespace qtot::train
