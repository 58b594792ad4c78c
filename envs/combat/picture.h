#pragma once

#include "envs/combat/battle.h"
#include "qtot/env/drawing.h"

namespace qtot::envs::combat {

/// The battle as a person sees it: blocked cells, all units (the dead where they fell), and who attacked or healed
/// whom in the last step.
void draw(const Battle& battle, const CombatMap& map, env::Drawing& out);

}  // namespace qtot::envs::combat
