#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "envs/mpe/options.h"
#include "envs/mpe/world.h"
#include "qtot/env/drawing.h"

namespace qtot::envs::mpe {

/// One game in the world of particles: who is in it, what is seen and what is paid. No state.
class Scenario {
 public:
  virtual ~Scenario() = default;

  virtual World::Plan plan() const = 0;
  /// The first agents of the world, which learn; the others are moved by scripted_action().
  virtual int n_learners(const World& world) const { return world.n_agents(); }
  virtual int scripted_action(const World&, env::Chance&) const { return 0; }

  virtual int obs_dim(const World& world, int agent) const = 0;
  /// Writes obs_dim() numbers and returns their end.
  virtual float* observe(const World& world, int agent, float* out) const = 0;

  /// The reward of each learner after a step.
  virtual void reward(const World& world, std::span<double> rewards) const = 0;

  /// What the agent is called in a picture: "agent", "speaker", ...
  virtual std::string kind(int agent) const;
  virtual env::Team team(int agent) const;
  /// The letters on a landmark.
  virtual std::string landmark_label(const World& world, int landmark) const;
  /// Pairs (a, b) of agents where a has caught b.
  virtual std::vector<std::pair<int, int>> catches(const World& world) const;
};

/// A scenario as it is chosen, with the options that it has beside the common ones.
struct ScenarioEntry {
  std::string name;                  // "simple_spread"
  std::vector<std::string> aliases;  // of MPE2 and EPyMARL, the same rules by default
  std::string
      gym_name;  // "SimpleSpread-v0" of EPyMARL in 2021: integration new_velocity, reward openai
  std::vector<std::string> own_options;
  std::unique_ptr<Scenario> (*make)(const MpeOptions& options);
};

/// One line each, in scenario.cpp.
std::span<const ScenarioEntry> scenarios();
/// The scenario of a name or of another name of it; null when there is none.
const ScenarioEntry* find_scenario(const std::string& name);

std::unique_ptr<Scenario> make_simple_spread(const MpeOptions& options);
std::unique_ptr<Scenario> make_simple_speaker_listener(const MpeOptions& options);
std::unique_ptr<Scenario> make_simple_reference(const MpeOptions& options);
std::unique_ptr<Scenario> make_simple_tag(const MpeOptions& options);

// Parts of observations: each writes floats and returns their end.
float* write(const Point& point, float* out);
/// From `from` to each of `points`, as (x, y).
float* write_offsets(std::span<const Point> points, const Point& from, float* out);
/// The same of all agents but one.
float* write_offsets_of_others(const World& world, int agent, float* out);
/// What the others have said.
float* write_said_by_others(const World& world, int agent, float* out);
/// A colour of three numbers: `bright` at the landmark's own, `dark` elsewhere.
float* write_colour(int landmark, double bright, double dark, float* out);

/// Each reward becomes the sum of all, as in OpenAI's cooperative scenarios.
void share(std::span<double> rewards);

}  // namespace qtot::envs::mpe
