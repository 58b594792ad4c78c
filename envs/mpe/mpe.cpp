// Multi-particle environments (Lowe et al., 2017; Mordatch & Abbeel, 2017), as in MPE2, formerly
// part of PettingZoo: discs in the plane that move, push each other and speak. The physics is in
// world.h, each game in a file of its own. Rules, options and sources: docs/envs/mpe.md.
//
// State: the learners' observations, one after the other. An observation shorter than the longest
// is filled up with zeros, and actions that an agent does not have are never available.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "envs/mpe/options.h"
#include "envs/mpe/picture.h"
#include "envs/mpe/scenario.h"
#include "envs/mpe/world.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::mpe {
namespace {

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

// Larger numbers are refused in snapshots: they would lose all that the rules depend on.
constexpr double kLargest = 1e6;

std::vector<double> read_reals(const env::Snapshot& snapshot, const char* name, std::size_t n) {
  std::vector<double> numbers = env::snapshot_array(snapshot, name, n);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::abs(numbers[i]) < kLargest) continue;
    throw Error("snapshot: " + std::string(name) + "[" + std::to_string(i) +
                "]: expected a number between -1e6 and 1e6");
  }
  return numbers;
}

std::vector<double> coordinates(std::span<const Point> points) {
  std::vector<double> out;
  for (const Point& point : points) out.insert(out.end(), {point.x, point.y});
  return out;
}

void set_points(std::span<Point> points, const std::vector<double>& coordinates) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {coordinates[2 * i], coordinates[2 * i + 1]};
  }
}

class Mpe final : public env::Env {
 public:
  Mpe(const MpeOptions& options, std::unique_ptr<Scenario> scenario)
      : limit_terminates_(options.limit_terminates),
        sums_rewards_(options.sums_rewards()),
        scenario_(std::move(scenario)),
        world_(scenario_->plan()),
        rewards_(size(scenario_->n_learners(world_))) {
    spec_ = {.n_agents = scenario_->n_learners(world_), .episode_limit = options.episode_limit};
    for (int a = 0; a < spec_.n_agents; ++a) {
      spec_.n_actions = std::max(spec_.n_actions, world_.n_actions(a));
      spec_.obs_dim = std::max(spec_.obs_dim, obs_dim_of(a));
      spec_.state_dim += obs_dim_of(a);
    }
    for (int a = 0; a < spec_.n_agents; ++a) {
      for (int action = 0; action < spec_.n_actions; ++action) {
        avail_.push_back(action < world_.n_actions(a));
      }
    }
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }
  int n_actions_of(int agent) const override { return world_.n_actions(agent); }
  int obs_dim_of(int agent) const override { return scenario_->obs_dim(world_, agent); }

  void reset(env::Chance& chance) override {
    step_ = 0;
    world_.scatter(chance);
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK_EQ(joint_action.size(), rewards_.size());
    QTOT_CHECK(!has_ended());
    for (int a = 0; a < world_.n_agents(); ++a) {
      world_.act(a, a < spec_.n_agents ? joint_action[size(a)]
                                       : scenario_->scripted_action(world_, chance));
    }
    world_.advance();
    ++step_;
    scenario_->reward(world_, rewards_);
    double team = 0;
    for (const double reward : rewards_) team += reward;
    if (!sums_rewards_) team /= spec_.n_agents;
    const bool at_limit = has_ended();
    return {.reward = static_cast<float>(team),
            .terminated = at_limit && limit_terminates_,
            .truncated = at_limit && !limit_terminates_};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), size(spec_.n_agents * spec_.obs_dim));
    QTOT_CHECK_EQ(state.size(), size(spec_.state_dim));
    QTOT_CHECK_EQ(avail.size(), avail_.size());
    float* seen = obs.data();
    float* whole = state.data();
    for (int a = 0; a < spec_.n_agents; ++a, seen += spec_.obs_dim) {
      float* const end = scenario_->observe(world_, a, seen);
      whole = std::copy(seen, end, whole);
      std::fill(end, seen + spec_.obs_dim, 0.0F);
    }
    std::copy(avail_.begin(), avail_.end(), avail.begin());
  }

  std::span<const double> agent_rewards() const override { return rewards_; }

  bool has_ended() const override { return step_ == spec_.episode_limit; }

  env::Snapshot snapshot() const override {
    env::Snapshot out = {{"step", {static_cast<double>(step_)}},
                         {"pos", coordinates(world_.agents())},
                         {"vel", coordinates(world_.vel)},
                         {"c", world_.said},
                         {"lm", coordinates(world_.landmarks())}};
    if (!world_.goals.empty()) {
      out.emplace_back("goal", std::vector<double>(world_.goals.begin(), world_.goals.end()));
    }
    return out;
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, spec_.episode_limit);
    const std::size_t n_agents = world_.vel.size();
    const auto pos = read_reals(snapshot, "pos", 2 * n_agents);
    const auto vel = read_reals(snapshot, "vel", 2 * n_agents);
    const auto said = read_reals(snapshot, "c", world_.said.size());
    const auto landmarks = read_reals(snapshot, "lm", 2 * (world_.pos.size() - n_agents));
    if (!world_.goals.empty()) {
      world_.goals = env::snapshot_integers(snapshot, "goal", world_.goals.size(), 0,
                                            world_.n_landmarks() - 1);
    }
    step_ = step;
    world_.said = said;
    const std::span<Point> bodies(world_.pos);
    set_points(bodies.first(n_agents), pos);
    set_points(bodies.subspan(n_agents), landmarks);
    set_points(world_.vel, vel);
  }

  std::string text() const override {
    return "step " + std::to_string(step_) + ", " + mpe::text(world_);
  }

  bool draw(env::Drawing& out) const override {
    mpe::draw(*scenario_, world_, step_ > 0, out);
    return true;
  }

  std::string action_name(int agent, env::Action action) const override {
    return mpe::action_name(world_, agent, action);
  }

 private:
  bool limit_terminates_;
  bool sums_rewards_;
  std::unique_ptr<Scenario> scenario_;
  World world_;
  env::DecPomdpSpec spec_ = {};
  std::vector<std::uint8_t> avail_;  // [N * A], the same at all times
  std::vector<double> rewards_;      // [N], of the last step
  int step_ = 0;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  const MpeOptions options = read_options(args);
  return std::make_unique<Mpe>(options, find_scenario(options.map_name)->make(options));
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  MpeOptions().options(list);
  return list.infos();
}

std::vector<std::string> maps() {
  std::vector<std::string> names;
  for (const ScenarioEntry& entry : scenarios()) names.push_back(entry.name);
  return names;
}

}  // namespace

env::EnvFamily family() {
  return {.name = "mpe",
          .summary = "multi-particle environments: spread, speaker and listener, reference, tag",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::mpe
