#include "envs/stag_hunt/options.h"

#include <cstddef>

#include "qtot/base/error.h"

namespace qtot::envs::stag_hunt {
namespace {

constexpr int kMaxSide = 256;      // of the grid
constexpr int kMaxEntities = 256;  // agents; and prey of each kind
constexpr int kMaxSight = 32;
constexpr double kMaxReward = 1e30;  // well inside float

config::Rule<std::vector<int>> pair_in(int low, int high) {
  return {[low, high](const std::vector<int>& x) {
            return x.size() == 2 && low <= x[0] && x[0] <= high && low <= x[1] && x[1] <= high;
          },
          "two integers in [" + std::to_string(low) + ", " + std::to_string(high) + "]"};
}

// The keys of PyMARL2 that qtot knows at their default alone.
void add_fixed_options(config::Options& o) {
  const auto fixed = [&o](const char* key, auto value, const char* help) {
    o.add(key, value, help, config::equal_to(value));
  };
  const auto fixed_list = [&o](const char* key, std::vector<int> value, const char* text,
                               const char* help) {
    const std::vector<int> only = value;
    o.add(key, value, help,
          config::Rule<std::vector<int>>{[only](const std::vector<int>& x) { return x == only; },
                                         std::string(text) + " (qtot supports no other value)"});
  };
  fixed("capture_action", true, "prey is caught by an action of its own");
  fixed_list("agent_move_block", {0, 1, 2}, "[0, 1, 2]", "agents, stags and hares block a move");
  fixed_list("capture_conditions", {0, 1}, "[0, 1]", "used without capture_action only");
  fixed("directed_observations", false, "sight does not depend on a direction");
  fixed("directed_cone_narrow", true, "used with directed_observations only");
  fixed("directed_exta_actions", true, "used with directed_observations only");
  fixed("intersection_global_view", false, "of another algorithm (MACKRL)");
  fixed("intersection_unknown", false, "of another algorithm (MACKRL)");
  fixed("mountain_slope", 0.0, "the grid is flat");
  fixed("mountain_spawn", false, "prey starts anywhere");
  fixed("mountain_agent_row", -1, "agents start anywhere");
  fixed("observe_state", false, "an agent sees its window alone");
  fixed("observe_ids", false, "entities are seen without their index");
  fixed("observe_one_hot", false, "used with observe_ids only");
  fixed("prevent_cannibalism", true, "prey does not catch prey");
  fixed("print_caught_prey", false, "the environment prints nothing");
  fixed("print_frozen_agents", false, "the environment prints nothing");
  fixed("random_ghosts", false, "prey stays what it is");
  fixed("random_ghosts_prob", 0.5, "used with random_ghosts only");
  fixed("random_ghosts_mul", -1.0, "used with random_ghosts only");
  fixed("random_ghosts_indicator", false, "used with random_ghosts only");
  fixed("remove_frozen", true, "frozen agents leave the grid");
  fixed("state_as_graph", false, "the state is the whole grid");
}

}  // namespace

void StagHuntOptions::options(config::Options& o) {
  const auto reward = config::between(-kMaxReward, kMaxReward);
  const auto probability = config::between(0.0, 1.0);
  o.add("map_name", map_name, "variant whose arguments are the defaults", config::one_of(maps()));
  o.add("n_agents", n_agents, "hunters", config::between(1, kMaxEntities));
  o.add("n_stags", n_stags, "stags", config::between(0, kMaxEntities));
  o.add("n_hare", n_hare, "hares", config::between(0, kMaxEntities));
  o.add("world_shape", world_shape, "height and width of the grid", pair_in(1, kMaxSide));
  o.add("episode_limit", episode_limit, "steps of an episode", config::between(1, 1000000));
  o.add("toroidal", toroidal, "whether the edges of the grid are joined");
  o.add("agent_obs", agent_obs, "rows and columns seen on each side", pair_in(0, kMaxSight));
  o.add("observe_walls", observe_walls, "cells outside the grid are seen as -1 among the agents");
  o.add("miscapture_punishment", miscapture_punishment,
        "reward for each prey that too few agents try to catch", reward);
  o.add("capture_action_conditions", capture_action_conditions,
        "agents that must catch a stag, a hare, at once", pair_in(1, 4));
  o.add("capture_freezes", capture_freezes, "whether the catchers of a prey leave the game");
  o.add("capture_terminal", capture_terminal, "whether the first capture ends the episode");
  o.add("p_stags_rest", p_stags_rest, "probability that a stag rests for a step", probability);
  o.add("p_hare_rest", p_hare_rest, "probability that a hare rests for a step", probability);
  o.add("reward_stag", reward_stag, "for a captured stag", reward);
  o.add("reward_hare", reward_hare, "for a captured hare", reward);
  o.add("reward_collision", reward_collision, "for each active agent that does not move", reward);
  o.add("reward_time", reward_time, "of every step", reward);
  o.add("last_step_truncates", last_step_truncates,
        "whether an end by the rules on the very last step counts as a time limit (PyMARL2)");
  add_fixed_options(o);
}

std::vector<std::string> maps() {
  return {"stag_hunt", "stag_hunt_small"};
}

StagHuntOptions read_options(const config::Map& args) {
  StagHuntOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    if (name != nullptr && *name == "stag_hunt_small") {
      options.n_agents = options.n_stags = 4;
      options.world_shape = {6, 6};
      options.episode_limit = 60;
    }
  }
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment stag_hunt");

  if (options.n_prey() == 0) {
    throw Error("env_args.n_stags and n_hare: expected at least one prey, found none");
  }
  const int n_entities = options.n_agents + options.n_prey();
  const int n_cells = options.height() * options.width();
  if (n_entities > n_cells) {
    throw Error("env_args.world_shape = [" + std::to_string(options.height()) + ", " +
                std::to_string(options.width()) + "]: " + std::to_string(n_entities) +
                " agents, stags and hares do not fit on " + std::to_string(n_cells) + " cells");
  }
  return options;
}

}  // namespace qtot::envs::stag_hunt
