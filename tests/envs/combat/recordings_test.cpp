// What SMAClite's recordings say about units, maps, sizes and starts. tests/data/combat holds the first
// two lines of each (header and first reset); the whole recordings are read where they lie beside the
// project.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "envs/combat/layout.h"
#include "envs/combat/map.h"
#include "envs/combat/placement.h"

namespace qtot::envs::combat {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Recording {
  std::string file;
  Json header, reset;
};

// gzopen() reads a file that is not compressed as well
Json next_line(gzFile file) {
  std::string line;
  for (int c = gzgetc(file); c != -1 && c != '\n'; c = gzgetc(file)) {
    line += static_cast<char>(c);
  }
  return Json::parse(line);
}

std::vector<Recording> recordings() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(QTOT_TEST_DATA_DIR "/combat")) {
    paths.push_back(entry.path());
  }
  const fs::path beside = QTOT_SOURCE_DIR "/../shared/traces";
  if (fs::exists(beside)) {
    for (const auto& entry : fs::directory_iterator(beside)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("smaclite-")) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Recording> list;
  for (const fs::path& path : paths) {
    gzFile file = gzopen(path.c_str(), "rb");
    Json header = next_line(file);
    Json reset = next_line(file);
    list.push_back({path.filename().string(), std::move(header), std::move(reset)});
    gzclose(file);
  }
  return list;
}

unsigned attributes_of(const Json& names) {
  constexpr std::array<std::pair<const char*, Attribute>, 6> kNames = {{{"LIGHT", kLight},
                                                                        {"ARMORED", kArmored},
                                                                        {"MASSIVE", kMassive},
                                                                        {"BIOLOGICAL", kBiological},
                                                                        {"MECHANICAL", kMechanical},
                                                                        {"STRUCTURE", kStructure}}};
  unsigned bits = 0;
  for (const std::string name : names) {
    for (const auto& [known, bit] : kNames) {
      if (name == known) bits |= bit;
    }
  }
  return bits;
}

void expect_unit(const UnitType& type, const Json& unit) {
  EXPECT_EQ(type.hp, unit["hp"]);
  EXPECT_EQ(type.shield, unit["shield"]);
  EXPECT_EQ(type.armor, unit["armor"]);
  EXPECT_EQ(type.damage, unit["damage"]);
  EXPECT_EQ(type.n_attacks, unit["attacks"]);
  EXPECT_EQ(type.cooldown, unit["cooldown"]);
  EXPECT_EQ(type.speed, unit["speed"]);
  EXPECT_EQ(type.range, unit["attack_range"]);
  EXPECT_EQ(2 * type.radius, unit["size"]);
  EXPECT_EQ(type.scan, unit["scan"]);
  EXPECT_EQ(type.hp_regen, unit["hp_regen"]);
  EXPECT_EQ(type.max_energy, unit["energy"]);
  EXPECT_EQ(type.initial_energy, unit["starting_energy"]);
  EXPECT_EQ(type.plane == Plane::kAir ? "AIR" : "GROUND", unit["plane"]);
  const Json& targets = unit["valid_targets"];
  EXPECT_EQ(type.hits_air, std::count(targets.begin(), targets.end(), "AIR") == 1);
  EXPECT_EQ(type.hits_ground, std::count(targets.begin(), targets.end(), "GROUND") == 1);
  EXPECT_EQ(type.attributes, attributes_of(unit["attributes"]));
  EXPECT_EQ(type.weapon == Weapon::kHeal, unit["combat"] == "HEALING");
  Json against = Json::array();
  for (const auto& [attribute, bonus] : unit["bonuses"].items()) {
    against.push_back(attribute);
    EXPECT_EQ(type.bonus, bonus);
  }
  EXPECT_EQ(type.bonus_against, attributes_of(against));
  EXPECT_EQ(type.bonus > 0, !against.empty());
}

TEST(CombatUnits, TableIsSMAClites) {
  std::vector<std::string> seen;
  for (const Recording& recording : recordings()) {
    for (const auto& [name, unit] : recording.header["config"]["units"].items()) {
      SCOPED_TRACE(recording.file + ", " + name);
      const std::optional<UnitKind> kind = unit_kind(name);
      ASSERT_TRUE(kind.has_value());
      expect_unit(unit_type(*kind), unit);
      seen.push_back(name);
    }
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen.size(), kNumUnitKinds - 1U);  // all but the hydralisk
}

