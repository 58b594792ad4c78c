#pragma once

#include <string>

#include "envs/rware/layout.h"
#include "qtot/env/drawing.h"
#include "qtot/env/env.h"

/// What people see of a warehouse.
namespace qtot::envs::rware {

/// Standing and carried shelves are cells, the requested ones marked with R; goals have a G; a robot
/// that carries a shelf has a full bar.
void draw(const Warehouse& warehouse, int sensor_range, env::Drawing& out);

/// "stay", "forward", "left", "right", "toggle".
std::string action_name(env::Action action);

/// The grid row by row: ^v<> a robot and where it looks, AV() the same with a shelf, S a shelf, R a
/// requested one, G a goal.
std::string grid_text(const Warehouse& warehouse);

}  // namespace qtot::envs::rware
