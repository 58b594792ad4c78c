// Hallway (Wang et al., 2020, "Learning Nearly Decomposable Value Functions Via Communication
// Minimization", NDQ): each agent walks on a chain of its own to the goal at its end, and sees its own
// place alone. Only arriving all at once pays, so that without words the agents must learn to wait.
//
//   actions    0 stay, 1 left (towards the goal, cell 0), 2 right; all are always available, and who
//              walks against the end of its chain stays
//   start      agent i uniformly in cells 1 .. state_numbers[i]
//   reward     reward_win when all step onto the goal together
//   end        somebody is at the goal; the time limit
//   obs        [own cell]
//   state      the cells of all agents

#include <algorithm>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::hallway {
namespace {

enum Site : int { kStart = 1 };  // index: agent
enum HallwayAction : env::Action { kStay, kLeft, kRight, kNActions };
constexpr int kMaxAgents = 64;
constexpr int kMaxLength = 1000;
constexpr int kSpareSteps = 10;      // of the limit, beyond the longest chain
constexpr double kMaxReward = 1e30;  // well inside float

struct NamedHallway {
  const char* name;
  std::vector<int> state_numbers;
};

const std::vector<NamedHallway>& named_hallways() {
  static const std::vector<NamedHallway> named = {{"hallway_6_6", {6, 6}},  // NDQ's configuration
                                                  {"hallway_2_6_10", {2, 6, 10}},  // NDQ's default
                                                  {"hallway_6_6_10", {6, 6, 10}}};
  return named;
}

std::vector<std::string> maps() {
  std::vector<std::string> names;
  for (const NamedHallway& hallway : named_hallways()) names.emplace_back(hallway.name);
  return names;
}

config::Rule<std::vector<int>> lengths() {
  return {[](const std::vector<int>& x) {
            return !x.empty() && x.size() <= kMaxAgents &&
                   std::ranges::all_of(x, [](int n) { return n >= 1 && n <= kMaxLength; });
          },
          "1 to 64 integers in [1, 1000]"};
}

struct HallwayOptions {
  std::string map_name = "hallway_6_6";
  int n_agents = 0;
  std::vector<int> state_numbers = {6, 6};
  double reward_win = 10;
  int episode_limit = 0;
  bool limit_terminates = false;

  void options(config::Options& o) {
    o.add("map_name", map_name, "variant whose chains are the default", config::one_of(maps()));
    o.add("n_agents", n_agents, "agents, to be checked against state_numbers; 0: unchecked",
          config::between(0, kMaxAgents));
    o.add("state_numbers", state_numbers, "length of each agent's chain, without the goal",
          lengths());
    o.add("reward_win", reward_win, "for arriving all at once",
          config::between(-kMaxReward, kMaxReward));
    o.add("episode_limit", episode_limit, "steps of an episode; 0: the longest chain and 10",
          config::between(0, 1000000));
    o.add("limit_terminates", limit_terminates,
          "whether the last step ends the episode (NDQ) or is a time limit that bootstraps");
  }
};

class Hallway final : public env::Env {
 public:
  explicit Hallway(const HallwayOptions& options)
      : options_(options), cells_(options.state_numbers.size()) {
    const int n_agents = static_cast<int>(cells_.size());
    spec_ = {.n_agents = n_agents,
             .n_actions = kNActions,
             .obs_dim = 1,
             .state_dim = n_agents,
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    step_ = 0;
    for (std::size_t a = 0; a < cells_.size(); ++a) {
      const auto length = static_cast<std::uint32_t>(options_.state_numbers[a]);
      cells_[a] = 1 + static_cast<int>(chance.choose(kStart, static_cast<int>(a), length));
    }
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance&) override {
    QTOT_CHECK_EQ(joint_action.size(), cells_.size());
    QTOT_CHECK(!has_ended());
    for (std::size_t a = 0; a < cells_.size(); ++a) {
      QTOT_CHECK_GE(joint_action[a], 0);
      QTOT_CHECK_LT(joint_action[a], env::Action{kNActions});
      if (joint_action[a] == kLeft) cells_[a] = std::max(0, cells_[a] - 1);
      if (joint_action[a] == kRight) {
        cells_[a] = std::min(options_.state_numbers[a], cells_[a] + 1);
      }
    }
    ++step_;
    const bool won = n_at_goal() == static_cast<int>(cells_.size());
    const bool at_limit = step_ == spec_.episode_limit;
    const bool terminated = n_at_goal() > 0 || (at_limit && options_.limit_terminates);
    return {.reward = won ? static_cast<float>(options_.reward_win) : 0.0F,
            .terminated = terminated,
            .truncated = at_limit && !terminated,
            .won = won};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), cells_.size());
    QTOT_CHECK_EQ(state.size(), cells_.size());
    QTOT_CHECK_EQ(avail.size(), cells_.size() * kNActions);
    for (std::size_t a = 0; a < cells_.size(); ++a) obs[a] = static_cast<float>(cells_[a]);
    std::copy(obs.begin(), obs.end(), state.begin());
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
  }

