#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtot/core/episode.h"

/// Episodes of any shape, made up.
namespace qtot::bench {

/// Agents, actions, observation, state, episode limit of well-known maps: 3m, 2s3z, 8m_vs_9m, MMM2,
/// 27m_vs_30m; and stag_hunt_small.
std::vector<std::string> known_shapes();

/// One of known_shapes(), or "A,U,O,S,T". Throws Error that lists the names for anything else.
core::DecPomdpSpec parse_shape(const std::string& text);

/// A sequence of its own, fast: what it yields is read by no result.
class Random {
 public:
  double next();                         // uniform in [0, 1)
  std::uint32_t below(std::uint32_t n);  // in [0, n), n >= 1

 private:
  std::uint64_t state_ = 1;
};

/// full: all `limit`; ragged: uniform in [limit / 4, limit]; half: limit / 2 in the mean, uniform in
/// [limit / 4, 3 limit / 4]; a number in (0, 1]: all that share of the limit. Throws Error for anything
/// else.
std::vector<int> draw_lengths(const std::string& kind, int limit, int n_episodes, Random& random);

/// Overwrites `episode` with one of `length` steps in which every action is available, as a player
/// fills a slot of the ring.
void make_up(const core::DecPomdpSpec& spec, int length, Random& random, core::Episode& episode);

}  // namespace qtot::bench
