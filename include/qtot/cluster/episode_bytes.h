#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "qtot/core/episode.h"
#include "qtot/rollout/play.h"

/// Episodes as messages: their arrays one after the other, nothing padded, no more than one bit an action
/// of availability. Ranks of one run have one byte order (docs/cluster.md).
namespace qtot::cluster {

/// What travels of an episode whose outline the receiver has: states, obs, avail, actions, mu.
std::size_t n_content_bytes(const core::Episode& outline);
void pack_content(const core::Episode& episode, std::vector<std::byte>& bytes);
/// Makes `episode` the whole of `outline`. `bytes` has the size that n_content_bytes() says (QTOT_CHECK).
void unpack_content(const core::Episode& outline, std::span<const std::byte> bytes,
                    core::Episode& episode);

/// What every rank gets of every episode: the figures, and, of a training episode, the outline.
struct Outline {
  rollout::EpisodeStats stats;
  std::vector<float> rewards;
};

/// Of the longest episode; each takes as much.
std::size_t n_outline_bytes(int longest);
/// `rewards` may be empty: figures alone.
void pack_outline(const rollout::EpisodeStats& stats, std::span<const float> rewards,
                  std::span<std::byte> bytes);
Outline unpack_outline(std::span<const std::byte> bytes, bool has_rewards);

}  // namespace qtot::cluster