  bool has_ended() const override { return n_at_goal() > 0 || step_ == spec_.episode_limit; }

  bool reports_wins() const override { return true; }

  env::Snapshot snapshot() const override {
    return {{"step", {static_cast<double>(step_)}}, {"cells", {cells_.begin(), cells_.end()}}};
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, spec_.episode_limit);
    const std::vector<int> cells =
        env::snapshot_integers(snapshot, "cells", cells_.size(), 0, kMaxLength);
    for (std::size_t a = 0; a < cells.size(); ++a) {
      if (cells[a] > options_.state_numbers[a]) {
        throw Error("snapshot: cells[" + std::to_string(a) + "] lies beyond the chain");
      }
    }
    step_ = step;
    cells_ = cells;
  }

  std::string text() const override {
    std::string out = "step " + std::to_string(step_) + ", cells";
    for (const int cell : cells_) out += " " + std::to_string(cell);
    return out;
  }

  // A row an agent, the goal at its left end.
  bool draw(env::Drawing& out) const override {
    constexpr double kHalfCell = 0.5;
    const int longest =
        *std::max_element(options_.state_numbers.begin(), options_.state_numbers.end());
    out = {.width = longest + 1.0,
           .height = static_cast<double>(spec_.n_agents),
           .has_grid = true,
           .cells = {},
           .units = {},
           .deeds = {}};
    for (int a = 0; a < spec_.n_agents; ++a) {
      const auto agent = static_cast<std::size_t>(a);
      out.cells.push_back({0, a, env::Ground::kGoal, "G"});
      for (int x = options_.state_numbers[agent] + 1; x <= longest; ++x) {
        out.cells.push_back({x, a, env::Ground::kWall, ""});
      }
      env::DrawnUnit unit;
      unit.x = cells_[agent] + kHalfCell;
      unit.y = a + kHalfCell;
      unit.radius = 0.36;
      unit.team = env::Team::kAllies;
      unit.kind = "walker";
      unit.agent = a;
      out.units.push_back(unit);
    }
    return true;
  }

  std::string action_name(int, env::Action action) const override {
    QTOT_CHECK(action >= 0 && action < env::Action{kNActions});
    return action == kStay ? "stay" : action == kLeft ? "left" : "right";
  }

 private:
  int n_at_goal() const { return static_cast<int>(std::count(cells_.begin(), cells_.end(), 0)); }

  HallwayOptions options_;
  env::DecPomdpSpec spec_;
  int step_ = 0;
  std::vector<int> cells_;  // of each agent; 0 is the goal
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  HallwayOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    for (const NamedHallway& hallway : named_hallways()) {
      if (name != nullptr && *name == hallway.name) options.state_numbers = hallway.state_numbers;
    }
  }
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment hallway");
  const int n_chains = static_cast<int>(options.state_numbers.size());
  if (options.n_agents != 0 && options.n_agents != n_chains) {
    throw Error("env_args.n_agents = " + std::to_string(options.n_agents) + ": state_numbers has " +
                std::to_string(n_chains) + " chains, one an agent");
  }
  if (options.episode_limit == 0) {
    options.episode_limit =
        kSpareSteps + *std::max_element(options.state_numbers.begin(), options.state_numbers.end());
  }
  return std::make_unique<Hallway>(options);
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  HallwayOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "hallway",
          .summary = "hallway of NDQ: walk unseen to the goal, and arrive all at once",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::hallway
