#pragma once

#include <string>
#include <vector>

#include "qtot/config/options.h"

namespace qtot::envs::rware {

/// Which decision of the rules a draw of chance is for (env::Chance).
enum Site : int {
  kPlace = 1,      // index: agent; among the cells that are left, row by row
  kDirection = 2,  // index: agent; up, down, left, right
  kQueue = 3,      // index: place in the queue; among the shelves not yet in it, by id
  kRequest = 4,    // index: goal of the delivery; among the shelves that are not requested, by id
  kTie = 5,        // index: agent; whether it goes first among those left that tie (ties = drawn)
};

/// `env_args` of rware: the arguments of the reference's Warehouse in our spelling, and how rewards
/// and the time limit reach the learner.
struct RwareOptions {
  std::string map_name = "tiny-2ag";
  int n_agents = 2;
  int shelf_rows = 1;
  int shelf_columns = 3;
  int column_height = 8;
  std::string difficulty = "normal";
  int request_queue_size = -1;  // after read_options(): never negative
  int sensor_range = 1;
  int msg_bits = 0;
  std::string reward_type = "individual";
  std::string common_reward = "sum";
  int episode_limit = 500;
  int max_inactivity_steps = 0;
  bool limit_terminates = false;
  std::string observation = "flattened";
  bool image_directional = true;
  bool normalised_coordinates = false;
  std::string ties = "lowest_index";

  void options(config::Options& o);

  int height() const { return (column_height + 1) * shelf_rows + 2; }
  int width() const { return 3 * shelf_columns + 1; }
};

/// A moderate selection of the names: those of EPyMARL and of the papers that compare on RWARE.
std::vector<std::string> maps();

/// Reads `args` over the arguments that its map_name stands for. Names are those that the reference
/// registers, with or without "rware:", "rware-" and the version:
///
///   [rware[-img|-imgdict][-Nd][-2s..5s]-] tiny|small|medium|large|<rows>x<columns> [-<h>h] -<n>ag
///   [-easy|-hard | -<q>req-indiv|global|twostage] [-v1|-v2]
///
/// Throws Error for an unknown key, a value that is not allowed, agents that do not fit, or a queue
/// that leaves no shelf to be requested next.
RwareOptions read_options(const config::Map& args);

}  // namespace qtot::envs::rware
