#pragma once

#include <array>
#include <vector>

#include "envs/combat/map.h"
#include "envs/combat/numbers.h"

namespace qtot::envs::combat {

/// A rectangle of blocked cells, for the collision avoidance: four edges, counter-clockwise from the lower left
/// corner.
struct Obstacle {
  struct Edge {
    Vec point;      // where it begins
    Vec direction;  // of unit length
  };

  Vec low;   // corner of least x and y
  Vec high;  // opposite corner
  std::array<Edge, 4> edges;

  Obstacle(Vec low_corner, Vec high_corner);

  /// Whether a point of it lies within `radius` of `p`.
  bool is_within(double radius, Vec p) const;
};

/// The blocked cells of `map` as rectangles, row by row from y = 0: each takes the longest run of cells of its row
/// and then as many rows as are blocked all along it.
std::vector<Obstacle> find_obstacles(const CombatMap& map);

}  // namespace qtot::envs::combat
