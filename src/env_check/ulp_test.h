#pragma once

#include <functional>
#include <memory>

#include "env_check/comparison.h"
#include "env_check/trace_env.h"

namespace qtot::env {

/// Whether some replay of the step agrees with the recording (all that must be equal, and every number
/// within its bound) after one position in `start` was moved by one float32 ulp up or down:
/// tolerance.nudge says which may be moved. `script` makes the step's chance anew. Leaves `env` in
/// another state.
bool passes_ulp_test(Env& env, const Snapshot& start, const Step& step, const Moment& moment,
                     const Tolerance& tolerance,
                     const std::function<std::unique_ptr<ScriptedChance>()>& script);

}  // namespace qtot::env
