#include "envs/combat/map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <string>

#include "envs/combat/placement.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot::envs::combat {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Line 3 is free.
const std::string kHead = "limit 60\nattack_point 9 16\n";
const std::string kTail = "\nally 9 16: 3 marine\nenemy 23 16: 3 marine\nterrain simple\n";

std::string error_of(const std::string& text) {
  return test::error_text([&] { parse_map(text, "mine", "mine.map"); });
}

std::string rows(const std::string& row, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += row + "\n";
  return text;
}

TEST(CombatMaps, AFileGivesItsMap) {
  const CombatMap map = parse_map(
      "# ours\r\n"
      "limit 75   # steps\n"
      "attack_point 9.5 0\n"
      "\n"
      "enemy 23 16: 2 zealot\n"
      "ally\t8.25 31.5 :1 medivac,  1 marine\n"
      "terrain\n" +
          rows(std::string(32, '_'), 1) + rows("X" + std::string(31, '_'), 31),
      "mine", "mine.map");
  EXPECT_EQ(map.name, "mine");
  EXPECT_EQ(map.episode_limit, 75);
  EXPECT_EQ(map.attack_x, 9.5);
  EXPECT_EQ(map.attack_y, 0);
  ASSERT_EQ(map.groups.size(), 2U);
  EXPECT_EQ(map.groups[0].side, Side::kEnemy);
  const Group& allies = map.groups[1];
  EXPECT_EQ(allies.side, Side::kAlly);
  EXPECT_EQ(allies.x, 8.25);
  EXPECT_EQ(allies.y, 31.5);
  ASSERT_EQ(allies.squads.size(), 2U);
  EXPECT_EQ(allies.squads[0].kind, UnitKind::kMedivac);
  EXPECT_EQ(allies.squads[1].kind, UnitKind::kMarine);
  EXPECT_TRUE(map.walkable[31][0]);  // the upper row stands first
  EXPECT_FALSE(map.walkable[30][0]);
  EXPECT_TRUE(map.walkable[30][1]);
}

TEST(CombatMaps, NamesAreInNaturalOrder) {
  ASSERT_GE(map_names().size(), 3U);
  EXPECT_EQ(map_names()[0], "1c3s5z");
  const auto at = [](const char* name) {
    return std::find(map_names().begin(), map_names().end(), name);
  };
  EXPECT_LT(at("3m"), at("10m_vs_11m"));
}

TEST(CombatMaps, EveryCentreAndStartIsOnWalkableGround) {
  for (const std::string& name : map_names()) {
    SCOPED_TRACE(name);
    const CombatMap map = named_map(name);
    for (const Start& start : place(map)) {
      EXPECT_TRUE(
          map.walkable[static_cast<std::size_t>(start.y)][static_cast<std::size_t>(start.x)])
          << start.x << ", " << start.y;
    }
  }
}

TEST(CombatMaps, AnUnknownNameIsAnErrorThatNamesTheNearest) {
  EXPECT_THAT(test::error_text([] { named_map("3n"); }),
              AllOf(StartsWith("combat map \"3n\": no such map; did you mean 3m? known: 1c3s5z "),
                    HasSubstr(" 27m_vs_30m")));
}

TEST(CombatMaps, WhatALineShouldBeIsNamedWithItsNumber) {
  const auto error = [](const std::string& line) { return error_of(kHead + line + kTail); };
  EXPECT_EQ(error("neutral 16 16: 1 marine"),
            "mine.map:3: expected a line that begins with limit, attack_point, ally, enemy, "
            "team, never_alone, positions or terrain, found \"neutral 16 16: 1 marine\"");
  EXPECT_THAT(error("limit 60"), HasSubstr("mine.map:3: expected one line `limit`"));
  EXPECT_THAT(error("attack_point 1 1"), HasSubstr(":3: expected one line `attack_point`"));
  EXPECT_THAT(error("terrain simple"), HasSubstr(":6: expected one line `terrain`"));
  EXPECT_THAT(error("ally 9 16 3 marine"), HasSubstr(":3: expected `ally X Y: COUNT UNIT, ...`"));
  EXPECT_THAT(error("ally 9: 3 marine"), HasSubstr(":3: expected `ally X Y: COUNT UNIT, ...`"));
  EXPECT_THAT(error("ally 9 16: 3"), HasSubstr(":3: expected `COUNT UNIT` between commas"));
  EXPECT_THAT(error("ally 9 16: 3 marine,"), HasSubstr("expected `COUNT UNIT` between commas"));
  EXPECT_THAT(error("ally 9 16: 3 marines"),
              AllOf(HasSubstr(":3: expected one of the units marine, marauder, "),
                    EndsWith("found \"ally 9 16: 3 marines\"")));
}

