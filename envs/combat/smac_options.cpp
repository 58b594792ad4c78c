#include "envs/combat/smac_options.h"

#include <string>

namespace qtot::envs::combat {

void add_smac_options(config::Options& o) {
  const auto fixed = [&o](const char* key, auto value, const char* help) {
    o.add(key, value, help, config::equal_to(value));
  };
  const auto fixed_text = [&o](const char* key, std::string value, const char* help) {
    const std::string only = value;
    o.add(key, value, help,
          config::Rule<std::string>{[only](const std::string& x) { return x == only; },
                                    '"' + only + "\" (qtot supports no other value)"});
  };
  fixed("continuing_episode", false, "an episode ends at its limit");
  fixed("debug", false, "the environment prints nothing");
  fixed_text("difficulty", "7", "enemies have one way to fight, that of SMAClite");
  fixed("heuristic_ai", false, "agents act as they are told");
  fixed("heuristic_rest", false, "used with heuristic_ai only");
  fixed("move_amount", 2.0, "a move goes to the point so many cells away");
  fixed("obs_all_health", true, "agents see the health of whom they see");
  fixed("obs_instead_of_state", false, "the state is not the observations");
  fixed("obs_last_action", false, "agents do not see each other's last action");
  fixed("obs_own_health", true, "agents see their own health");
  fixed("obs_pathing_grid", false, "agents see free directions, not the ground around");
  fixed("obs_terrain_height", false, "the ground is flat");
  fixed("obs_timestep_number", false, "agents do not see the time");
  fixed_text("replay_dir", "", "no replay is written");
  fixed_text("replay_prefix", "", "no replay is written");
  fixed("reward_death_value", 10.0, "reward of a kill, before it is scaled");
  fixed("reward_defeat", 0.0, "reward of a defeat");
  fixed("reward_negative_scale", 0.5, "used without reward_only_positive only");
  fixed("reward_only_positive", true, "own losses cost nothing");
  fixed("reward_scale", true, "rewards are divided by the largest sum without regeneration");
  fixed("reward_scale_rate", 20.0, "and multiplied by this");
  fixed("reward_sparse", false, "damage and kills are paid");
  fixed("reward_win", 200.0, "reward of a victory, before it is scaled");
  fixed("state_last_action", true, "the state has everybody's last action");
  fixed("state_timestep_number", false, "the state has no time");
  fixed("step_mul", 8, "ticks of 1/16 s in a step");
}

}  // namespace qtot::envs::combat
