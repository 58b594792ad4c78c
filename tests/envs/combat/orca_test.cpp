// Collision avoidance: its half-planes, its solver, and what they are for: nobody walks into another or into a wall.

#include "envs/combat/orca.h"
#include "qtot/math/elementary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

#include "envs/combat/arena.h"

namespace qtot::envs::combat {
namespace {

double length(Vec v) {
  return math::sqrt(inner(v, v));
}

double distance(const Unit& a, const Unit& b) {
  return length({static_cast<double>(a.x) - static_cast<double>(b.x),
                 static_cast<double>(a.y) - static_cast<double>(b.y)});
}

// Any spread of numbers will do; a test's own, so that no change of the library moves it.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : state_(seed) {}
  double between(double low, double high) {
    state_ = state_ * 1664525U + 1013904223U;
    return low + (high - low) * static_cast<double>(state_ >> 8U) / 16777216.0;
  }
  Vec in_square(double half) { return {between(-half, half), between(-half, half)}; }
  Vec direction() {
    while (true) {
      const Vec v = in_square(1);
      if (length(v) > 0.1 && length(v) < 1) return v / length(v);
    }
  }

 private:
  std::uint32_t state_;
};

double depth(const HalfPlane<Vec>& plane, Vec v) {  // > 0: not permitted
  return det(plane.direction, plane.point - v);
}

double worst_depth(const std::vector<HalfPlane<Vec>>& planes, Vec v) {
  double worst = -std::numeric_limits<double>::infinity();
  for (const HalfPlane<Vec>& plane : planes) worst = std::max(worst, depth(plane, v));
  return worst;
}

constexpr double kSpeed = 3;
constexpr int kCells = 300;  // of the grid, along each axis
constexpr double kCell = 2 * kSpeed / kCells;
constexpr double kHalfDiagonal = kCell * 0.70710678118654757;

// What a search over a grid finds among the velocities of the disc.
struct Search {
  double nearest =
      std::numeric_limits<double>::infinity();  // distance from `wanted`, if any is permitted
  double least_depth = std::numeric_limits<double>::infinity();
};

Search search(const std::vector<HalfPlane<Vec>>& planes, Vec wanted) {
  Search found;
  for (int i = 0; i <= kCells; ++i) {
    for (int j = 0; j <= kCells; ++j) {
      const Vec v = {i * kCell - kSpeed, j * kCell - kSpeed};
      if (length(v) > kSpeed) continue;
      const double worst = worst_depth(planes, v);
      found.least_depth = std::min(found.least_depth, worst);
      if (worst <= 0) found.nearest = std::min(found.nearest, length(v - wanted));
    }
  }
  return found;
}

// The solver's answer is permitted, and no point of the grid is permitted and nearer. Without a permitted velocity it
// enters the worst half-plane as little as the best point of the grid, which is within half a diagonal of any point.
TEST(CombatOrca, TheSolverFindsTheNearestPermittedVelocityOrTheLeastBad) {
  Numbers numbers(1);
  int n_feasible = 0;
  int n_infeasible = 0;
  CollisionAvoidance<Vec> avoidance({});
  for (int round = 0; round < 200; ++round) {
    const Vec wanted = numbers.in_square(kSpeed);
    avoidance.begin(
        {.position = {}, .velocity = {}, .wanted = wanted, .radius = 0.5, .speed = kSpeed});
    std::vector<HalfPlane<Vec>> planes;
    const int n_planes = 1 + round % 8;
    for (int i = 0; i < n_planes; ++i) {
      planes.push_back({numbers.direction(), numbers.in_square(2)});
      avoidance.add_half_plane(planes.back().direction, planes.back().point);
    }
    const Vec v = avoidance.solve();
    EXPECT_LE(length(v), kSpeed + 1e-12) << round;
    const Search grid = search(planes, wanted);
    if (grid.least_depth <= 0) {
      ++n_feasible;
      EXPECT_LE(worst_depth(planes, v), 1e-9) << round;  // lines that cross at a small angle
      EXPECT_LE(length(v - wanted), grid.nearest + 1e-9) << round;
    } else if (grid.least_depth > kHalfDiagonal) {
      ++n_infeasible;
      EXPECT_LE(worst_depth(planes, v), grid.least_depth + 1e-9) << round;
      EXPECT_GE(worst_depth(planes, v), grid.least_depth - kHalfDiagonal * 2) << round;
    }
  }
  EXPECT_GT(n_feasible, 40);
  EXPECT_GT(n_infeasible, 40);
}

TEST(CombatOrca, WithoutHalfPlanesTheWantedVelocityIsTakenUpToTheSpeed) {
  CollisionAvoidance<Vec> avoidance({});
  avoidance.begin({.position = {}, .velocity = {}, .wanted = {1, 2}, .radius = 0.5, .speed = 3});
  EXPECT_EQ(avoidance.solve().y, 2);
  avoidance.begin({.position = {}, .velocity = {}, .wanted = {6, 8}, .radius = 0.5, .speed = 3});
  EXPECT_NEAR(avoidance.solve().x, 1.8, 1e-15);
  EXPECT_NEAR(avoidance.solve().y, 2.4, 1e-15);
}

// How near a unit at the origin comes within a second, at relative velocity v, to a point.
double closest_within_a_second(Vec point, Vec v) {
  const double squared = inner(v, v);
  const double t = squared == 0 ? 0 : std::clamp(inner(point, v) / squared, 0.0, 1.0);
  return length(point - v * t);
}

// A neighbour's half-plane touches the velocities that collide within a second where they are nearest: beside a unit
// that stands, one that wants to go on as it does changes its velocity as little as keeps it apart.
TEST(CombatOrca, ANeighbourCostsTheSmallestChangeThatAvoidsIt) {
  Numbers numbers(3);
  CollisionAvoidance<Vec> avoidance({});
  int n_threatened = 0;
  for (int round = 0; round < 60; ++round) {
    const Vec position = numbers.direction() * numbers.between(1.1, 3);
    const Vec velocity = position + numbers.in_square(1);  // towards it
    avoidance.begin(
        {.position = {}, .velocity = velocity, .wanted = velocity, .radius = 0.5, .speed = 10});
    avoidance.add_neighbour({.position = position,
                             .velocity = {},
                             .distance_squared = inner(position, position),
                             .radius = 0.5,
                             .wants_to_move = false});
    const Vec v = avoidance.solve();
    EXPECT_GE(closest_within_a_second(position, v), 1 - 1e-9);
    n_threatened += closest_within_a_second(position, velocity) < 1 ? 1 : 0;
    double nearest = std::numeric_limits<double>::infinity();
    for (int i = -kCells; i <= kCells; ++i) {
      for (int j = -kCells; j <= kCells; ++j) {
        const Vec change = {i * kCell / 2, j * kCell / 2};
        if (closest_within_a_second(position, velocity + change) < 1) continue;
        nearest = std::min(nearest, length(change));
      }
    }
    EXPECT_LE(length(v - velocity), nearest + 1e-9) << round;
  }
  EXPECT_GT(n_threatened, 30);
}

// The promise of the paper: two units that do not overlap and both take a permitted velocity keep apart for the time
// horizon, a second.
TEST(CombatOrca, TwoUnitsThatBothAvoidKeepApartForASecond) {
  Numbers numbers(2);
  CollisionAvoidance<Vec> avoidance({});
  int n_threatened = 0;
  for (int round = 0; round < 2000; ++round) {
    struct Body {
      Vec position, velocity, wanted, next;
      double radius;
    };
    std::array<Body, 2> bodies;
    for (Body& body : bodies) {
      body = {numbers.in_square(2),
              numbers.in_square(2),
              numbers.direction() * kSpeed,
              {},
              numbers.between(0.3, 1)};
    }
    const Vec apart = bodies[1].position - bodies[0].position;
    const double radii = bodies[0].radius + bodies[1].radius;
    if (length(apart) <= radii) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      const Body& self = bodies[i];
      const Body& other = bodies[1 - i];
      avoidance.begin({.position = self.position,
                       .velocity = self.velocity,
                       .wanted = self.wanted,
                       .radius = self.radius,
                       .speed = kSpeed});
      avoidance.add_neighbour({.position = other.position,
                               .velocity = other.velocity,
                               .distance_squared = inner(apart, apart),
                               .radius = other.radius,
                               .wants_to_move = true});
      bodies[i].next = avoidance.solve();
    }
    const auto closest = [&](Vec a, Vec b) {
      double least = std::numeric_limits<double>::infinity();
      for (int step = 0; step <= 64; ++step) {
        least = std::min(least, length(apart + (b - a) * (step / 64.0)));
      }
      return least;
    };
    n_threatened += closest(bodies[0].wanted, bodies[1].wanted) < radii ? 1 : 0;
    EXPECT_GE(closest(bodies[0].next, bodies[1].next), radii - 1e-9) << round;
  }
  EXPECT_GT(n_threatened, 200);
}

