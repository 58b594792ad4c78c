// simple_tag: three slow adversaries chase one fast prey among two round obstacles. Adversaries
// learn; the prey is a fourth agent, or moves by itself.
//
//   T = number of adversaries that touch the prey
//   r_adversary = 10 T, for each of them
//   r_prey      = -10 T - b(|x|) - b(|y|)
//   b(x) = 0 below 0.9, 10 (x - 0.9) below 1, min(e^(2x - 2), 10) beyond: for leaving the screen
//
// Observation: velocity, position, offsets of the obstacles, offsets of the others, and for an
// adversary the velocity of the prey: 16, and 14 for the prey.

#include <algorithm>
#include <cstddef>

#include "envs/mpe/scenario.h"
#include "qtot/math/elementary.h"

namespace qtot::envs::mpe {
namespace {

constexpr int kAdversaries = 3;
constexpr int kPrey = 3;  // the last agent
constexpr int kAgents = 4;
constexpr double kCatch = 10;
constexpr Body kAdversary = {
    .size = 0.075, .accel = 3, .max_speed = 1, .is_movable = true, .collides = true};
constexpr Body kPreyBody = {
    .size = 0.05, .accel = 4, .max_speed = 1.3, .is_movable = true, .collides = true};
constexpr Body kObstacle = {.size = 0.2, .collides = true};
constexpr double kObstacleReach = 0.9;

double border_cost(double coordinate) {
  constexpr double kFree = 0.9;
  constexpr double kMost = 10;
  const double x = math::abs(coordinate);
  if (x < kFree) return 0;
  if (x < 1) return (x - kFree) * kMost;
  return std::min(math::exp(2 * x - 2), kMost);
}

class SimpleTag final : public Scenario {
 public:
  explicit SimpleTag(const MpeOptions& options) : options_(options) {}

  World::Plan plan() const override {
    return {.bodies = {kAdversary, kAdversary, kAdversary, kPreyBody, kObstacle, kObstacle},
            .n_agents = kAgents,
            .n_symbols = 2,
            .landmark_reach = kObstacleReach,
            .position_uses_old_velocity = options_.position_uses_old_velocity()};
  }

  int n_learners(const World&) const override {
    return options_.prey == "agent" ? kAgents : kAdversaries;
  }

  int scripted_action(const World& world, env::Chance& chance) const override {
    if (options_.prey == "random") return static_cast<int>(chance.choose(kPreyMove, 0, kMoves));
    return options_.prey == "flee" ? flight(world) : 0;
  }

  int obs_dim(const World& world, int agent) const override {
    const int seen = 4 + 2 * world.n_landmarks() + 2 * (kAgents - 1);
    return agent == kPrey ? seen : seen + 2;
  }

  float* observe(const World& world, int agent, float* out) const override {
    const auto a = static_cast<std::size_t>(agent);
    out = write(world.vel[a], out);
    out = write(world.pos[a], out);
    out = write_offsets(world.landmarks(), world.pos[a], out);
    out = write_offsets_of_others(world, agent, out);
    return agent == kPrey ? out : write(world.vel[kPrey], out);
  }

  void reward(const World& world, std::span<double> rewards) const override {
    double caught = 0;
    for (int a = 0; a < kAdversaries; ++a) {
      if (world.touches(a, kPrey)) caught += kCatch;
    }
    std::fill_n(rewards.begin(), kAdversaries, caught);
    if (rewards.size() == kAgents) {
      const Point& prey = world.pos[kPrey];
      rewards[kPrey] = -caught - border_cost(prey.x) - border_cost(prey.y);
    }
  }

  std::string kind(int agent) const override { return agent == kPrey ? "prey" : "adversary"; }

  env::Team team(int agent) const override {
    return agent == kPrey ? env::Team::kEnemies : env::Team::kAllies;
  }

  std::vector<std::pair<int, int>> catches(const World& world) const override {
    std::vector<std::pair<int, int>> out;
    for (int a = 0; a < kAdversaries; ++a) {
      if (world.touches(a, kPrey)) out.emplace_back(a, kPrey);
    }
    return out;
  }

 private:
  // The move towards the best of the points a short way off: far from the nearest adversary and not
  // beyond the border. Of equal ones the first, so that a prey that gains nothing stays.
  static int flight(const World& world) {
    constexpr double kLook = 0.2;
    int best = 0;
    double best_value = 0;
    for (int move = 0; move < kMoves; ++move) {
      Point at = world.pos[kPrey];
      const double by = move % 2 == 1 ? -kLook : kLook;
      if (move == 1 || move == 2) at.x += by;
      if (move == 3 || move == 4) at.y += by;
      const double nearest = distance_of_nearest(world.agents().first(kAdversaries), at);
      const double value = nearest - border_cost(at.x) - border_cost(at.y);
      if (move == 0 || value > best_value) {
        best = move;
        best_value = value;
      }
    }
    return best;
  }

  MpeOptions options_;
};

}  // namespace

std::unique_ptr<Scenario> make_simple_tag(const MpeOptions& options) {
  return std::make_unique<SimpleTag>(options);
}

}  // namespace qtot::envs::mpe
