// The environment on maps whose teams are drawn.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/every_env.h"
#include "envs/combat/battle.h"
#include "envs/combat/map.h"
#include "envs/combat/placement.h"
#include "envs/combat/unit_types.h"
#include "qtot/base/error.h"
#include "support/error_text.h"

namespace qtot::envs::combat {
namespace {

class CombatScenarioEnv : public testing::Test {
 protected:
  static std::unique_ptr<env::Env> make(const config::Map& args) {
    return env::family("combat").make(args);
  }
  static const std::vector<double>& array(const env::Snapshot& snapshot, const std::string& name) {
    for (const auto& [key, values] : snapshot) {
      if (key == name) return values;
    }
    throw Error("no array " + name);
  }
};

// The contract tests ask more of every map; here both teams differ, so that kinds must travel along.
TEST_F(CombatScenarioEnv, ASnapshotCarriesTheDrawnKinds) {
  const config::Map args = {{"map_name", {std::string("10gen_protoss"), "test"}}};
  const auto env = make(args);
  const auto other = make(args);
  test::reset(*env, 0);
  test::reset(*other, 1);
  ASSERT_NE(array(env->snapshot(), "kinds"), array(other->snapshot(), "kinds"));
  other->restore(env->snapshot());
  EXPECT_EQ(other->snapshot(), env->snapshot());
  EXPECT_EQ(other->text(), env->text());
  EXPECT_EQ(test::View(*other), test::View(*env));
}

// `who`, on ground that a wall parts but for a gap in its middle.
CombatMap walled(const std::string& who) {
  std::string text = "limit 100\nattack_point 16 16\n" + who + "\nterrain\n";
  for (int y = kMapSize - 1; y >= 0; --y) {
    const bool is_gap = y == 15 || y == 16;
    text += std::string(15, '_') + (is_gap ? "__" : "XX") + std::string(15, '_') + "\n";
  }
  return parse_map(text, "walled", "test");
}

TEST_F(CombatScenarioEnv, ItsUnitsHeedTheGroundAsThoseOfAFixedMapDo) {
  const CombatMap fixed = walled("ally 9 20: 2 stalker\nenemy 23 20: 2 stalker");
  const std::vector<Start> starts = place(fixed);
  Battle expected(fixed, Rules::kFixed);
  Battle found(walled("team 2 vs 2 from stalker 1\npositions reflect"), Rules::kFixed);
  expected.begin(starts);
  found.begin(starts);
  for (std::uint32_t t = 0; t < 400; ++t) {
    env::PhiloxChance chance(1, math::Stream::kStep, 0, t);
    expected.tick(0, chance);
    found.tick(0, chance);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      ASSERT_EQ(found.units()[i].x, expected.units()[i].x) << "unit " << i << ", tick " << t;
      ASSERT_EQ(found.units()[i].y, expected.units()[i].y) << "unit " << i << ", tick " << t;
    }
  }
}

TEST_F(CombatScenarioEnv, ARefusedSnapshotChangesNothing) {
  const auto env = make({{"map_name", {std::string("10gen_terran"), "test"}}});
  test::reset(*env, 0);
  const env::Snapshot before = env->snapshot();
  test::reset(*env, 1);
  env::Snapshot wrong = env->snapshot();
  for (auto& [key, values] : wrong) {
    if (key == "kinds") values[0] = static_cast<double>(UnitKind::kZealot);
  }
  env->restore(before);
  EXPECT_EQ(test::error_text([&] { env->restore(wrong); }),
            "snapshot: kinds[0] = 4 is no unit of the map's line `team`");
  EXPECT_EQ(env->snapshot(), before);
}

TEST_F(CombatScenarioEnv, AMapWithoutTeamsHasNoKindsInItsSnapshot) {
  for (const auto& [key, values] : make({})->snapshot()) EXPECT_NE(key, "kinds");
}

std::string map_of(const std::string& rest) {
  return "limit 50\nattack_point 16 16\nterrain flat\n" + rest;
}

env::Snapshot with_alive(const env::Snapshot& snapshot, const std::vector<int>& alive) {
  constexpr std::size_t kColumns = 13;
  env::Snapshot out = snapshot;
  for (auto& [key, values] : out) {
    if (key != "units") continue;
    for (std::size_t i = 0; i < alive.size(); ++i) {
      values[i * kColumns] = alive[i];
      if (alive[i] == 0) values[i * kColumns + 1] = 0;
    }
  }
  return out;
}

// Marauders could not finish medivacs off.
TEST_F(CombatScenarioEnv, ASideOfWhichOnlyHealersAreLeftHasLost) {
  const auto env =
      make({{"map_text",
             {map_of("team 2 vs 2 from marauder 1, medivac 1\npositions reflect\n"), "test"}}});
  std::uint64_t ticket = 0;
  const auto kind = [&](std::size_t i) {
    return static_cast<UnitKind>(array(env->snapshot(), "kinds")[i]);
  };
  do {
    test::reset(*env, ticket++);
  } while (kind(0) != UnitKind::kMarauder || kind(1) != UnitKind::kMedivac);
  const env::Snapshot start = env->snapshot();
  EXPECT_FALSE(env->has_ended());
  env->restore(with_alive(start, {1, 1, 0, 1}));
  EXPECT_TRUE(env->has_ended());
  env->restore(with_alive(start, {0, 1, 1, 1}));
  EXPECT_TRUE(env->has_ended());
  env->restore(with_alive(start, {1, 0, 1, 0}));
  EXPECT_FALSE(env->has_ended());
}

// A marine and a colossus have not the same hit points: the sum that rewards are divided by follows the draw.
TEST_F(CombatScenarioEnv, RewardsAreScaledByTheEnemiesThatWereDrawn) {
  const auto env =
      make({{"map_text",
             {map_of("team 1 vs 1 from marine 1, colossus 1\npositions reflect\n"), "test"}}});
  for (std::uint64_t ticket = 0; ticket < 20; ++ticket) {
    test::reset(*env, ticket);
    const auto kind = static_cast<UnitKind>(array(env->snapshot(), "kinds")[1]);
    const UnitType& type = unit_type(kind);
    // one enemy with 1 hp at the ally's side, that the ally kills within a step
    env::Snapshot snapshot = env->snapshot();
    for (auto& [key, values] : snapshot) {
      if (key != "units") continue;
      values[13 + 1] = 1;
      values[13 + 2] = 0;
      values[13 + 5] = values[5] + 3;
      values[13 + 6] = values[6];
      values[13 + 11] = 10;  // its shield does not come back yet
    }
    env->restore(snapshot);
    env::PhiloxChance chance(7, math::Stream::kStep, ticket, 0);
    const std::array<env::Action, 1> attack = {6};
    const env::StepResult result = env->step(attack, chance);
    ASSERT_TRUE(result.won);
    const double most = 200 + 10 + type.hp + type.shield;
    EXPECT_FLOAT_EQ(result.reward, static_cast<float>((200 + 10 + 1) / (most / 20)));
  }
}

}  // namespace
}  // namespace qtot::envs::combat
