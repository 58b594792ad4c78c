#include "env_check/lbf_config.h"

#include <algorithm>
#include <array>
#include <string>

namespace qtot::env {
namespace {

// Arguments of the constructor that we call the same.
constexpr std::array kSameName = {
    "players",        "field_size",       "max_num_food",     "sight",
    "force_coop",     "min_player_level", "max_player_level", "min_food_level",
    "max_food_level", "normalize_reward", "grid_observation", "observe_agent_levels",
    "penalty"};

}  // namespace

config::Map lbf_args(const Json& config, const Place& place) {
  if (!config.is_object()) place.fail("config: expected an object");
  config::Map args = {{"mask", {std::string("game"), place.text()}},
                      {"limit_terminates", {true, place.text()}},
                      {"episode_limit", to_value(need(config, "max_episode_steps", place), place)}};
  for (const char* key : {"players", "field_size", "max_num_food", "sight", "force_coop"}) {
    need(config, key, place);
  }
  // a sight of 0 shows an agent its own cell there, and the whole field here
  if (config["sight"] == 0) place.fail("config.sight: expected an integer from 1");
  for (const auto& [key, value] : config.items()) {
    if (key == "env_id" || key == "max_episode_steps" || key == "render_mode") continue;
    if (std::ranges::find(kSameName, key) == kSameName.end()) {
      place.fail("config." + key + ": this environment has no such argument");
    }
    args.emplace_back(key, to_value(value, place));
  }
  return args;
}

}  // namespace qtot::env
