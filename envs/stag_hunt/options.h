#pragma once

#include <string>
#include <vector>

#include "qtot/config/options.h"

namespace qtot::envs::stag_hunt {

/// Which decision of the rules a draw of chance is for (env::Chance). The index is the prey's where
/// nothing else is said.
enum Site : int {
  kPlace = 1,  // index: agents, then stags, then hares; among the free cells, row by row
  kAgentOrder = 2,
  kPreyOrder = 3,
  kRest = 4,
  kWander = 5,  // among the directions that are possible, in the order right, down, left, up
};

/// `env_args` of stag_hunt: the keys and defaults of PyMARL2's stag_hunt.yaml. A key that changes
/// what qtot does not have is accepted at its default alone.
struct StagHuntOptions {
  std::string map_name = "stag_hunt";
  int n_agents = 8;
  int n_stags = 8;
  int n_hare = 0;
  std::vector<int> world_shape = {10, 10};  // height, width
  int episode_limit = 200;
  bool toroidal = false;
  std::vector<int> agent_obs = {2, 2};  // rows and columns seen on each side
  bool observe_walls = false;
  double miscapture_punishment = 0;
  std::vector<int> capture_action_conditions = {2, 1};  // catchers that a stag, a hare needs
  bool capture_freezes = true;
  bool capture_terminal = false;
  double p_stags_rest = 0;
  double p_hare_rest = 0;
  double reward_stag = 10;
  double reward_hare = 1;
  double reward_collision = 0;
  double reward_time = 0;
  bool last_step_truncates = false;

  void options(config::Options& o);

  int n_prey() const { return n_stags + n_hare; }
  int height() const { return world_shape[0]; }
  int width() const { return world_shape[1]; }
};

/// The names of map_name: stag_hunt (PyMARL2's defaults) and stag_hunt_small, 4 agents and 4 stags
/// on 6 x 6 cells for 60 steps.
std::vector<std::string> maps();

/// Reads `args` over the arguments that its map_name stands for. Throws Error for an unknown key, a
/// value that is not allowed, or entities that do not fit on the grid.
StagHuntOptions read_options(const config::Map& args);

}  // namespace qtot::envs::stag_hunt
