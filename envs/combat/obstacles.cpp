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
             {{low.x, high.y}, {0, -1}}}} {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    edges[i].span = edges[(i + 1) % edges.size()].point - edges[i].point;
  }
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

NearObstacles::NearObstacles(const CombatMap& map, double reach) : obstacles_(find_obstacles(map)) {
  cell_begins_.push_back(0);
  for (int y = 0; y < kMapSize; ++y) {
    for (int x = 0; x < kMapSize; ++x) {
      const Vec low = {static_cast<double>(x), static_cast<double>(y)};
      for (const Obstacle& obstacle : obstacles_) {
        if (obstacle.is_within(reach, low, low + Vec{1, 1})) listed_.push_back(obstacle);
      }
      cell_begins_.push_back(listed_.size());
    }
  }
}

std::span<const Obstacle> NearObstacles::near(Vec p) const {
  if (!(p.x >= 0 && p.x < kMapSize && p.y >= 0 && p.y < kMapSize)) return obstacles_;
  const std::size_t cell = static_cast<std::size_t>(p.y) * kMapSize + static_cast<std::size_t>(p.x);
  const std::size_t begin = cell_begins_[cell];
  return {listed_.data() + begin, cell_begins_[cell + 1] - begin};
}

}  // namespace qtot::envs::combat
