// docs/combat_maps.md says what the files say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "envs/combat/layout.h"
#include "envs/combat/map.h"
#include "qtot/base/files.h"

namespace qtot::envs::combat {
namespace {

std::string document() {
  return read_file(QTOT_SOURCE_DIR "/docs/combat_maps.md", 65536);
}

TEST(CombatDocument, ItsExampleIsAMap) {
  const std::string text = document();
  const std::size_t begin = text.find("# Three marines");
  ASSERT_NE(begin, std::string::npos);
  const CombatMap map = parse_map(text.substr(begin, text.find("```", begin) - begin), "example",
                                  "docs/combat_maps.md");
  EXPECT_EQ(layout_of(map).n_agents, 4);
  EXPECT_EQ(layout_of(map).n_enemies, 16);
}

TEST(CombatDocument, ItsScenarioIsTheOneThatIsBuiltIn) {
  const std::string text = document();
  const std::size_t begin = text.find("# SMACv2's terran");
  ASSERT_NE(begin, std::string::npos);
  const CombatMap map = parse_map(text.substr(begin, text.find("```", begin) - begin), "example",
                                  "docs/combat_maps.md");
  const CombatMap built_in = named_map("10gen_terran");
  EXPECT_EQ(layout_of(map).obs_dim, layout_of(built_in).obs_dim);
  EXPECT_EQ(map.walkable, built_in.walkable);
  EXPECT_EQ(map.scenario->positions, built_in.scenario->positions);
}

TEST(CombatDocument, HasEveryMapWithItsUnitsAndSizes) {
  const std::string text = document();
  for (const std::string& name : map_names()) {
    const CombatMap map = named_map(name);
    const Layout layout = layout_of(map);
    std::string units[2];
    if (map.scenario) {
      for (const Scenario::Choice& choice : map.scenario->choices) {
        units[0] += (units[0].empty() ? "" : ", ") + std::string(unit_type(choice.kind).name) +
                    " " + std::to_string(choice.weight);
      }
      units[1] =
          std::to_string(map.scenario->n_allies) + " vs " + std::to_string(map.scenario->n_enemies);
    }
    for (const Group& group : map.groups) {
      std::string& list = units[group.side == Side::kAlly ? 0 : 1];
      for (const Squad& squad : group.squads) {
        std::string unit(unit_type(squad.kind).name);
        if (const std::size_t at = unit.find('_'); at != std::string::npos) unit[at] = ' ';
        list += (list.empty() ? "" : ", ") + std::to_string(squad.count) + " " + unit;
      }
    }
    std::string row = "\n| `" + name + "` | " + units[0] + " | " + units[1] + " | ";
    for (const int number :
         {map.episode_limit, layout.n_actions, layout.obs_dim, layout.state_dim}) {
      row += std::to_string(number) + " | ";
    }
    EXPECT_THAT(text, testing::HasSubstr(row));
  }
}

}  // namespace
}  // namespace qtot::envs::combat
