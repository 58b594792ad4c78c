#pragma once

#include <vector>

#include "envs/combat/map.h"

namespace qtot::envs::combat {

/// Where a unit stands before the first step.
struct Start {
  UnitKind kind;
  Side side;
  float x = 0, y = 0;  // centre; SMAClite keeps positions in float32
};

/// The units of a group in the order of its squads, without any chance: they fill a square of side
/// ceil(sqrt(n)) row by row around its centre; enemies are turned by half a turn.
std::vector<Start> place(const Group& group);

/// The units of all groups, in their order.
std::vector<Start> place(const CombatMap& map);

}  // namespace qtot::envs::combat
