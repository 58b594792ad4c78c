#pragma once

#include "envs/mpe/scenario.h"

namespace qtot::envs::mpe {

/// The agents and landmarks as discs; what lies outside the picture is drawn at its border.
/// `has_moved`: whether a step led here, so that catches are deeds.
void draw(const Scenario& scenario, const World& world, bool has_moved, env::Drawing& out);

/// "left"; "say 2"; "left, say 2"; "none" for an action that the agent does not have.
std::string action_name(const World& world, int agent, int action);

/// The positions, to three decimals, the goals, and what was said last.
std::string text(const World& world);

}  // namespace qtot::envs::mpe
