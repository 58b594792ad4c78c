#pragma once

#include "env_check/trace_env.h"

namespace qtot::env {

/// Our arguments for the `config` of a recording of lb-foraging: its constructor's, and no others. The
/// recorded mask is the game's, and the limit of steps ends an episode there.
config::Map lbf_args(const Json& config, const Place& place);

}  // namespace qtot::env
