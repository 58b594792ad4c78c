#pragma once

#include <string>
#include <vector>

#include "envs/combat/battle.h"
#include "envs/combat/map.h"
#include "qtot/config/options.h"

namespace qtot::envs::combat {

/// `env_args` of combat.
struct CombatOptions {
  std::string map_name = "3m";
  std::string map_file;  // instead of a map that is built in
  std::string map_text;  // the same, written out
  std::string rules = "fixed";
  int episode_limit = 0;
  int n_units = 0;  // of a scenario
  int n_enemies = 0;

  void options(config::Options& o);
};

/// What a combat environment is made of.
struct Setting {
  CombatMap map;
  Rules rules = Rules::kFixed;
};

/// Throws Error for an unknown key, a value that is not allowed, or a map that is none.
Setting read_setting(const config::Map& args);

}  // namespace qtot::envs::combat
