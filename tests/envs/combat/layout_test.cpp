#include "envs/combat/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace qtot::envs::combat {
namespace {

// A line of SMAC's smac_maps.py with the sizes that starcraft2.py computes from it at its defaults
// (obs_all_health, state_last_action; no last action in the observation, no timestep).
struct SmacMap {
  std::string name;
  int n_agents, n_enemies, n_actions, obs_size, state_size, limit;
  char ally_race, enemy_race;  // Protoss have shields
  int unit_type_bits;
};

const std::vector<SmacMap> kSmacMaps = {
    {"3m", 3, 3, 9, 30, 48, 60, 'T', 'T', 0},
    {"8m", 8, 8, 14, 80, 168, 120, 'T', 'T', 0},
    {"25m", 25, 25, 31, 250, 950, 150, 'T', 'T', 0},
    {"5m_vs_6m", 5, 6, 12, 55, 98, 70, 'T', 'T', 0},
    {"8m_vs_9m", 8, 9, 15, 85, 179, 120, 'T', 'T', 0},
    {"10m_vs_11m", 10, 11, 17, 105, 243, 150, 'T', 'T', 0},
    {"27m_vs_30m", 27, 30, 36, 285, 1170, 180, 'T', 'T', 0},
    {"MMM", 10, 10, 16, 160, 290, 150, 'T', 'T', 3},
    {"MMM2", 10, 12, 18, 176, 322, 180, 'T', 'T', 3},
    {"2s3z", 5, 5, 11, 80, 120, 120, 'P', 'P', 2},
    {"3s5z", 8, 8, 14, 128, 216, 150, 'P', 'P', 2},
    {"3s5z_vs_3s6z", 8, 9, 15, 136, 230, 170, 'P', 'P', 2},
    {"3s_vs_3z", 3, 3, 9, 36, 54, 150, 'P', 'P', 0},
    {"3s_vs_4z", 3, 4, 10, 42, 61, 200, 'P', 'P', 0},
    {"3s_vs_5z", 3, 5, 11, 48, 68, 250, 'P', 'P', 0},
    {"1c3s5z", 9, 9, 15, 162, 270, 180, 'P', 'P', 3},
    {"2m_vs_1z", 2, 1, 7, 16, 26, 150, 'T', 'P', 0},
    {"corridor", 6, 24, 30, 156, 282, 400, 'P', 'Z', 0},
    {"6h_vs_8z", 6, 8, 14, 78, 140, 150, 'Z', 'P', 0},
    {"2s_vs_1sc", 2, 1, 7, 17, 27, 300, 'P', 'Z', 0},
    {"so_many_baneling", 7, 32, 38, 202, 397, 100, 'P', 'Z', 0},
    {"bane_vs_bane", 24, 24, 30, 336, 984, 200, 'Z', 'Z', 2},
    {"2c_vs_64zg", 2, 64, 70, 332, 342, 400, 'P', 'Z', 0},
};

TEST(CombatLayout, RealSmacSizes) {
  EXPECT_EQ(std::count_if(map_names().begin(), map_names().end(),
                          [](const std::string& name) { return !named_map(name).scenario; }),
            static_cast<std::ptrdiff_t>(kSmacMaps.size()));
  for (const SmacMap& smac : kSmacMaps) {
    SCOPED_TRACE(smac.name);
    const CombatMap map = named_map(smac.name);
    const Layout layout = layout_of(map);
    EXPECT_EQ(layout.n_agents, smac.n_agents);
    EXPECT_EQ(layout.n_enemies, smac.n_enemies);
    EXPECT_EQ(layout.n_actions, smac.n_actions);
    EXPECT_EQ(layout.obs_dim, smac.obs_size);
    EXPECT_EQ(layout.state_dim, smac.state_size);
    EXPECT_EQ(map.episode_limit, smac.limit);
    EXPECT_EQ(layout.allies_have_shields, smac.ally_race == 'P');
    EXPECT_EQ(layout.enemies_have_shields, smac.enemy_race == 'P');
    EXPECT_EQ(static_cast<int>(layout.unit_types.size()), smac.unit_type_bits);
  }
}

// get_obs_size and get_state_size of SMAC's starcraft2.py, so that no number above is a slip.
TEST(CombatLayout, TheTableOfSmacSizesFollowsItsFormulas) {
  for (const SmacMap& smac : kSmacMaps) {
    SCOPED_TRACE(smac.name);
    const int ally_bits = (smac.ally_race == 'P' ? 1 : 0) + smac.unit_type_bits;
    const int enemy_bits = (smac.enemy_race == 'P' ? 1 : 0) + smac.unit_type_bits;
    EXPECT_EQ(smac.n_actions, 6 + smac.n_enemies);
    EXPECT_EQ(smac.obs_size, 4 + smac.n_enemies * (5 + enemy_bits) +
                                 (smac.n_agents - 1) * (5 + ally_bits) + 1 + ally_bits);
    EXPECT_EQ(smac.state_size, smac.n_agents * (4 + ally_bits) + smac.n_enemies * (3 + enemy_bits) +
                                   smac.n_agents * smac.n_actions);
  }
}

CombatMap with_groups(const std::string& groups) {
  return parse_map("limit 10\nattack_point 9 16\nterrain simple\n" + groups, "test", "test.map");
}

TEST(CombatLayout, UnitTypesAreSortedByName) {
  const Layout layout =
      layout_of(with_groups("ally 9 16: 1 stalker, 2 colossus\n"
                            "enemy 23 16: 3 zealot\n"));
  EXPECT_THAT(layout.unit_types,
              testing::ElementsAre(UnitKind::kColossus, UnitKind::kStalker, UnitKind::kZealot));
}

TEST(CombatLayout, OneKindASideHasNoTypeBits) {
  EXPECT_TRUE(layout_of(with_groups("ally 9 16: 1 stalker\nally 9 20: 2 stalker\n"
                                    "enemy 23 16: 3 zealot\n"))
                  .unit_types.empty());
}

TEST(CombatLayout, HealersReachEveryAlly) {
  const std::string enemies = "enemy 23 16: 3 marine\n";
  EXPECT_EQ(layout_of(with_groups("ally 9 16: 1 medivac, 5 marine\n" + enemies)).n_actions, 6 + 6);
  EXPECT_EQ(layout_of(with_groups("ally 9 16: 6 marine\n" + enemies)).n_actions, 6 + 3);
}

TEST(CombatLayout, ShieldsOfOneUnitGiveItsSideTheShieldColumn) {
  const Layout layout =
      layout_of(with_groups("ally 9 16: 2 marine, 1 zealot\nenemy 23 16: 1 marine\n"));
  EXPECT_TRUE(layout.allies_have_shields);
  EXPECT_FALSE(layout.enemies_have_shields);
  EXPECT_EQ(layout.own_obs, 1 + 1 + 2);
  EXPECT_EQ(layout.enemy_obs, 5 + 2);
}

}  // namespace
}  // namespace qtot::envs::combat
