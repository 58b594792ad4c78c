// Where `rules: fixed` departs from SMAClite, and `compat` does not: docs/combat.md lists the differences. That compat
// is SMAClite's in all else is what the recordings test.

#include <gtest/gtest.h>

#include "envs/combat/arena.h"
#include "envs/combat/orca.h"

namespace qtot::envs::combat {
namespace {

constexpr Rules kBoth[] = {Rules::kFixed, Rules::kCompat};

// A unit of radius 0.5 two cells below a wall wants to go up: so that it does not touch the wall within a second, 1.5
// at most. SMAClite moves the line by -direction.y times the radius, here by nothing.
TEST(CombatQuirks, TheLineOfAWallIsMovedByTheRadiusOrByAScalar) {
  for (const bool is_scalar : {false, true}) {
    CollisionAvoidance<Vec> avoidance({.shifts_by_scalar = is_scalar, .keeps_left_edge = false});
    avoidance.begin(
        {.position = {16, 22}, .velocity = {0, 0}, .wanted = {0, 3}, .radius = 0.5, .speed = 3});
    avoidance.add_obstacle(Obstacle({0, 24}, {32, 32}));
    const Vec velocity = avoidance.solve();
    EXPECT_EQ(velocity.x, 0);
    EXPECT_EQ(velocity.y, is_scalar ? 2 : 1.5);
  }
}

// The last unit kills, the first heals afterwards in the same tick.
TEST(CombatQuirks, WhoIsKilledAndHealedInOneTickIsDeadOrLives) {
  for (const Rules rules : kBoth) {
    Skirmish fight({ally(kMedivac, 16, 16), ally(kMarine, 16, 17), enemy(kMarauder, 16, 18)},
                   rules);
    fight.unit(1).hp = 5;
    fight.command(0, 1);
    fight.script.is_reversed = true;
    fight.ticks(1);
    EXPECT_EQ(fight.unit(1).is_removed, rules == Rules::kFixed);
    EXPECT_EQ(fight.unit(1).hp, rules == Rules::kFixed ? 0 : 0.5625);
    EXPECT_EQ(fight.battle.n_living(Side::kAlly), rules == Rules::kFixed ? 1 : 2);
  }
}

TEST(CombatQuirks, TheRemovedAreLeftAloneOrHealedInVain) {
  for (const Rules rules : kBoth) {
    Skirmish ward({ally(kMedivac, 16, 16), ally(kMarine, 16, 17)}, rules);
    ward.bury(1);
    ward.command(0, 1);
    ward.ticks(2);
    EXPECT_EQ(ward.unit(1).hp, rules == Rules::kFixed ? 0 : 2 * 0.5625);
    EXPECT_TRUE(ward.unit(1).is_removed);
    EXPECT_EQ(ward.battle.n_living(Side::kAlly), 1);
  }
}

// After the shot the timer stands at 0.61 s.
TEST(CombatQuirks, ShotsAtTheDeadAreNotFiredOrLost) {
  for (const Rules rules : kBoth) {
    Skirmish fight({ally(kMarine, 16, 16), enemy(kMarine, 16, 18), enemy(kMarine, 2, 2)}, rules);
    fight.bury(1);
    fight.command(0, 1);
    EXPECT_EQ(fight.ticks(1), 0);
    EXPECT_EQ(fight.unit(0).cooldown, rules == Rules::kFixed ? 0 : 0.61);

    // killed by another earlier in the tick
    Skirmish both({ally(kMarine, 16, 16), ally(kMarine, 17, 16), enemy(kMarine, 16, 18)}, rules);
    both.unit(2).hp = 6;
    both.command(0, 2);
    both.command(1, 2);
    EXPECT_EQ(both.ticks(1), 6 + 10);
    EXPECT_EQ(both.unit(0).cooldown, 0.61);
    EXPECT_EQ(both.unit(1).cooldown, rules == Rules::kFixed ? 0 : 0.61);
  }
}

// Walking towards where a removed unit fell is part of the same slip.
TEST(CombatQuirks, ACommandAtTheDeadIsToStandOrToGoThere) {
  for (const Rules rules : kBoth) {
    Skirmish fight({ally(kZealot, 16, 16), enemy(kMarine, 16, 21), enemy(kMarine, 2, 2)}, rules);
    fight.bury(1);
    fight.command(0, 1);
    fight.ticks(1);
    EXPECT_EQ(fight.unit(0).y > 16, rules == Rules::kCompat);
  }
}

// 4 moves, then a block of 5 + 2 types for each enemy. Agent 0 and 3 are medivacs, agent 2 stands far off.
TEST(CombatQuirks, AHealersFlagOfAnEnemyIsZeroOrSaysWhetherThatAllyIsHealable) {
  for (const Rules rules : kBoth) {
    Arena arena{.starts = {ally(kMedivac, 16, 16), ally(kMarine, 16, 17), ally(kMarine, 16, 23),
                           ally(kMedivac, 17, 16), enemy(kMarine, 20, 16), enemy(kMarine, 20, 17),
                           enemy(kMarine, 20, 18), enemy(kMarine, 20, 19), enemy(kMarine, 20, 20)},
                .rules = rules == Rules::kFixed ? "fixed" : "compat"};
    const std::vector<float> obs = arena.start().obs(0);
    const std::vector<float> compat = {0, 1, 0, 1, 0};  // itself; far; another healer; none
    for (std::size_t enemy = 0; enemy < 5; ++enemy) {
      EXPECT_EQ(obs[4 + 7 * enemy], rules == Rules::kFixed ? 0 : compat[enemy]) << enemy;
      EXPECT_GT(obs[4 + 7 * enemy + 1], 0);  // each is seen
    }
    EXPECT_TRUE(arena.avail(0, 6 + 1));
    EXPECT_FALSE(arena.avail(0, 6 + 3));
  }
}

// A baneling hits the ground only, yet its explosion takes a medivac of SMAClite.
TEST(CombatQuirks, SplashKeepsToThePlanesOfItsWeaponOrHitsBoth) {
  for (const Rules rules : kBoth) {
    Skirmish fight({ally(kBaneling, 16, 16), enemy(kMarauder, 16.9, 16), enemy(kMedivac, 16, 17)},
                   rules);
    fight.command(0, 1);
    EXPECT_EQ(fight.ticks(1), rules == Rules::kFixed ? 79 : 2 * 79);
  }
}

// Not SMAClite's: its last actions of one episode show in the state of the next, which must depend on nothing before.
TEST(CombatQuirks, LastActionsDoNotSurviveAResetUnderEitherRules) {
  for (const Rules rules : kBoth) {
    Arena arena{.starts = {ally(kMarine, 16, 16), enemy(kMarine, 2, 16)},
                .rules = rules == Rules::kFixed ? "fixed" : "compat"};
    arena.start().play({1});
    EXPECT_EQ(arena.state()[arena.state().size() - 7 + 1], 1);
    test::reset(*arena.env, 0);
    EXPECT_EQ(arena.state()[arena.state().size() - 7 + 1], 0);
  }
}

TEST(CombatQuirks, AColossusAtADeadTargetAloneShootsAtNobodyUnderEitherRules) {
  for (const Rules rules : kBoth) {
    Skirmish fight({ally(kColossus, 10, 16), enemy(kZealot, 16, 16), enemy(kZealot, 16, 20)},
                   rules);
    fight.bury(1);
    fight.command(0, 1);
    EXPECT_EQ(fight.ticks(1), 0);  // SMAClite raises
  }
}

}  // namespace
}  // namespace qtot::envs::combat
