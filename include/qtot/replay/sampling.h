#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "qtot/base/fingerprint.h"
#include "qtot/core/episode.h"
#include "qtot/replay/ring.h"

namespace qtot::replay {

using EpisodeRing = Ring<core::Episode>;

/// PyMARL's rule: an update may be made once as many episodes as a batch has are there.
bool can_sample(Ticket oldest, Ticket end, std::size_t batch_size);

/// The batch of update `update`: `tickets.size()` distinct tickets of the window [oldest, end), each
/// set equally likely, ascending; where the window holds no more than that, all of them and no draw.
/// Draws of (seed, Stream::kSampling, ticket = update, step 0). Needs can_sample(): fewer episodes
/// than asked for is a bug in the caller and aborts.
///
/// PyMARL draws the same way (without replacement) but from NumPy's global generator and leaves the
/// batch in the order of the draw; ours is ascending, since the order of a batch is the order of sums.
void sample_batch(std::uint64_t seed, std::uint64_t update, Ticket oldest, Ticket end,
                  std::span<Ticket> tickets);

/// Adds an episode: ticket, length, terminated, then states, obs, avail, actions, rewards.
void add_to(FingerprintHasher& hasher, Ticket ticket, const core::Episode& episode);

/// Adds what the reader may sample: the bounds of the window, then its episodes by ascending ticket.
/// Slots outside the window, and how many slots there are, do not enter.
void add_to(FingerprintHasher& hasher, const EpisodeRing& ring);

}  // namespace qtot::replay
