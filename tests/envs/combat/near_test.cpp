// Nothing near is missed: the lists by cell and by strip against looking at everything.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "envs/combat/crowd.h"
#include "envs/combat/obstacles.h"
#include "qtot/math/elementary.h"
#include "qtot/math/philox.h"

namespace qtot::envs::combat {
namespace {

// Of the map and around it; every fourth on the edge of a cell.
class Points {
 public:
  double draw() {
    math::Draws draws({.seed = 5, .ticket = n_drawn_++});
    const double x = 40 * draws.uniform() - 4;
    return draws.below(4) == 0 ? static_cast<double>(static_cast<int>(x)) : x;
  }

 private:
  std::uint64_t n_drawn_ = 0;
};

TEST(CombatNear, ObstaclesOfACellAreThoseOfAScanOfAll) {
  constexpr int kPoints = 4000;
  constexpr double kReach = 5.125;  // more than any horizon: 5 cells and some
  Points points;
  for (const std::string& name : map_names()) {
    const CombatMap map = named_map(name);
    const std::vector<Obstacle> all = find_obstacles(map);
    const NearObstacles lists(map, kReach);
    ASSERT_EQ(lists.size(), all.size());
    for (int k = 0; k < kPoints; ++k) {
      const Vec p = {points.draw(), points.draw()};
      const double horizon = k % 2 == 0 ? kReach : k % 5 + 0.5;
      std::vector<Vec> expected, found;
      for (const Obstacle& obstacle : all) {
        if (obstacle.is_within(horizon, p)) expected.push_back(obstacle.low);
      }
      for (const Obstacle& obstacle : lists.near(p)) {
        if (obstacle.is_within(horizon, p)) found.push_back(obstacle.low);
      }
      ASSERT_EQ(found.size(), expected.size()) << name << " at " << p.x << ", " << p.y;
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_TRUE(found[i].x == expected[i].x && found[i].y == expected[i].y) << name;
      }
    }
  }
}

// Two of three units live; as many as one word of a set holds, less, and more.
TEST(CombatNear, NeighboursOfAStripAreThoseOfAScanOfAll) {
  Points points;
  for (const int n_units : {1, 17, 20, 64, 65, 200}) {
    Neighbourhood neighbourhood;
    neighbourhood.reserve(static_cast<std::size_t>(n_units));
    for (int round = 0; round < 5; ++round) {
      Places places;
      std::vector<int> living;
      neighbourhood.clear();
      for (int id = 0; id < n_units; ++id) {
        places.x.push_back(points.draw());
        places.y.push_back(points.draw());
        if (id % 3 == round % 3) continue;
        living.push_back(id);
        neighbourhood.add(id);
      }
      neighbourhood.note(places);
      for (const double reach : {0.0, 0.75, 1.0, 2.5}) {
        const auto one = static_cast<std::size_t>(n_units / 2);  // exactly as far away as may be
        const double x = places.x[one] + reach, y = places.y[one];
        const auto is_near = [&](int id) {
          const double dx = x - places.x[static_cast<std::size_t>(id)];
          const double dy = y - places.y[static_cast<std::size_t>(id)];
          return dx * dx + dy * dy <= reach * reach;
        };
        std::vector<int> expected, found;
        for (const int id : living) {
          if (is_near(id)) expected.push_back(id);
        }
        neighbourhood.visit_near(x, y, reach, [&](int id) {
          if (is_near(id)) found.push_back(id);
        });
        ASSERT_EQ(found, expected) << n_units << " units, " << x << ", " << y << ", " << reach;
      }
    }
  }
}

}  // namespace
}  // namespace qtot::envs::combat
