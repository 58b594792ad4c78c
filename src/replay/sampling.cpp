#include "qtot/replay/sampling.h"

#include "qtot/base/check.h"
#include "qtot/math/philox.h"

namespace qtot::replay {

bool can_sample(Ticket oldest, Ticket end, std::size_t batch_size) {
  return end >= oldest && end - oldest >= batch_size;
}

void sample_batch(std::uint64_t seed, std::uint64_t update, Ticket oldest, Ticket end,
                  std::span<Ticket> tickets) {
  QTOT_CHECK_LE(oldest, end);
  const std::uint64_t n_episodes = end - oldest;
  QTOT_CHECK_LE(tickets.size(), n_episodes);

  if (tickets.size() == n_episodes) {
    for (std::size_t i = 0; i < tickets.size(); ++i) tickets[i] = i;
  } else {
    const math::DrawKey key = {.seed = seed, .stream = math::Stream::kSampling, .ticket = update};
    math::sample_without_replacement(key, n_episodes, tickets);
  }
  for (Ticket& ticket : tickets) ticket += oldest;
}

void add_to(FingerprintHasher& hasher, Ticket ticket, const core::Episode& episode) {
  hasher.add(ticket);
  hasher.add(static_cast<std::uint64_t>(episode.length()));
  hasher.add(std::uint64_t{episode.terminated()});
  hasher.add(episode.all_states());
  hasher.add(episode.all_obs());
  hasher.add(episode.all_avail());
  hasher.add(episode.all_actions());
  hasher.add(episode.rewards());
  if (episode.has_behaviour()) hasher.add(episode.all_mu());
}

void add_to(FingerprintHasher& hasher, const EpisodeRing& ring) {
  hasher.add(ring.oldest());
  hasher.add(ring.end());
  for (Ticket t = ring.oldest(); t < ring.end(); ++t) add_to(hasher, t, ring.episode(t));
}

}  // namespace qtot::replay
