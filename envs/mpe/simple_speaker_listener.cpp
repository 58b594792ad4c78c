// simple_speaker_listener: the speaker stands still and knows which of three landmarks is the goal;
// the listener hears the last of its three words and is to go there.
//
//   mpe2:    r_i = -(squared distance of the listener from the goal), for both
//   openai:  the sum of both, for both
//
// Observations: speaker [3] the goal's colour; listener [11] velocity, offsets of the landmarks,
// the word. Actions: speaker 3 words, listener 5 moves. Nobody collides.

#include "envs/mpe/scenario.h"

namespace qtot::envs::mpe {
namespace {

enum Agent { kSpeaker, kListener, kAgents };

constexpr int kLandmarks = 3;
constexpr int kWords = 3;
constexpr double kAgentSize = 0.075;
constexpr double kLandmarkSize = 0.04;
constexpr double kBright = 0.65;
constexpr double kDark = 0.15;

class SimpleSpeakerListener final : public Scenario {
 public:
  explicit SimpleSpeakerListener(const MpeOptions& options) : options_(options) {}

  World::Plan plan() const override {
    const Body landmark = {.size = kLandmarkSize};
    return {.bodies = {{.size = kAgentSize, .is_silent = false},
                       {.size = kAgentSize, .is_movable = true},
                       landmark,
                       landmark,
                       landmark},
            .n_agents = kAgents,
            .n_symbols = kWords,
            .n_goals = 1,
            .position_uses_old_velocity = options_.position_uses_old_velocity()};
  }

  int obs_dim(const World&, int agent) const override {
    return agent == kSpeaker ? kLandmarks : 2 + 2 * kLandmarks + kWords;
  }

  float* observe(const World& world, int agent, float* out) const override {
    if (agent == kSpeaker) return write_colour(world.goals[0], kBright, kDark, out);
    out = write(world.vel[kListener], out);
    out = write_offsets(world.landmarks(), world.pos[kListener], out);
    return write_said_by_others(world, kListener, out);
  }

  void reward(const World& world, std::span<double> rewards) const override {
    const Point& goal = world.landmarks()[static_cast<std::size_t>(world.goals[0])];
    rewards[kSpeaker] = rewards[kListener] = -squared_distance(world.pos[kListener], goal);
    if (options_.is_openai()) share(rewards);
  }

  std::string kind(int agent) const override { return agent == kSpeaker ? "speaker" : "listener"; }

  std::string landmark_label(const World& world, int landmark) const override {
    return landmark == world.goals[0] ? "G" : "L";
  }

 private:
  MpeOptions options_;
};

}  // namespace

std::unique_ptr<Scenario> make_simple_speaker_listener(const MpeOptions& options) {
  return std::make_unique<SimpleSpeakerListener>(options);
}

}  // namespace qtot::envs::mpe
