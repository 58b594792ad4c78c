// The physics, against closed forms and against a twin that is written as the definition reads.

#include "envs/mpe/world.h"

#include <gtest/gtest.h>

#include <cmath>

#include "env/every_env.h"
#include "envs/mpe/scenario.h"

namespace qtot::envs::mpe {
namespace {

constexpr double kTight = 1e-12;
constexpr int kRight = 2;
constexpr int kUp = 4;
constexpr Body kFree = {.is_movable = true};
constexpr Body kDisc = {.size = 0.15, .is_movable = true, .collides = true};
constexpr Body kWall = {.size = 0.2, .collides = true};

World world_of(const std::vector<Body>& bodies, int n_agents, bool old_velocity = true) {
  return World(
      {.bodies = bodies, .n_agents = n_agents, .position_uses_old_velocity = old_velocity});
}

TEST(MpeWorld, ASteadyPushFollowsTheGeometricSeries) {
  for (const bool old_velocity : {true, false}) {
    World world = world_of({kFree}, 1, old_velocity);
    double x = 0;
    for (int t = 1; t <= 25; ++t) {
      world.act(0, kRight);
      world.advance();
      const auto speed_after = [](int n) { return 2 * (1 - std::pow(0.75, n)); };  // 0.5 / 0.25
      x += 0.1 * speed_after(old_velocity ? t - 1 : t);
      EXPECT_NEAR(world.vel[0].x, speed_after(t), kTight);
      EXPECT_NEAR(world.pos[0].x, x, kTight);
      EXPECT_EQ(world.vel[0].y, 0);
      EXPECT_EQ(world.pos[0].y, 0);
    }
  }
}

TEST(MpeWorld, EachMoveAcceleratesAlongItsAxis) {
  const std::vector<Point> expected = {{0, 0}, {-0.5, 0}, {0.5, 0}, {0, -0.5}, {0, 0.5}};
  for (int move = 0; move < kMoves; ++move) {
    World world = world_of({kFree}, 1);
    world.act(0, move);
    world.advance();
    EXPECT_EQ(world.vel[0], expected[static_cast<std::size_t>(move)]) << move;
    EXPECT_EQ(world.pos[0], Point{}) << move;
  }
}

TEST(MpeWorld, TheMoveOfAStepIsForgottenInTheNext) {
  World world = world_of({kFree}, 1);
  world.act(0, kRight);
  world.advance();
  world.act(0, 0);
  world.advance();
  EXPECT_EQ(world.vel[0], (Point{0.375, 0}));
  EXPECT_EQ(world.pos[0], (Point{0.05, 0}));
}

// At the distance where two discs touch, k ln(1 + e^0) = k ln 2; deep inside, the overlap itself.
TEST(MpeWorld, TheContactForceIsTheSoftOverlap) {
  const auto speed_at = [](double distance) {
    World world = world_of({kDisc, kDisc}, 2);
    world.pos = {{distance, 0}, {0, 0}};
    world.act(0, 0);
    world.act(1, 0);
    world.advance();
    EXPECT_EQ(world.vel[1].x, -world.vel[0].x);
    EXPECT_EQ(world.vel[0].y, 0);
    return world.vel[0].x;
  };
  EXPECT_NEAR(speed_at(0.3), 10 * 1e-3 * std::log(2), kTight);
  EXPECT_NEAR(speed_at(0.1), 10 * 0.2, kTight);
  EXPECT_NEAR(speed_at(0.31), 10 * 1e-3 * std::log1p(std::exp(-10)), kTight);
  EXPECT_NEAR(speed_at(0.315) / (10 * 1e-3 * std::log1p(std::exp(-15))), 1, 1e-11);
  EXPECT_GT(speed_at(1.0), 0);  // e^-700
  EXPECT_EQ(speed_at(1.1), 0);  // e^-800 is no number
}

TEST(MpeWorld, TheForceIsAlongTheLineOfCentres) {
  World world = world_of({kDisc, kDisc}, 2);
  world.pos = {{0, 0}, {0.06, 0.08}};  // 0.1 apart
  world.act(0, 0);
  world.act(1, 0);
  world.advance();
  EXPECT_NEAR(world.vel[0].x, -10 * 0.2 * 0.6, kTight);
  EXPECT_NEAR(world.vel[0].y, -10 * 0.2 * 0.8, kTight);
}

TEST(MpeWorld, NobodyIsPushedWhereCentresCoincide) {
  World world = world_of({kDisc, kDisc}, 2);
  for (int t = 0; t < 3; ++t) {
    world.act(0, 0);
    world.act(1, 0);
    world.advance();
  }
  EXPECT_EQ(world.pos, (std::vector<Point>{{0, 0}, {0, 0}}));
}

TEST(MpeWorld, AWallPushesAndStays) {
  World world = world_of({kDisc, kWall, kWall}, 1);
  world.pos = {{0, 0.1}, {0, 0}, {0, -0.1}};  // the walls overlap each other, too
  world.act(0, 0);
  world.advance();
  EXPECT_NEAR(world.vel[0].y, 10 * (0.25 + 0.15), kTight);
  EXPECT_EQ(world.pos[1], (Point{0, 0}));
  EXPECT_EQ(world.pos[2], (Point{0, -0.1}));
}

TEST(MpeWorld, WhoDoesNotCollideIsNotPushed) {
  World world = world_of({kFree, kDisc}, 2);
  world.pos = {{0, 0}, {0.01, 0}};
  world.act(0, 0);
  world.act(1, 0);
  world.advance();
  EXPECT_EQ(world.vel, (std::vector<Point>{{0, 0}, {0, 0}}));
}

TEST(MpeWorld, SpeedIsCutAndKeepsItsDirection) {
  Body fast = kFree;
  fast.max_speed = 1.3;
  World world = world_of({fast}, 1);
  world.vel[0] = {3, 4};
  world.act(0, 0);
  world.advance();
  EXPECT_NEAR(world.vel[0].x, 1.3 * 0.6, kTight);
  EXPECT_NEAR(world.vel[0].y, 1.3 * 0.8, kTight);
  EXPECT_EQ(world.pos[0], (Point{3 * 0.1, 4 * 0.1}));  // moved by what it was
}

TEST(MpeWorld, AnActionIsAMoveAndAWord) {
  const std::vector<Body> bodies = {
      {.is_movable = true, .is_silent = false}, {.is_silent = false}, {.is_movable = true}, {}};
  World world({.bodies = bodies, .n_agents = 4, .n_symbols = 3});
  EXPECT_EQ(world.n_actions(0), 15);
  EXPECT_EQ(world.n_actions(1), 3);
  EXPECT_EQ(world.n_actions(2), 5);
  EXPECT_EQ(world.n_actions(3), 1);
  world.said.assign(12, 0.5);
  const std::vector<int> actions = {kUp + 5 * 2, 1, kRight, 0};
  for (int a = 0; a < 4; ++a) world.act(a, actions[static_cast<std::size_t>(a)]);
  world.advance();
  EXPECT_EQ(world.said, (std::vector<double>{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(world.vel, (std::vector<Point>{{0, 0.5}, {0, 0}, {0.5, 0}, {0, 0}}));
}

TEST(MpeWorld, TouchingIsStrictlyNearerThanBothSizes) {
  World world = world_of({{.size = 0.25}, {.size = 0.5}}, 2);
  world.pos = {{0, 0}, {0.75, 0}};
  EXPECT_FALSE(world.touches(0, 1));
  world.pos[1].x = std::nextafter(0.75, 0.0);
  EXPECT_TRUE(world.touches(0, 1));
}

// One step as the definition reads: every pair of all bodies, no shortcut, the functions of libm.
void advance_naive(const World::Plan& plan, const std::vector<int>& moves, std::vector<Point>& pos,
                   std::vector<Point>& vel) {
  const std::size_t n = plan.bodies.size();
  std::vector<Point> force(n);
  for (std::size_t a = 0; a < moves.size(); ++a) {
    const double accel = plan.bodies[a].is_movable ? plan.bodies[a].accel : 0;
    force[a] = {accel * ((moves[a] == 2) - (moves[a] == 1)),
                accel * ((moves[a] == 4) - (moves[a] == 3))};
  }
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      if (!plan.bodies[a].collides || !plan.bodies[b].collides) continue;
      const double dx = pos[a].x - pos[b].x;
      const double dy = pos[a].y - pos[b].y;
      const double d = std::hypot(dx, dy);
      const double z = (plan.bodies[a].size + plan.bodies[b].size - d) / 1e-3;
      const double depth = 1e-3 * (z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)));
      force[a].x += 100 * dx / d * depth;
      force[a].y += 100 * dy / d * depth;
      force[b].x -= 100 * dx / d * depth;
      force[b].y -= 100 * dy / d * depth;
    }
  }
  for (std::size_t a = 0; a < vel.size(); ++a) {
    if (!plan.bodies[a].is_movable) continue;
    Point v = {0.75 * vel[a].x + 0.1 * force[a].x, 0.75 * vel[a].y + 0.1 * force[a].y};
    const double speed = std::hypot(v.x, v.y);
    const double most = plan.bodies[a].max_speed;
    if (most > 0 && speed > most) v = {v.x * most / speed, v.y * most / speed};
    const Point& by = plan.position_uses_old_velocity ? vel[a] : v;
    pos[a] = {pos[a].x + 0.1 * by.x, pos[a].y + 0.1 * by.y};
    vel[a] = v;
  }
}

class EveryScenario : public testing::TestWithParam<std::string> {};

TEST_P(EveryScenario, AdvancesAsTheNaiveTwin) {
  for (const char* integration : {"old_velocity", "new_velocity"}) {
    MpeOptions options;
    options.integration = integration;
    const World::Plan plan = find_scenario(GetParam())->make(options)->plan();
    World world(plan);
    for (std::uint64_t ticket = 0; ticket < 40; ++ticket) {
      env::PhiloxChance at_reset(3, math::Stream::kReset, ticket, 0);
      world.scatter(at_reset);
      std::vector<Point> pos = world.pos;
      std::vector<Point> vel = world.vel;
      for (std::uint32_t t = 0; t < 25; ++t) {
        env::PhiloxChance acting(3, math::Stream::kExploration, ticket, t);
        std::vector<int> moves;
        for (int a = 0; a < world.n_agents(); ++a) {
          moves.push_back(static_cast<int>(acting.choose(0, a, kMoves)));
          world.act(a, world.body(a).is_movable ? moves.back() : 0);
        }
        world.advance();
        advance_naive(plan, moves, pos, vel);
        for (std::size_t i = 0; i < pos.size(); ++i) {
          ASSERT_NEAR(world.pos[i].x, pos[i].x, kTight) << "ticket " << ticket << ", step " << t;
          ASSERT_NEAR(world.pos[i].y, pos[i].y, kTight) << "ticket " << ticket << ", step " << t;
        }
        for (std::size_t a = 0; a < vel.size(); ++a) {
          ASSERT_NEAR(world.vel[a].x, vel[a].x, kTight) << "ticket " << ticket << ", step " << t;
          ASSERT_NEAR(world.vel[a].y, vel[a].y, kTight) << "ticket " << ticket << ", step " << t;
        }
        pos = world.pos;  // contacts amplify a difference: each step is a test of its own
        vel = world.vel;
      }
    }
  }
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const ScenarioEntry& entry : scenarios()) out.push_back(entry.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Mpe, EveryScenario, testing::ValuesIn(names()),
                         [](const auto& p) { return p.param; });

}  // namespace
}  // namespace qtot::envs::mpe
