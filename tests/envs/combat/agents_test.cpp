// What agents may do, what they see, what they are paid, on a few units set up by hand. Each law is a sentence of
// docs/combat.md.

#include <gtest/gtest.h>

#include <utility>

#include "envs/combat/arena.h"

namespace qtot::envs::combat {
namespace {

constexpr env::Action kNoop = 0, kStop = 1, kNorth = 2, kSouth = 3, kEast = 4, kWest = 5,
                      kTarget = 6;

TEST(CombatAvail, AMoveNeedsGroundOneCellAhead) {
  // simple ground: rows 8 to 23 are open, all 32 columns
  Arena arena{.starts = {ally(kMarine, 16, 22.9), ally(kMarine, 16, 23.1), ally(kMarine, 16, 9.1),
                         ally(kMarine, 16, 8.9), enemy(kMarine, 2, 16)}};
  arena.start();
  EXPECT_TRUE(arena.avail(0, kNorth));
  EXPECT_FALSE(arena.avail(1, kNorth));
  EXPECT_TRUE(arena.avail(2, kSouth));
  EXPECT_FALSE(arena.avail(3, kSouth));
  for (int agent = 0; agent < 4; ++agent) {
    EXPECT_TRUE(arena.avail(agent, kEast) && arena.avail(agent, kWest));
    EXPECT_TRUE(arena.avail(agent, kStop));
    EXPECT_FALSE(arena.avail(agent, kNoop));
  }
}

TEST(CombatAvail, BeyondTheEdgeOfTheMapThereIsNoGround) {
  Arena arena{.starts = {ally(kMarine, 0.9, 16), ally(kMarine, 31.1, 16), ally(kMarine, 1, 16),
                         enemy(kMarine, 16, 16)}};
  arena.start();
  EXPECT_FALSE(arena.avail(0, kWest));
  EXPECT_FALSE(arena.avail(1, kEast));
  EXPECT_TRUE(arena.avail(2, kWest));
}

// 6 between the centres, of a zealot (range 0.1) as of a colossus (range 7), whatever the target's radius.
TEST(CombatAvail, EverybodyMayAttackWithinSixCells) {
  for (const UnitKind kind : {kZealot, kMarine, kColossus}) {
    Arena arena{.starts = {ally(kind, 16, 16), enemy(kMarine, 16, 22), enemy(kColossus, 16, 9.99),
                           enemy(kMarine, 22.01, 16)}};
    arena.start();
    EXPECT_TRUE(arena.avail(0, kTarget));
    EXPECT_FALSE(arena.avail(0, kTarget + 1));
    EXPECT_FALSE(arena.avail(0, kTarget + 2));
    arena.bury(1);
    EXPECT_FALSE(arena.restore().avail(0, kTarget));  // the dead are no targets
  }
}

TEST(CombatAvail, HealersHealAlliesButNotThemselvesOrEachOther) {
  Arena arena{.starts = {ally(kMedivac, 16, 16), ally(kMarine, 16, 17), ally(kMedivac, 17, 16),
                         ally(kMarauder, 16, 22.1), ally(kMarine, 16, 22), enemy(kMarine, 16, 15)}};
  arena.start();
  EXPECT_EQ(arena.env->spec().n_actions, 6 + 5);
  const std::vector<bool> may = {false, true, false, false, true};
  for (int ally = 0; ally < 5; ++ally) {
    EXPECT_EQ(arena.avail(0, kTarget + ally), may[static_cast<std::size_t>(ally)]) << ally;
  }
  // of a fighter the same actions attack, and only one enemy is there
  EXPECT_TRUE(arena.avail(1, kTarget));
  for (int enemy = 1; enemy < 5; ++enemy) EXPECT_FALSE(arena.avail(1, kTarget + enemy));
  EXPECT_EQ(arena.env->action_name(0, kTarget + 1), "heal 1");
  EXPECT_EQ(arena.env->action_name(1, kTarget), "attack 0");
}

TEST(CombatAvail, TheDeadDoNothingAndSeeNothing) {
  Arena arena{.starts = {ally(kMarine, 16, 16), ally(kMarine, 16, 17), enemy(kMarine, 16, 19)}};
  arena.start().bury(0);
  arena.restore();
  EXPECT_TRUE(arena.avail(0, kNoop));
  for (env::Action action = kStop; action < 7; ++action) EXPECT_FALSE(arena.avail(0, action));
  for (const float x : arena.obs(0)) EXPECT_EQ(x, 0);
}

TEST(CombatSight, ReachesNineCells) {
  Arena arena{.starts = {ally(kMarine, 16, 16), ally(kMarine, 25, 16), ally(kMarine, 6.99, 16),
                         enemy(kMarine, 7, 16), enemy(kMarine, 25.01, 16)}};
  arena.start();
  const std::vector<float> obs = arena.obs(0);  // 4 moves, then blocks of 5
  EXPECT_EQ(std::vector<float>(obs.begin() + 4, obs.begin() + 9),
            (std::vector<float>{0, 1, -1, 0, 1}));
  EXPECT_EQ(std::vector<float>(obs.begin() + 9, obs.begin() + 14), std::vector<float>(5, 0));
  EXPECT_EQ(std::vector<float>(obs.begin() + 14, obs.begin() + 19),
            (std::vector<float>{1, 1, 1, 0, 1}));
  EXPECT_EQ(std::vector<float>(obs.begin() + 19, obs.begin() + 24), std::vector<float>(5, 0));
  EXPECT_EQ(obs[24], 1);  // own hp
}

using Entries = std::vector<std::pair<std::string, double>>;

void expect_entries(const std::vector<float>& actual, const Entries& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i], static_cast<float>(expected[i].second)) << i << ": " << expected[i].first;
  }
}

