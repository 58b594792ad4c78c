#pragma once

#include <algorithm>
#include <array>
#include <span>
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
    Vec span = {};  // to where it ends
  };

  Vec low;   // corner of least x and y
  Vec high;  // opposite corner
  std::array<Edge, 4> edges;

  Obstacle(Vec low_corner, Vec high_corner);

  /// Whether a point of it lies within `radius` of `p`.
  bool is_within(double radius, Vec p) const { return is_within(radius, p, p); }
  /// Whether a point of it lies within `radius` of a point of another rectangle.
  bool is_within(double radius, Vec other_low, Vec other_high) const {
    const double dx = std::max({0.0, low.x - other_high.x, other_low.x - high.x});
    const double dy = std::max({0.0, low.y - other_high.y, other_low.y - high.y});
    return dx <= radius && dy <= radius && dx * dx + dy * dy <= radius * radius;
  }
};

/// The blocked cells of `map` as rectangles, row by row from y = 0: each takes the longest run of cells of its row
/// and then as many rows as are blocked all along it.
std::vector<Obstacle> find_obstacles(const CombatMap& map);

/// The obstacles of a map, to be asked which may lie near a point: for each cell it lists those within `reach` of a
/// point of the cell. Rounding loses none: the distance of a cell is exact, and since rounding keeps the order of
/// numbers, that of no point of it comes out smaller.
class NearObstacles {
 public:
  NearObstacles(const CombatMap& map, double reach);

  std::size_t size() const { return obstacles_.size(); }
  /// All that are within `reach` of `p`, and perhaps others, in the order of find_obstacles.
  std::span<const Obstacle> near(Vec p) const;

 private:
  std::vector<Obstacle> obstacles_;
  std::vector<Obstacle> listed_;  // cell after cell
  std::vector<std::size_t>
      cell_begins_;  // in listed_; cell y * kMapSize + x ends where the next begins
};

}  // namespace qtot::envs::combat
