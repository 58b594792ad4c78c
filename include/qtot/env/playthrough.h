#pragma once

#include <cstdint>
#include <string>

#include "qtot/env/env.h"

namespace qtot::env {

/// One episode of `env` as text that a person can review: ticket 0 of `seed`, each agent drawing
/// uniformly among its available actions (the exploration stream), at most `max_steps` steps. Equal
/// seeds give equal text on every machine. A line each for
///
///   t 3  # what env.text() says
///   state 0 1 0                  all numbers, or of long vectors the non-zero ones as index:value
///   obs[0] 0 1 0                 for each agent
///   avail[0] 1 1
///   joint_action 1 0
///   reward 7                     shortest decimals that read back as the same bits
///   terminated 1
///   truncated 0
///
/// It starts with the line `# <command>`: how to make it again.
std::string playthrough(Env& env, const std::string& command, std::uint64_t seed, int max_steps);

}  // namespace qtot::env