void add(Entries& list, const std::string& who, const std::vector<std::string>& names,
         const std::vector<double>& values) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    list.emplace_back(who + " " + names[i], values.empty() ? 0 : values[i]);
  }
}

// 2s3z, written out. Agent 0, a stalker, stands at (16, 8.5) with a wall to its south.
Arena two_stalkers_three_zealots() {
  Arena arena{.starts = {ally(kStalker, 16, 8.5), ally(kStalker, 2, 9), ally(kZealot, 13, 8.5),
                         ally(kZealot, 16, 14.5), ally(kZealot, 26, 8.5), enemy(kStalker, 19, 12.5),
                         enemy(kStalker, 16, 15.5), enemy(kZealot, 3, 9), enemy(kZealot, 6, 8.5),
                         enemy(kZealot, 24, 8.5)}};
  arena.start();
  arena.rows[0].hp = 40, arena.rows[0].shield = 20, arena.rows[0].cooldown = 0.67;
  arena.rows[2].hp = 25, arena.rows[2].cooldown = 0.43;
  arena.rows[3].shield = 12.5;
  arena.rows[5].hp = 60, arena.rows[5].shield = 0;
  arena.rows[8].hp = 50, arena.rows[8].shield = 10;
  arena.bury(1);
  arena.bury(7);
  arena.last_actions = {6, 0, 2, 1, 5};
  arena.restore();
  return arena;
}

