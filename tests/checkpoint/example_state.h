#pragma once

#include "qtot/checkpoint/state.h"

namespace qtot::test {

/// A State of a few hundred bytes with something in every field: three tensors of 7 numbers in all,
/// two episodes of 2 agents, 3 actions, obs 2, state 1 (one terminated after 2 steps, one truncated
/// after 1), tickets 5 and 6.
checkpoint::State example_state();

}  // namespace qtot::test