TEST(CombatUnits, TheSpecialWeaponsAreThoseOfTheRules) {
  for (int i = 0; i < kNumUnitKinds; ++i) {
    const auto kind = static_cast<UnitKind>(i);
    const Weapon weapon = kind == UnitKind::kMedivac    ? Weapon::kHeal
                          : kind == UnitKind::kColossus ? Weapon::kLineSplash
                          : kind == UnitKind::kBaneling ? Weapon::kExplode
                                                        : Weapon::kStandard;
    EXPECT_EQ(unit_type(kind).weapon, weapon) << unit_type(kind).name;
    EXPECT_EQ(unit_kind(unit_type(kind).name), kind);
  }
}

Json groups_of(const CombatMap& map) {
  Json list = Json::array();
  for (const Group& group : map.groups) {
    Json squads = Json::array();
    for (const Squad& squad : group.squads) {
      squads.push_back({std::string(unit_type(squad.kind).name), squad.count});
    }
    list.push_back({group.x, group.y, group.side == Side::kAlly ? "ALLY" : "ENEMY", squads});
  }
  return list;
}

Json rows_of(const CombatMap& map) {
  Json rows = Json::array();
  for (const auto& cells : map.walkable) {
    std::string row;
    for (const bool walkable : cells) row += walkable ? '_' : 'X';
    rows.push_back(row);
  }
  return rows;
}

TEST(CombatMaps, AreTheRecordedOnes) {
  for (const Recording& recording : recordings()) {
    SCOPED_TRACE(recording.file);
    const Json& config = recording.header["config"];
    const CombatMap map = named_map(config["map"]);
    EXPECT_EQ(groups_of(map), config["groups"]);
    EXPECT_EQ(Json({map.attack_x, map.attack_y}), config["attack_point"]);
    EXPECT_EQ(rows_of(map), config["terrain_rows_y0_first"]);
    EXPECT_EQ(map.episode_limit, config["time_limit"]);
    EXPECT_EQ(config["width"], kMapSize);
    EXPECT_EQ(config["height"], kMapSize);
  }
}

TEST(CombatLayout, SizesAreTheRecordedOnes) {
  for (const Recording& recording : recordings()) {
    SCOPED_TRACE(recording.file);
    const Json& header = recording.header;
    const Json& config = header["config"];
    const Layout layout = layout_of(named_map(config["map"]));
    EXPECT_EQ(layout.n_agents, header["n_agents"]);
    EXPECT_EQ(layout.n_actions, header["n_actions"]);
    EXPECT_EQ(layout.obs_dim, header["obs"]);
    EXPECT_EQ(layout.state_dim, header["state"]);
    EXPECT_EQ(layout.allies_have_shields, config["ally_has_shields"]);
    EXPECT_EQ(layout.enemies_have_shields, config["enemy_has_shields"]);
    Json ids = Json::object();
    for (std::size_t i = 0; i < layout.unit_types.size(); ++i) {
      ids[std::string(unit_type(layout.unit_types[i]).name)] = i;
    }
    EXPECT_EQ(ids, config["unit_type_ids"]);
  }
}

// To the bit of float32. The `-weak` recordings moved their units after the reset.
TEST(CombatPlacement, StartsAreTheRecordedOnes) {
  for (const Recording& recording : recordings()) {
    if (recording.file.find("-weak") != std::string::npos) continue;
    SCOPED_TRACE(recording.file);
    const std::vector<Start> starts = place(named_map(recording.header["config"]["map"]));
    const Json& units = recording.reset["s"]["units"];
    ASSERT_EQ(starts.size(), units.size());
    for (std::size_t i = 0; i < starts.size(); ++i) {
      // id, side, id in side, name, hp, shield, energy, healing, x, y, ...
      EXPECT_EQ(starts[i].side == Side::kAlly ? 0 : 1, units[i][1]);
      EXPECT_EQ(std::string(unit_type(starts[i].kind).name), units[i][3]);
      EXPECT_EQ(static_cast<double>(starts[i].x), units[i][8]);
      EXPECT_EQ(static_cast<double>(starts[i].y), units[i][9]);
    }
  }
}

}  // namespace
}  // namespace qtot::envs::combat