TEST(CombatSight, TheObservationOf2s3zEntryByEntry) {
  const Arena arena = two_stalkers_three_zealots();
  ASSERT_EQ(env::make_named("2s3z")->spec().obs_dim, arena.env->spec().obs_dim);
  const std::vector<std::string> enemy_names = {"attackable", "distance", "dx",      "dy",
                                                "hp",         "shield",   "stalker", "zealot"};
  std::vector<std::string> ally_names = enemy_names;
  ally_names[0] = "visible";
  Entries expected;
  add(expected, "may go", {"north", "south", "east", "west"}, {1, 0, 1, 1});
  add(expected, "enemy 0", enemy_names, {1, 5.0 / 9, 3.0 / 9, 4.0 / 9, 0.75, 0, 1, 0});
  add(expected, "enemy 1", enemy_names, {0, 7.0 / 9, 0, 7.0 / 9, 1, 1, 1, 0});
  add(expected, "enemy 2 (dead)", enemy_names, {});
  add(expected, "enemy 3 (out of sight)", enemy_names, {});
  add(expected, "enemy 4", enemy_names, {0, 8.0 / 9, 8.0 / 9, 0, 1, 1, 0, 1});
  add(expected, "ally 1 (dead)", ally_names, {});
  add(expected, "ally 2", ally_names, {1, 3.0 / 9, -3.0 / 9, 0, 0.25, 1, 0, 1});
  add(expected, "ally 3", ally_names, {1, 6.0 / 9, 0, 6.0 / 9, 1, 0.25, 0, 1});
  add(expected, "ally 4 (out of sight)", ally_names, {});
  add(expected, "own", {"hp", "shield", "stalker", "zealot"}, {0.5, 0.25, 1, 0});
  expect_entries(arena.obs(0), expected);
}

TEST(CombatSight, TheStateOf2s3zEntryByEntry) {
  const Arena arena = two_stalkers_three_zealots();
  ASSERT_EQ(env::make_named("2s3z")->spec().state_dim, arena.env->spec().state_dim);
  const std::vector<std::string> enemy_names = {"hp", "x", "y", "shield", "stalker", "zealot"};
  std::vector<std::string> ally_names = enemy_names;
  ally_names.insert(ally_names.begin() + 1, "cooldown");
  Entries expected;
  add(expected, "ally 0", ally_names, {0.5, 0.5, 0, -7.5 / 32, 0.25, 1, 0});
  add(expected, "ally 1 (dead)", ally_names, {});
  add(expected, "ally 2", ally_names, {0.25, 0.5, -3.0 / 32, -7.5 / 32, 1, 0, 1});
  add(expected, "ally 3", ally_names, {1, 0, 0, -1.5 / 32, 0.25, 0, 1});
  add(expected, "ally 4", ally_names, {1, 0, 10.0 / 32, -7.5 / 32, 1, 0, 1});
  add(expected, "enemy 0", enemy_names, {0.75, 3.0 / 32, -3.5 / 32, 0, 1, 0});
  add(expected, "enemy 1", enemy_names, {1, 0, -0.5 / 32, 1, 1, 0});
  add(expected, "enemy 2 (dead)", enemy_names, {});
  add(expected, "enemy 3", enemy_names, {0.5, -10.0 / 32, -7.5 / 32, 0.2, 0, 1});
  add(expected, "enemy 4", enemy_names, {1, 8.0 / 32, -7.5 / 32, 1, 0, 1});
  for (const int action : {6, 0, 2, 1, 5}) {
    for (int u = 0; u < 11; ++u) expected.emplace_back("last action", u == action ? 1 : 0);
  }
  expect_entries(arena.state(), expected);
}

TEST(CombatSight, BeforeTheFirstStepThereIsNoLastAction) {
  const auto env = env::make_named("3m");
  test::reset(*env, 1);
  const test::View view(*env);
  for (std::size_t i = view.state.size() - 27; i < view.state.size(); ++i) {
    EXPECT_EQ(view.state[i], 0);
  }
}

TEST(CombatSight, AHealersStateHasEnergyInPlaceOfCooldown) {
  Arena arena{.starts = {ally(kMedivac, 16, 16), enemy(kMarine, 2, 16)}};
  EXPECT_EQ(arena.start().state()[1], 0.25F);  // 50 of 200
}

