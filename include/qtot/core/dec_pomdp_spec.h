#pragma once

#include <cstdint>

namespace qtot::core {

/// Number of an episode in the run: 0, 1, 2, ... It fixes the episode's seeds, its slot in the ring,
/// its exploration rate and the policy that plays it.
using Ticket = std::uint64_t;

/// Index of an action, below n_actions.
using Action = std::int32_t;

/// Sizes of a Dec-POMDP (Oliehoek & Amato, 2016), fixed for the life of an environment.
struct DecPomdpSpec {
  int n_agents = 0;
  int n_actions = 0;  // of each agent; unavailable ones are masked
  int obs_dim = 0;    // of each agent
  int state_dim = 0;
  int episode_limit = 0;  // steps after which an episode is cut

  bool operator==(const DecPomdpSpec&) const = default;
};

}  // namespace qtot::core
