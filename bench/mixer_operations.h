#pragma once

#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/mixers/mixer.h"

namespace qtot::bench {

/// Floating-point operations that a mixer takes per row, two for a fused multiply-add. Products and sums
/// alone: functions such as tanh, and what is copied, count as nothing.
struct MixerOperations {
  double forward = 0;
  double backward = 0;  // parameters, and values of agents
};

/// The sizes that the benchmark gives to the mixer of this name: the peers' defaults.
mixers::MixerConfig mixer_of_bench(const core::DecPomdpSpec& spec, const std::string& name);

/// Throws Error for a mixer whose operations are not counted.
MixerOperations mixer_operations(const core::DecPomdpSpec& spec, const mixers::MixerConfig& mixer);

}  // namespace qtot::bench
