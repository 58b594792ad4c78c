// simple_reference: each of two agents knows to which landmark the other is to go, and both move
// and speak at once. goals[i] is what agent i knows: the landmark of the other.
//
//   D_i  = distance of the other agent from goals[i]
//   mpe2:    r_i = -(1 - local_ratio) (D_0 + D_1) / 2 - local_ratio D_i
//   openai:  r_i = -(D_0^2 + D_1^2), the same for both
//
// Observation [21]: velocity, offsets of the landmarks, colour of goals[i], what the other has just
// said. Action: move + 5 word, of ten words. Nobody collides.

#include "envs/mpe/scenario.h"

namespace qtot::envs::mpe {
namespace {

constexpr int kAgents = 2;
constexpr int kLandmarks = 3;
constexpr int kColours = 3;
constexpr int kWords = 10;
constexpr double kBright = 0.75;
constexpr double kDark = 0.25;

class SimpleReference final : public Scenario {
 public:
  explicit SimpleReference(const MpeOptions& options) : options_(options) {}

  World::Plan plan() const override {
    const Body agent = {.is_movable = true, .is_silent = false};
    return {.bodies = {agent, agent, {}, {}, {}},
            .n_agents = kAgents,
            .n_symbols = kWords,
            .n_goals = kAgents,
            .position_uses_old_velocity = options_.position_uses_old_velocity()};
  }

  int obs_dim(const World&, int) const override { return 2 + 2 * kLandmarks + kColours + kWords; }

  float* observe(const World& world, int agent, float* out) const override {
    const auto a = static_cast<std::size_t>(agent);
    out = write(world.vel[a], out);
    out = write_offsets(world.landmarks(), world.pos[a], out);
    out = write_colour(world.goals[a], kBright, kDark, out);
    return write_said_by_others(world, agent, out);
  }

  void reward(const World& world, std::span<double> rewards) const override {
    if (options_.is_openai()) {
      for (std::size_t a = 0; a < kAgents; ++a) rewards[a] = -squared_distance_known_to(a, world);
      share(rewards);
      return;
    }
    const double of_0 = -distance(world.pos[1], goal_known_to(0, world));
    const double of_1 = -distance(world.pos[0], goal_known_to(1, world));
    const double shared = (of_0 + of_1) / kAgents * (1 - options_.local_ratio);
    rewards[0] = shared + of_0 * options_.local_ratio;
    rewards[1] = shared + of_1 * options_.local_ratio;
  }

  std::string landmark_label(const World& world, int landmark) const override {
    std::string label = landmark == world.goals[1] ? "0" : "";
    if (landmark == world.goals[0]) label += "1";
    return label.empty() ? "L" : "G" + label;
  }

 private:
  static const Point& goal_known_to(std::size_t agent, const World& world) {
    return world.landmarks()[static_cast<std::size_t>(world.goals[agent])];
  }

  static double squared_distance_known_to(std::size_t agent, const World& world) {
    return squared_distance(world.pos[1 - agent], goal_known_to(agent, world));
  }

  MpeOptions options_;
};

}  // namespace

std::unique_ptr<Scenario> make_simple_reference(const MpeOptions& options) {
  return std::make_unique<SimpleReference>(options);
}

}  // namespace qtot::envs::mpe
