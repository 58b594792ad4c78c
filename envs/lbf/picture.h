#pragma once

#include <span>
#include <string>

#include "envs/lbf/sight.h"
#include "qtot/env/drawing.h"

/// What people see of the game.
namespace qtot::envs::lbf {

/// A player who loaded in the last step, and whether its group's levels were enough. Neither it nor the food
/// moves while it loads.
struct Attempt {
  Piece player;
  int food_row = 0;
  int food_col = 0;
  bool succeeded = false;
};

void draw(const Scene& scene, std::span<const Attempt> attempts, env::Drawing& out);

/// "none", "north", "south", "west", "east", "load".
std::string action_name(env::Action action);

/// The field row by row, in the manner of chess positions: players A, B, ... ('&' where two share a
/// cell), foods by their level ('#' above 9).
std::string field_text(const Scene& scene);

}  // namespace qtot::envs::lbf
