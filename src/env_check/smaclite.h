#pragma once

#include <memory>

#include "env_check/trace_env.h"

/// The recordings of SMAClite, replayed by our `combat`.
namespace qtot::env {

/// env_args from the header's `config`: the map as text (groups, attack point, terrain, limit) and
/// the reference's rules. Throws Error when the units' statistics are not ours.
config::Map smaclite_args(const Json& config, const Place& place);

/// `s` in the order of our snapshot. Removed units are absent there: of them only `alive` is known.
Snapshot smaclite_snapshot(const Json& config, const Json& line, const Place& place);

/// `u.order`: for each tick the units in the order in which they act.
std::unique_ptr<ScriptedChance> smaclite_script(const Json& config, const Json& line,
                                                const DecPomdpSpec& spec, const Snapshot& ours,
                                                const Place& place);

/// Positions and velocities, and what is seen of positions, up to 1e-5; all else equal.
Tolerance smaclite_tolerance(const Json& config, const DecPomdpSpec& spec, const Place& place);

/// Throws Error when a unit of `config.units` is none of ours or has other statistics.
void check_smaclite_units(const Json& units, const Place& place);

}  // namespace qtot::env
