#include "envs/lbf/options.h"

#include <algorithm>
#include <cstddef>

#include "envs/lbf/name.h"
#include "qtot/base/error.h"

namespace qtot::envs::lbf {
namespace {

constexpr int kMinSide = 3;  // food keeps off the border
constexpr int kMaxSide = 64;
constexpr int kMaxPlayers = 64;
constexpr int kMaxFoods = 256;
constexpr int kMaxSight = 64;
constexpr double kMaxPenalty = 1e30;  // well inside float
constexpr double kPenaltyOfName = 0.1;
constexpr std::size_t kNLowest = 3;  // players whose levels bound a food's

using Levels = std::vector<int>;

config::Rule<Levels> levels_in(int low, int high, std::size_t least) {
  return {[=](const Levels& x) {
            return x.size() >= least &&
                   std::ranges::all_of(x, [=](int level) { return low <= level && level <= high; });
          },
          "levels in [" + std::to_string(low) + ", " + std::to_string(high) +
              "], one for all or one for each"};
}

config::Rule<Levels> field_rule() {
  return {[](const Levels& x) {
            return x.size() == 2 && std::ranges::all_of(x, [](int side) {
                     return kMinSide <= side && side <= kMaxSide;
                   });
          },
          "rows and columns, two integers in [3, 64]"};
}

void take_name(const Name& name, LbfOptions& options) {
  options.players = name.players;
  options.field_size = {name.size, name.size};
  options.max_num_food = name.foods;
  options.sight = name.sight;
  options.force_coop = name.coop;
  options.grid_observation = name.grid;
  options.penalty = name.penalty ? kPenaltyOfName : 0;
  if (name.individual) options.max_food_level = {1};
  options.food_levels = name.version < 3 ? "exclusive" : "inclusive";
}

// lb-foraging takes one number for all, and none for "no bound"; here both are lists.
config::Map with_lists(const config::Map& args) {
  config::Map out;
  for (const auto& [key, value] : args) {
    const bool is_level = key == "min_player_level" || key == "max_player_level" ||
                          key == "min_food_level" || key == "max_food_level";
    config::Value listed = value;
    if (is_level && std::holds_alternative<std::int64_t>(value.data)) {
      listed.data = config::List{value};
    }
    if (key == "max_food_level" && std::holds_alternative<std::monostate>(value.data)) {
      listed.data = config::List{};
    }
    out.emplace_back(key, std::move(listed));
  }
  return out;
}

// One level for each of n, where one stands for all.
void spread(Levels& levels, const char* key, int n, const char* whose) {
  if (levels.size() == 1) levels.assign(static_cast<std::size_t>(n), levels[0]);
  if (levels.size() == static_cast<std::size_t>(n)) return;
  throw Error(std::string("env_args.") + key + ": expected one level, or one for each of " +
              std::to_string(n) + " " + whose + ", found " + std::to_string(levels.size()));
}

void must_not_cross(const Levels& low, const Levels& high, const char* what) {
  for (std::size_t i = 0; i < low.size(); ++i) {
    if (low[i] <= high[i]) continue;
    throw Error(std::string("env_args.min_") + what + "_level: " + std::to_string(low[i]) +
                " lies above env_args.max_" + what + "_level, " + std::to_string(high[i]));
  }
}

// The least sum of the three lowest levels that the players can draw.
int least_sum(Levels levels) {
  std::ranges::sort(levels);
  int sum = 0;
  for (std::size_t i = 0; i < std::min(kNLowest, levels.size()); ++i) sum += levels[i];
  return sum;
}

void check_levels(LbfOptions& options) {
  spread(options.min_player_level, "min_player_level", options.players, "players");
  spread(options.max_player_level, "max_player_level", options.players, "players");
  must_not_cross(options.min_player_level, options.max_player_level, "player");
  spread(options.min_food_level, "min_food_level", options.max_num_food, "foods");
  if (!options.max_food_level.empty()) {
    spread(options.max_food_level, "max_food_level", options.max_num_food, "foods");
    must_not_cross(options.min_food_level, options.max_food_level, "food");
    return;
  }
  if (options.force_coop) return;  // every food has the largest level
  const int highest = *std::ranges::max_element(options.min_food_level);
  const int sum = least_sum(options.min_player_level);
  if (highest > sum) {
    throw Error("env_args.min_food_level: " + std::to_string(highest) +
                " can lie above the sum of the three lowest player levels, which may be " +
                std::to_string(sum) + "; set max_food_level, or lower it");
  }
}

}  // namespace

void LbfOptions::options(config::Options& o) {
  o.add("map_name", map_name, "registered name, whose arguments are the defaults",
        config::Rule<std::string>{
            [](const std::string& text) { return read_name(text).has_value(); }, known_names()});
  o.add("players", players, "foragers", config::between(1, kMaxPlayers));
  o.add("field_size", field_size, "rows and columns", field_rule());
  o.add("max_num_food", max_num_food, "foods at the start, fewer where no more find a place",
        config::between(1, kMaxFoods));
  o.add("sight", sight, "cells seen on each side; 0: the whole field",
        config::between(0, kMaxSight));
  o.add("force_coop", force_coop, "whether every food has the largest level it may have");
  o.add("min_player_level", min_player_level, "least level of a player, or of each",
        levels_in(1, kMaxPlayerLevel, 1));
  o.add("max_player_level", max_player_level, "largest level of a player, or of each",
        levels_in(1, kMaxPlayerLevel, 1));
  o.add("min_food_level", min_food_level, "least level of a food, or of each",
        levels_in(1, kMaxFoodLevel, 1));
  o.add("max_food_level", max_food_level,
        "largest level of a food, or of each; []: the sum of the three lowest player levels",
        levels_in(1, kMaxFoodLevel, 0));
  o.add(
      "food_levels", food_levels,
      "whether a food may have its largest level (inclusive, v3) or, where the bounds differ, may "
      "not (exclusive, releases before November 2023)",
      config::one_of({"inclusive", "exclusive"}));
  o.add("normalize_reward", normalize_reward,
        "whether rewards are shares of all food, so that an episode's sum to 1 at most");
  o.add("penalty", penalty, "what a player loses by loading with too small a group",
        config::between(0.0, kMaxPenalty));
  o.add("grid_observation", grid_observation,
        "whether an agent sees layers of cells (players, food, free) instead of a list");
  o.add("observe_agent_levels", observe_agent_levels, "whether the levels of players are seen");
  o.add("mask", mask,
        "what is available: all actions (EPyMARL; a forbidden one does nothing) or those that the "
        "game allows",
        config::one_of({"all", "game"}));
  o.add("common_reward", common_reward, "the team's reward of the players' rewards",
        config::one_of({"sum", "mean"}));
  o.add("episode_limit", episode_limit, "steps of an episode", config::between(1, 1000000));
  o.add("limit_terminates", limit_terminates,
        "whether the limit ends the episode (lb-foraging) or is a time limit that bootstraps");
}

std::vector<std::string> maps() {
  return {"8x8-2p-2f-coop", "2s-8x8-2p-2f-coop", "10x10-3p-3f", "2s-10x10-3p-3f",
          "15x15-3p-5f",    "15x15-4p-3f",       "15x15-4p-5f", "grid-2s-8x8-2p-2f-coop"};
}

LbfOptions read_options(const config::Map& args) {
  LbfOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    if (const auto* text = std::get_if<std::string>(&value->data)) {
      if (const auto name = read_name(*text)) take_name(*name, options);
    }
  }
  config::Options reader(with_lists(args), "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment lbf");

  if (options.sight == 0) options.sight = std::max(options.rows(), options.cols());
  const int n_cells = options.rows() * options.cols();
  if (options.players >= n_cells) {
    throw Error("env_args.field_size = [" + std::to_string(options.rows()) + ", " +
                std::to_string(options.cols()) + "]: " + std::to_string(options.players) +
                " players and a food do not fit on " + std::to_string(n_cells) + " cells");
  }
  check_levels(options);
  return options;
}

}  // namespace qtot::envs::lbf
