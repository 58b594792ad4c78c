#include "envs/combat/obstacles.h"

#include <algorithm>

namespace qtot::envs::combat {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

Obstacle::Obstacle(Vec low_corner, Vec high_corner)
    : low(low_corner),
      high(high_corner),
      edges{{{{low.x, low.y}, {1, 0}},
             {{high.x, low.y}, {0, 1}},
             {{high.x, high.y}, {-1, 0}},
             {{low.x, high.y}, {0, -1}}}} {}

bool Obstacle::is_within(double radius, Vec p) const {
  const double dx = std::max({0.0, low.x - p.x, p.x - high.x});
  const double dy = std::max({0.0, low.y - p.y, p.y - high.y});
  return dx <= radius && dy <= radius && dx * dx + dy * dy <= radius * radius;
}

std::vector<Obstacle> find_obstacles(const CombatMap& map) {
  std::array<std::array<bool, kMapSize>, kMapSize> is_taken{};  // [y][x]
  const auto is_blocked_row = [&](int y, int x_begin, int x_end) {
    for (int x = x_begin; x < x_end; ++x) {
      if (map.walkable[at(y)][at(x)]) return false;
    }
    return true;
  };
  std::vector<Obstacle> obstacles;
  for (int y = 0; y < kMapSize; ++y) {
    for (int x = 0; x < kMapSize; ++x) {
      if (is_taken[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] ||
          map.walkable[at(y)][at(x)]) {
        continue;
      }
      int x_end = x + 1;
      while (x_end < kMapSize && !map.walkable[at(y)][at(x_end)]) ++x_end;
      int y_end = y + 1;
      while (y_end < kMapSize && is_blocked_row(y_end, x, x_end)) ++y_end;
      for (int row = y; row < y_end; ++row) {
        auto& taken = is_taken[at(row)];
        std::fill(taken.begin() + x, taken.begin() + x_end, true);
      }
      obstacles.emplace_back(Vec{static_cast<double>(x), static_cast<double>(y)},
                             Vec{static_cast<double>(x_end), static_cast<double>(y_end)});
    }
  }
  return obstacles;
}

}  // namespace qtot::envs::combat
