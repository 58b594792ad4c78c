#pragma once

#include "env_check/trace_env.h"

/// Recordings of MPE2's simple_spread, simple_speaker_listener, simple_reference and simple_tag.
namespace qtot::env {

config::Map mpe_args(const Json& config, const Place& place);

/// `s` as our snapshot. Recordings of simple_reference have in `s.goal` what agent 0 knows alone;
/// what agent 1 knows is read from the colour that it sees.
Snapshot mpe_snapshot(const Json& config, const Json& line, const Place& place);

/// 1e-9 for positions, velocities and rewards, 1e-6 for what is seen of them as float32.
Tolerance mpe_tolerance(const Json& config, const DecPomdpSpec& spec, const Place& place);

}  // namespace qtot::env
