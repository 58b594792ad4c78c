// simple_spread: the agents are to stand on the landmarks, one on each, without touching.
//
//   G    = -sum over landmarks of the distance of the nearest agent
//   L_i  = -(number of other agents that agent i touches)
//   mpe2:    r_i = (1 - local_ratio) G + local_ratio L_i
//   openai:  r_i = sum over j of (G + L_j - 1), the same for all; an agent touches itself there
//
// Observation: velocity, position, offsets of the landmarks, offsets of the others, what they say
// (nothing: 2 zeros each).

#include <algorithm>
#include <cstddef>

#include "envs/mpe/scenario.h"

namespace qtot::envs::mpe {
namespace {

constexpr double kAgentSize = 0.15;

class SimpleSpread final : public Scenario {
 public:
  explicit SimpleSpread(const MpeOptions& options) : options_(options) {}

  World::Plan plan() const override {
    constexpr int kUsual = 3;
    const int n_agents = options_.n_agents > 0 ? options_.n_agents : kUsual;
    const int n_landmarks = options_.n_landmarks > 0 ? options_.n_landmarks : n_agents;
    World::Plan plan = {.bodies = {},
                        .n_agents = n_agents,
                        .n_symbols = 2,
                        .position_uses_old_velocity = options_.position_uses_old_velocity()};
    const Body agent = {.size = kAgentSize, .is_movable = true, .collides = true};
    plan.bodies.assign(static_cast<std::size_t>(n_agents), agent);
    plan.bodies.resize(static_cast<std::size_t>(n_agents + n_landmarks));
    return plan;
  }

  int obs_dim(const World& world, int) const override {
    return 4 + 2 * world.n_landmarks() + (2 + world.n_symbols()) * (world.n_agents() - 1);
  }

  float* observe(const World& world, int agent, float* out) const override {
    const auto a = static_cast<std::size_t>(agent);
    out = write(world.vel[a], out);
    out = write(world.pos[a], out);
    out = write_offsets(world.landmarks(), world.pos[a], out);
    out = write_offsets_of_others(world, agent, out);
    return write_said_by_others(world, agent, out);
  }

  void reward(const World& world, std::span<double> rewards) const override {
    double global = 0;
    for (const Point& landmark : world.landmarks()) {
      global -= distance_of_nearest(world.agents(), landmark);
    }
    const bool is_openai = options_.is_openai();
    std::fill(rewards.begin(), rewards.end(), is_openai ? -1.0 : 0.0);
    for (int a = 0; a < world.n_agents(); ++a) {
      for (int b = a + 1; b < world.n_agents(); ++b) {
        if (!world.touches(a, b)) continue;
        rewards[static_cast<std::size_t>(a)] -= 1;
        rewards[static_cast<std::size_t>(b)] -= 1;
      }
    }
    const double ratio = options_.local_ratio;
    for (double& reward : rewards) {
      reward = is_openai ? global + reward : global * (1 - ratio) + reward * ratio;
    }
    if (is_openai) share(rewards);
  }

 private:
  MpeOptions options_;
};

}  // namespace

std::unique_ptr<Scenario> make_simple_spread(const MpeOptions& options) {
  return std::make_unique<SimpleSpread>(options);
}

}  // namespace qtot::envs::mpe