// Radii 0.5, centres 2 apart: from standing, a change of 1 towards the other would just touch it within a second.
TEST(CombatOrca, AUnitAvoidsOneThatStandsAloneAndSharesWithOneThatMoves) {
  for (const bool moves : {false, true}) {
    CollisionAvoidance<Vec> avoidance({});
    avoidance.begin({.position = {}, .velocity = {}, .wanted = {3, 0}, .radius = 0.5, .speed = 3});
    avoidance.add_neighbour({.position = {2, 0},
                             .velocity = {},
                             .distance_squared = 4,
                             .radius = 0.5,
                             .wants_to_move = moves});
    EXPECT_EQ(avoidance.solve().x, moves ? 0.5 : 1);
  }
}

// Zealots see each other when they touch (largest radius + own radius), so that they overlap by what both walk in the
// tick in which they meet, at most, and then part.
TEST(CombatOrca, TwoUnitsHeadOnPassAndOverlapByOneTickAtMost) {
  constexpr double kBothInATick = 2 * 3.15 / kTicksPerSecond;
  for (const Rules rules : {Rules::kFixed, Rules::kCompat}) {
    for (const double aside : {0.05, 0.3, 0.7}) {
      Skirmish fight({ally(kZealot, 10, 16), ally(kZealot, 16, 16 + aside)}, rules);
      fight.walk(0, 20, 16);
      fight.walk(1, 6, 16 + aside);
      double closest = 100;
      for (int tick = 0; tick < 16 * 5; ++tick) {
        fight.ticks(1);
        closest = std::min(closest, distance(fight.unit(0), fight.unit(1)));
      }
      EXPECT_GE(closest, 1 - kBothInATick) << aside;
      EXPECT_GT(fight.unit(0).x, fight.unit(1).x + 1) << aside;
    }
  }
}

