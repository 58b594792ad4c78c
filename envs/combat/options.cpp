#include "envs/combat/options.h"

#include "envs/combat/scenario.h"
#include "envs/combat/smac_options.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::envs::combat {
namespace {

constexpr int kMaxLimit = 1000000;

// In place of the numbers of the map.
void set_sizes(const CombatOptions& options, CombatMap& map) {
  if (options.n_units == 0 && options.n_enemies == 0) return;
  const std::string keys = "env_args.n_units and env_args.n_enemies: ";
  if (!map.scenario) {
    throw Error(keys + "expected a map with a line `team`, found \"" + printable(map.name) + "\"");
  }
  Scenario& scenario = *map.scenario;
  if (options.n_units > 0) scenario.n_allies = options.n_units;
  if (options.n_enemies > 0) scenario.n_enemies = options.n_enemies;
  if (scenario.n_allies + scenario.n_enemies > kMaxUnits || !has_room(map)) {
    throw Error(keys + "expected teams that surely find room on the terrain, found " +
                std::to_string(scenario.n_allies) + " vs " + std::to_string(scenario.n_enemies));
  }
}

}  // namespace

void CombatOptions::options(config::Options& o) {
  o.add("map_name", map_name, "map that is built in (docs/combat_maps.md)",
        config::one_of(map_names()));
  o.add("map_file", map_file, "file of a map of your own, instead of map_name");
  o.add("map_text", map_text, "the text of such a file, instead of map_name");
  o.add("rules", rules,
        "fixed: SMAClite's rules with its slips mended; compat: with them, as recorded",
        config::one_of({"fixed", "compat"}));
  o.add("episode_limit", episode_limit, "steps of an episode; 0: the map's",
        config::between(0, kMaxLimit));
  o.add("n_units", n_units, "allies of a scenario (10gen_terran, ...); 0: the map's",
        config::between(0, kMaxUnits - 1));
  o.add("n_enemies", n_enemies, "enemies of a scenario; 0: the map's",
        config::between(0, kMaxUnits - 1));
  add_smac_options(o);
}

Setting read_setting(const config::Map& args) {
  CombatOptions options;
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment combat");
  if (!options.map_file.empty() && !options.map_text.empty()) {
    throw Error("env_args.map_file and map_text: expected one of them, found both");
  }
  Setting setting;
  setting.rules = options.rules == "compat" ? Rules::kCompat : Rules::kFixed;
  if (!options.map_file.empty()) {
    setting.map = read_map(options.map_file);
  } else if (!options.map_text.empty()) {
    setting.map = parse_map(options.map_text, "map_text", "env_args.map_text");
  } else {
    setting.map = named_map(options.map_name);
  }
  if (options.episode_limit > 0) setting.map.episode_limit = options.episode_limit;
  set_sizes(options, setting.map);
  return setting;
}

}  // namespace qtot::envs::combat
