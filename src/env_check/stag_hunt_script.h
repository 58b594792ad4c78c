#pragma once

#include <memory>

#include "env_check/trace_env.h"

namespace qtot::env {

/// The chance of one recorded step of stag hunt: `u.perm_agents` and `u.perm_prey` are the orders;
/// `u.prey_move` says which prey moved (-1: it did not); `u.choice` has, for those that moved and in
/// the order of perm_prey, how many directions were possible and which of them was drawn.
std::unique_ptr<ScriptedChance> stag_hunt_script(const Json& config, const Json& line,
                                                 const DecPomdpSpec& spec, const Snapshot& ours,
                                                 const Place& place);

}  // namespace qtot::env
