#include "envs/combat/obstacles.h"

#include <gtest/gtest.h>

namespace qtot::envs::combat {
namespace {

// Some cells are covered more than once: a rectangle grows over what an earlier one took, as SMAClite's do.
TEST(CombatObstacles, CoverTheBlockedCellsOfEveryMapAndNoOthers) {
  for (const std::string& name : map_names()) {
    const CombatMap map = named_map(name);
    std::array<std::array<int, kMapSize>, kMapSize> n_covering{};
    for (const Obstacle& o : find_obstacles(map)) {
      for (std::size_t y = static_cast<std::size_t>(o.low.y);
           y < static_cast<std::size_t>(o.high.y); ++y) {
        for (std::size_t x = static_cast<std::size_t>(o.low.x);
             x < static_cast<std::size_t>(o.high.x); ++x) {
          ++n_covering.at(y).at(x);
        }
      }
    }
    for (std::size_t y = 0; y < kMapSize; ++y) {
      for (std::size_t x = 0; x < kMapSize; ++x) {
        EXPECT_EQ(n_covering[y][x] == 0, map.walkable[y][x]) << name << " " << x << " " << y;
      }
    }
  }
}

// By the rule of obstacles.h: row 0's run of two cells also takes row 1, whose third cell is left for itself.
TEST(CombatObstacles, ARunTakesTheRowsAboveThatAreBlockedAllAlongIt) {
  CombatMap map;
  for (auto& row : map.walkable) row.fill(true);
  map.walkable[0][4] = map.walkable[0][5] = false;
  map.walkable[1][4] = map.walkable[1][5] = map.walkable[1][6] = false;
  map.walkable[2][5] = false;
  const std::vector<Obstacle> obstacles = find_obstacles(map);
  ASSERT_EQ(obstacles.size(), 3U);
  EXPECT_EQ(obstacles[0].low.x, 4);
  EXPECT_EQ(obstacles[0].high.x, 6);
  EXPECT_EQ(obstacles[0].high.y, 2);
  EXPECT_EQ(obstacles[1].low.x, 6);
  EXPECT_EQ(obstacles[1].low.y, 1);
  EXPECT_EQ(obstacles[2].low.x, 5);
  EXPECT_EQ(obstacles[2].low.y, 2);
}

TEST(CombatObstacles, EdgesRunCounterClockwiseWithUnitDirections) {
  const Obstacle o({4, 1}, {7, 3});
  for (std::size_t i = 0; i < 4; ++i) {
    const Vec edge = o.edges[(i + 1) % 4].point - o.edges[i].point;
    EXPECT_GT(inner(edge, o.edges[i].direction), 0);
    EXPECT_EQ(det(edge, o.edges[i].direction), 0);
    EXPECT_EQ(inner(o.edges[i].direction, o.edges[i].direction), 1);
    EXPECT_GT(det(o.edges[i].direction, o.edges[(i + 1) % 4].direction), 0);
  }
}

TEST(CombatObstacles, IsWithinMeansTheNearestPoint) {
  const Obstacle o({4, 1}, {7, 3});
  EXPECT_TRUE(o.is_within(1, {5, 4}));
  EXPECT_FALSE(o.is_within(0.99, {5, 4}));
  EXPECT_TRUE(o.is_within(0, {5, 2}));
  EXPECT_TRUE(o.is_within(5, {10, 7}));  // 3, 4 from the corner
  EXPECT_FALSE(o.is_within(4.99, {10, 7}));
}

}  // namespace
}  // namespace qtot::envs::combat
