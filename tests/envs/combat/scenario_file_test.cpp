// What a scenario's lines and options may say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "envs/combat/map.h"
#include "envs/combat/options.h"
#include "support/error_text.h"

namespace qtot::envs::combat {
namespace {

using testing::HasSubstr;

std::string map_of(const std::string& rest) {
  return "limit 50\nattack_point 16 16\nterrain flat\n" + rest;
}

std::string error_of(const std::string& rest) {
  return test::error_text([&] { parse_map(map_of(rest), "mine", "mine.map"); });
}

TEST(CombatScenarioFile, WhatALineShouldBeIsNamed) {
  const std::string positions = "positions reflect\n";
  const std::string team = "team 2 vs 3 from marine 1, medivac 1\n";
  EXPECT_EQ(error_of(team + positions), "(no error)");
  EXPECT_EQ(error_of(team), "mine.map: expected a line `positions` beside `team`, found none");
  EXPECT_EQ(error_of(positions + "ally 9 9: 1 marine\nenemy 20 9: 1 marine\n"),
            "mine.map: expected a line `team` beside `positions` and `never_alone`, found none");
  EXPECT_THAT(error_of(team + positions + "ally 9 9: 1 marine\n"),
              HasSubstr(":6: expected no line `ally` or `enemy` beside a line `team`, found"));
  EXPECT_THAT(error_of(team + team), HasSubstr(":5: expected one line `team`"));
  EXPECT_THAT(error_of(positions + positions), HasSubstr(":5: expected one line `positions`"));
  EXPECT_THAT(error_of(team + "positions around\n"),
              HasSubstr(":5: expected `positions` and one of surround, reflect,"));
  EXPECT_THAT(error_of("team 2 3 from marine 1\n"),
              HasSubstr(":4: expected `team ALLIES vs ENEMIES from UNIT WEIGHT, ...`"));
  for (const char* sizes : {"0 vs 3", "3 vs -1", "2.5 vs 1", "200 vs 57", "256 vs 1", "a vs b"}) {
    EXPECT_THAT(error_of(std::string("team ") + sizes + " from marine 1\n"),
                HasSubstr(":4: expected teams of at least 1 unit, and at most 256 units"))
        << sizes;
  }
  const auto kinds = [](const std::string& text) { return error_of("team 2 vs 3 from" + text); };
  EXPECT_THAT(kinds(""), HasSubstr("`UNIT WEIGHT` between commas"));
  EXPECT_THAT(kinds(" marine 1,"), HasSubstr("`UNIT WEIGHT` between commas"));
  EXPECT_THAT(kinds(" marines 1"), HasSubstr("expected one of the units marine, "));
  EXPECT_THAT(kinds(" marine 1, marine 2"), HasSubstr("expected each unit once"));
  for (const char* weight : {"0", "-1", "0.45", "1000001", "99999999999999"}) {
    EXPECT_THAT(kinds(std::string(" marine ") + weight), HasSubstr("a weight from 1 to 1000000"));
  }
}

TEST(CombatScenarioFile, SomeKindMayStandAlone) {
  EXPECT_THAT(error_of("team 2 vs 3 from medivac 1\npositions reflect\n"),
              HasSubstr(":4: expected a unit that is neither a healer nor never_alone, found"));
  const std::string team = "team 2 vs 3 from marine 1, medivac 1\npositions reflect\n";
  EXPECT_THAT(error_of(team + "never_alone marine\n"),
              HasSubstr(":4: expected a unit that is neither a healer nor never_alone, found"));
  EXPECT_THAT(error_of(team + "never_alone zealot\n"), HasSubstr(":6: expected units of the line"));
  EXPECT_THAT(error_of(team + "never_alone\n"), HasSubstr(":6: expected one of the units"));
}

TEST(CombatScenarioFile, TeamsThatMayNotFindRoomAreRefused) {
  EXPECT_THAT(error_of("team 100 vs 100 from colossus 1\npositions surround\n"),
              HasSubstr(":4: expected teams that surely find room on the terrain, found"));
  const std::string walls = "limit 50\nattack_point 9 16\nterrain octagon\n";
  EXPECT_EQ(test::error_text([&] {
              parse_map(walls + "team 5 vs 5 from marine 1\npositions surround\n", "m", "m.map");
            }),
            "(no error)");
}

std::string error_of_sizes(const std::string& map, int n_units) {
  return test::error_text([&] {
    read_setting({{"map_name", {map, "test"}}, {"n_units", {std::int64_t{n_units}, "test"}}});
    ;
  });
}

TEST(CombatScenarioOptions, SizesAreOfScenariosAndHaveTheirBounds) {
  EXPECT_EQ(error_of_sizes("10gen_protoss", 20), "(no error)");
  EXPECT_EQ(error_of_sizes("3m", 4),
            "env_args.n_units and env_args.n_enemies: expected a map with a line `team`, found "
            "\"3m\"");
  EXPECT_EQ(error_of_sizes("10gen_protoss", 200),
            "env_args.n_units and env_args.n_enemies: expected teams that surely find room on the "
            "terrain, found 200 vs 5");
  EXPECT_EQ(error_of_sizes("10gen_protoss", 256),
            "env_args.n_units = 256 (test): must be in [0, 255]");
}

}  // namespace
}  // namespace qtot::envs::combat
