#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bridge/frame.h"
#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::bridge {

/// What a host script says of its environment.
struct PythonSpec {
  core::DecPomdpSpec sizes;
  std::vector<int> n_actions_of;  // [N]
  std::vector<int> obs_dim_of;    // [N]
  bool reports_wins = false;
  bool has_agent_rewards = false;
  bool cuts_episodes = false;  // the limit is env_args.episode_limit: qtot ends an episode there

  std::size_t n_rewards() const;  // R: N, or 1 of the team
  /// Of a kSlot.
  std::size_t slot_bytes() const;
};

/// Reads the payload of a kSpec. `episode_limit` is that of the options. Throws Error, which begins like
/// "says n_agents = 0", for what is no JSON object, lacks a key or breaks a bound; nothing that depends on a
/// number is allocated before that number was checked.
PythonSpec read_spec(Bytes payload, int episode_limit);

/// What a kSlot holds, where it lies in the frame.
struct Slot {
  std::uint32_t flags = 0;
  const std::uint8_t* rewards = nullptr;  // f64 [R]
  const std::uint8_t* obs = nullptr;      // f32 [N * O]
  const std::uint8_t* state = nullptr;    // f32 [S]
  const std::uint8_t* avail = nullptr;    // u8 [N * A]
};

/// Reads a payload of spec.slot_bytes() bytes. Throws Error, which begins like "gave obs[1][4]", for flags that
/// contradict each other or the spec, numbers that are not finite, masks that are not 0 or 1, an agent
/// without an available action, and what lies beyond the sizes of an agent.
Slot read_slot(Bytes payload, const PythonSpec& spec);

}  // namespace qtot::bridge