TEST(CombatMaps, EveryNumberHasItsBounds) {
  const auto limit = [](const std::string& x) { return error_of("limit " + x + kTail); };
  for (const char* x : {"0", "-1", "100001", "60.5", "6e1", "", "many", "99999999999999999999"}) {
    EXPECT_THAT(limit(x), HasSubstr(":1: expected `limit STEPS` with STEPS from 1 to 100000")) << x;
  }
  for (const char* x : {"-0.1", "32", "nan", "inf", "1e400", "9x", "0x9"}) {
    EXPECT_THAT(error_of(kHead + "ally " + x + " 9: 1 marine" + kTail),
                HasSubstr("with X and Y from 0 to below 32"))
        << x;
    EXPECT_THAT(error_of("attack_point 9 " + std::string(x) + kTail),
                HasSubstr(":1: expected `attack_point X Y` with X and Y from 0 to below 32"))
        << x;
  }
  for (const char* x : {"0", "-3", "251", "2147483648", "1.5", "one"}) {
    EXPECT_THAT(error_of(kHead + kTail.substr(1) + "ally 9 16: " + x + " zergling"),
                HasSubstr(":6: expected a count of at least 1, and at most 256 units"))
        << x;
  }
  EXPECT_EQ(error_of(kHead + kTail + "ally 16 16: 250 zergling"), "(no error)");
}

TEST(CombatMaps, WhatIsMissingIsNamed) {
  EXPECT_EQ(error_of(""), "mine.map: expected a line `limit STEPS`, found none");
  EXPECT_EQ(error_of("limit 60" + kTail),
            "mine.map: expected a line `attack_point X Y`, found none");
  EXPECT_EQ(error_of(kHead), "mine.map: expected a line `terrain`, found none");
  EXPECT_EQ(error_of(kHead + "terrain simple\nenemy 9 16: 1 marine"),
            "mine.map: expected a line that begins with ally, found none");
  EXPECT_EQ(error_of(kHead + "terrain simple\nally 9 16: 1 marine"),
            "mine.map: expected a line that begins with enemy, found none");
}

TEST(CombatMaps, ATerrainIsAKnownNameOrThirtyTwoRows) {
  EXPECT_THAT(error_of(kHead + "terrain swamp"),
              HasSubstr("mine.map:3: expected one of the terrains corridor, field, flat, "
                        "octagon, pentagon, ravine, simple, found"));
  EXPECT_THAT(error_of(kHead + "terrain a b"), HasSubstr(":3: expected `terrain NAME`, or"));
  EXPECT_EQ(error_of(kHead + "terrain\n" + rows(std::string(32, '_'), 31)),
            "mine.map: expected 32 rows of terrain, found 31");
  for (const std::string& row :
       {std::string(31, '_'), std::string(33, '_'), std::string(31, 'X') + "x"}) {
    EXPECT_THAT(error_of(kHead + "terrain\n" + row),
                HasSubstr("mine.map:4: expected a row of terrain, 32 times _ or X"));
  }
}

TEST(CombatMaps, AGroupThatReachesBeyondTheEdgeIsAnError) {
  EXPECT_THAT(error_of(kHead + "ally 0.5 16: 9 colossus" + kTail),
              HasSubstr("mine.map:3: expected a group whose units all start on the map"));
}

TEST(CombatMaps, AFileIsReadByItsPathAndNamedAfterIt) {
  const test::TempFolder folder;
  const std::string path = folder / "my_fight.map";
  std::ofstream(path) << kHead << kTail;
  EXPECT_EQ(read_map(path).name, "my_fight");
  std::ofstream(path) << kHead << "lava" << kTail;
  EXPECT_THAT(test::error_text([&] { read_map(path); }), StartsWith(path + ":3: expected"));
  std::ofstream(path) << std::string(65537, '#');
  EXPECT_THAT(test::error_text([&] { read_map(path); }), HasSubstr("65536"));
}

TEST(CombatMaps, TextOfAFileStaysOnOneLineOfTheMessage) {
  const std::string error = error_of(kHead + "ally \x1b[2J\x01" + std::string(5000, 'a') + kTail);
  EXPECT_LT(error.size(), 500U);
  EXPECT_THAT(error, testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace qtot::envs::combat
