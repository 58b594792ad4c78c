#pragma once

#include <cstdint>
#include <string>

#include "bridge/frame.h"

/// A host that answers well but for one frame, which it damages: what the test and tests/bridge/evil_host.cpp
/// must agree upon.
namespace qtot::test {

/// Its environment: 2 agents, 3 actions, observations of 4 numbers, a state of 5, episodes of 3 steps.
constexpr int kEvilAgents = 2, kEvilActions = 3, kEvilObs = 4, kEvilState = 5, kEvilLimit = 3;

/// Which of its frames is damaged.
enum class Victim { kSpec, kResetSlot, kStepSlot };
Victim victim_of(std::uint64_t mutation);

/// The payloads of its right answers; `step` 0 is the reset.
std::string evil_spec();
std::string evil_slot(int step);

/// `frame`, which carries the right `payload`, as the mutation of this number makes it. Every 16th leaves it alone.
std::string mutated(std::uint64_t mutation, const std::string& frame, bridge::Kind kind,
                    std::uint64_t sequence, const std::string& payload);

}  // namespace qtot::test