std::optional<std::string> blocked_unit(const env::Env& env, const CombatMap& map,
                                        const std::vector<bool>& is_excused) {
  const std::vector<double> units = env.snapshot()[1].second;
  for (std::size_t id = 0; id * kRowSize < units.size(); ++id) {
    const double x = units[id * kRowSize + 5];
    const double y = units[id * kRowSize + 6];
    if (units[id * kRowSize] == 0 || is_excused[id]) continue;
    if (!(x >= 0 && x < kMapSize && y >= 0 && y < kMapSize)) continue;  // beyond the edge no ground
    if (!map.walkable[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)]) {
      return "unit " + std::to_string(id) + " at " + std::to_string(x) + ", " + std::to_string(y);
    }
  }
  return std::nullopt;
}

TEST(CombatOrca, NobodyOnTheGroundEntersBlockedCells) {
  for (const std::string& name : map_names()) {
    const CombatMap map = named_map(name);
    if (map.groups.empty()) continue;  // its teams are drawn: who starts where is not known here
    const auto env = env::make_named(name);
    std::vector<bool> is_excused;  // who flies or starts inside
    for (const Start& start : place(map)) {
      is_excused.push_back(
          unit_type(start.kind).plane == Plane::kAir ||
          !map.walkable[static_cast<std::size_t>(start.y)][static_cast<std::size_t>(start.x)]);
    }
    std::uint64_t ticket = 0;
    test::reset(*env, ticket);
    for (int t = 0, step = 0; step < 200; ++step, ++t) {
      test::random_step(*env, ticket, t);
      const auto found = blocked_unit(*env, map, is_excused);
      ASSERT_FALSE(found.has_value())
          << name << " episode " << ticket << " step " << t << ": " << *found;
      if (!env->has_ended()) continue;
      test::reset(*env, ++ticket);
      t = -1;
    }
  }
}

}  // namespace
}  // namespace qtot::envs::combat
