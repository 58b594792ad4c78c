#pragma once

#include "envs/rware/layout.h"
#include "qtot/env/env.h"

/// The state of a warehouse as arrays, in the names and order of the recordings:
///
///   step, inactive   numbers
///   agents   [N, 5]  x, y, direction, id of the carried shelf (0: none), whether it has delivered
///   shelves  [M, 2]  x, y by id - 1
///   queue    [Q]     ids of the requested shelves
namespace qtot::envs::rware {

struct Counters {
  int step = 0;
  int inactive = 0;  // steps since the last delivery
};

env::Snapshot write_snapshot(const Warehouse& warehouse, const Counters& counters);

/// Sets robots, shelves and queue, not the grids. Throws Error that names the array, and changes
/// nothing, when a number does not fit, two robots or two shelves share a cell, a carried shelf is not
/// where its robot is, or a shelf is requested twice.
Counters read_snapshot(const env::Snapshot& snapshot, int episode_limit, Warehouse& warehouse);

}  // namespace qtot::envs::rware
