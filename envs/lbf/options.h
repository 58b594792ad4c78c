#pragma once

#include <string>
#include <vector>

#include "qtot/config/options.h"

namespace qtot::envs::lbf {

/// Which decision of the rules a draw of chance is for (env::Chance).
enum Site : int {
  kPlayerBounds = 1,  // the order in which the players get the bounds of their levels
  kPlayerCell = 2,    // index: the player; among the free cells, row by row
  kPlayerLevel = 3,   // index: the player
  kFoodBounds = 4,    // the order in which the foods get the bounds of their levels
  kFoodCell = 5,      // index: the try; among the cells inside the border, row by row
  kFoodLevel = 6,     // index: the food, in the order of placing
};

/// `env_args` of lbf. The keys of lb-foraging's constructor have its names. A list of levels has one
/// number for all, or one for each player or food.
struct LbfOptions {
  std::string map_name = "8x8-2p-2f-coop";
  int players = 2;
  std::vector<int> field_size = {8, 8};  // rows, columns
  int max_num_food = 2;
  int sight = 0;  // cells seen on each side; 0: the whole field
  bool force_coop = true;
  std::vector<int> min_player_level = {1};
  std::vector<int> max_player_level = {2};
  std::vector<int> min_food_level = {1};
  std::vector<int> max_food_level = {};  // empty: the sum of the three lowest player levels
  std::string food_levels = "inclusive";
  bool normalize_reward = true;
  double penalty = 0;
  bool grid_observation = false;
  bool observe_agent_levels = true;
  std::string mask = "all";
  std::string common_reward = "sum";
  int episode_limit = 50;
  bool limit_terminates = false;

  void options(config::Options& o);

  int rows() const { return field_size[0]; }
  int cols() const { return field_size[1]; }
};

/// The names of EPyMARL's results, and one whose observations are layers of cells.
std::vector<std::string> maps();

/// Reads `args` over what its map_name stands for. Lists of levels come out with one number a player
/// or food, sight as a number of cells. Throws Error for an unknown key, a value that is not allowed,
/// bounds that cross, or players that do not fit on the field.
LbfOptions read_options(const config::Map& args);

/// The largest level that a player, and a food, may have.
inline constexpr int kMaxPlayerLevel = 1000;
inline constexpr int kMaxFoodLevel = 3 * kMaxPlayerLevel;

}  // namespace qtot::envs::lbf
