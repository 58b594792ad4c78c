#pragma once

#include <string>
#include <vector>

#include "qtot/config/options.h"

namespace qtot::envs::mpe {

/// The keys of `env_args`. A key that belongs to some scenarios alone is refused elsewhere.
struct MpeOptions {
  std::string map_name = "simple_spread";
  int episode_limit = 25;
  bool limit_terminates = false;
  std::string integration = "old_velocity";
  std::string reward = "mpe2";
  std::string common_reward = "sum";
  int n_agents = 0;             // simple_spread; 0: three
  int n_landmarks = 0;          // simple_spread; 0: as many as agents
  double local_ratio = 0.5;     // simple_spread and simple_reference with reward mpe2
  std::string prey = "random";  // simple_tag

  void options(config::Options& o);

  bool position_uses_old_velocity() const { return integration == "old_velocity"; }
  bool is_openai() const { return reward == "openai"; }
  bool sums_rewards() const { return common_reward == "sum"; }
};

/// Reads `env_args`. Throws Error for an unknown key, a value that is not allowed, and a key that
/// the scenario does not have. map_name becomes the scenario's own name.
MpeOptions read_options(const config::Map& args);

}  // namespace qtot::envs::mpe