// Eight of ten marines' shots take the 45 hp: 45 + 10 + 200 of 200 + 10 + 45.
TEST(CombatReward, KillingEverybodyIsTwenty) {
  Arena arena{};
  for (int i = 0; i < 10; ++i) arena.starts.push_back(ally(kMarine, 12 + i, 16));
  arena.starts.push_back(enemy(kMarine, 16, 19));
  arena.start();
  const env::StepResult result = arena.play(std::vector<env::Action>(10, kTarget));
  EXPECT_EQ(result.reward, 20);
  EXPECT_TRUE(result.terminated && result.won && !result.truncated);

  // over several steps, with shields and armor: four marines against one zealot
  Arena longer{.starts = {enemy(kZealot, 16, 21)}};
  for (int i = 0; i < 4; ++i)
    longer.starts.insert(longer.starts.begin(), ally(kMarine, 13 + i, 16));
  longer.start();
  float total = 0;
  while (!longer.env->has_ended()) {
    std::vector<env::Action> joint_action;
    for (int agent = 0; agent < 4; ++agent) {
      joint_action.push_back(longer.avail(agent, kTarget) ? kTarget
                             : longer.avail(agent, kNoop) ? kNoop
                                                          : kStop);
    }
    total += longer.play(joint_action).reward;
  }
  EXPECT_NEAR(total, 20, 1e-5);  // float sum of some ten rewards
}

TEST(CombatReward, IsDamageAndKillsOverAllThatThereIs) {
  Arena arena{.starts = {ally(kMarine, 16, 16), enemy(kStalker, 16, 20), enemy(kStalker, 2, 16)}};
  arena.start();
  // one shot in eight ticks, of 2 x (160 + 10) + 200
  EXPECT_EQ(arena.play({kTarget}).reward, static_cast<float>(6.0 * 20 / 540));
}

// The spine crawler recovers between the shots, which is paid again when it is shot off.
TEST(CombatReward, WithRegenerationAnEpisodeCanExceedTwenty) {
  Arena arena{.starts = {ally(kMarine, 8, 10), enemy(kSpineCrawler, 2, 23)}};
  for (int i = 0; i < 8; ++i) arena.starts.insert(arena.starts.begin(), ally(kStalker, 6 + i, 20));
  arena.start();
  float total = 0;
  while (!arena.env->has_ended()) {
    std::vector<env::Action> joint_action;
    for (int agent = 0; agent < 9; ++agent) {
      joint_action.push_back(arena.avail(agent, kTarget) ? kTarget
                             : arena.avail(agent, kNoop) ? kNoop
                                                         : kWest);
      if (!arena.avail(agent, joint_action.back())) joint_action.back() = kStop;
    }
    total += arena.play(joint_action).reward;
  }
  EXPECT_GT(total, 20.001F);
}

TEST(CombatEnd, AllAlliesDeadIsADefeat) {
  Arena arena{.starts = {ally(kMarine, 16, 16), enemy(kStalker, 16, 19)}};
  arena.start().rows[0].hp = 5;
  const env::StepResult result = arena.restore().play({kStop});
  EXPECT_TRUE(result.terminated && !result.won && !result.truncated);
  EXPECT_EQ(result.reward, 0);
  EXPECT_TRUE(arena.env->reports_wins());
}

TEST(CombatEnd, TheTimeLimitTruncatesUnlessTheBattleIsDecided) {
  Arena arena{.starts = {ally(kMarine, 16, 16), enemy(kMarine, 2, 16)}, .limit = 7};
  arena.start();
  for (int t = 0; t < 6; ++t) {
    const env::StepResult result = arena.play({kStop});
    EXPECT_FALSE(result.terminated || result.truncated);
  }
  const env::StepResult last = arena.play({kStop});
  EXPECT_TRUE(last.truncated && !last.terminated && !last.won);
  EXPECT_TRUE(arena.env->has_ended());

  arena.t = 6;
  arena.rows[1] = {.hp = 6, .x = 16, .y = 19};
  const env::StepResult won = arena.restore().play({kTarget});
  EXPECT_TRUE(won.terminated && won.won && !won.truncated);
}

}  // namespace
}  // namespace qtot::envs::combat
