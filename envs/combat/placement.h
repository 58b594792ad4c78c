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

/// The units in the order of the map's groups and their squads, without any chance. Each group fills
/// a square of side ceil(sqrt(n)) row by row around its centre; enemies are turned by half a turn.
std::vector<Start> place(const CombatMap& map);

}  // namespace qtot::envs::combat
