// Whom attack-moving enemies choose, and where they go. Each law is a sentence of docs/combat.md. All but the medivac
// scan 5 cells plus the radius of whom they look at: 5.375 for a marine.

#include <gtest/gtest.h>

#include "envs/combat/arena.h"

namespace qtot::envs::combat {
namespace {

constexpr double kScanOfMarine = 5 + 0.375;

// The target of the enemy `id` after one tick.
int target_of(Skirmish fight, std::size_t id) {
  fight.ticks(1);
  return fight.unit(id).target;
}

TEST(CombatTargeting, AnEnemyThatSeesNobodyWalksToTheAttackPoint) {
  Skirmish fight({ally(kMarine, 16, 2), enemy(kMarine, 20, 16)});
  fight.ticks(1);
  EXPECT_EQ(fight.unit(1).target, kNobody);
  EXPECT_EQ(fight.unit(1).x, static_cast<float>(20 - 3.15 / 16));
  EXPECT_EQ(fight.unit(1).y, 16);
  fight.ticks(16 * 4);
  EXPECT_NEAR(fight.unit(1).x, 9, 3.15 / 16);  // stays within a tick's walk of it
}

TEST(CombatTargeting, AnEnemySeesWhoseEdgeIsWithinItsScan) {
  EXPECT_EQ(target_of(Skirmish({ally(kMarine, 16, 16), enemy(kZealot, 16 + 5.37, 16)}), 1), 0);
  EXPECT_EQ(target_of(Skirmish({ally(kMarine, 16, 16), enemy(kZealot, 16 + 5.38, 16)}), 1),
            kNobody);
  // as far as that and no farther: 5.375 is a float32
  EXPECT_EQ(target_of(Skirmish({ally(kMarine, 16, 16), enemy(kZealot, 16 + kScanOfMarine, 16)}), 1),
            kNobody);
  // a spine crawler looks 10 cells far
  EXPECT_EQ(target_of(Skirmish({ally(kMarine, 16, 16), enemy(kSpineCrawler, 26.3, 16)}), 1), 0);
}

TEST(CombatTargeting, TheNearestIsChosenOfEqualOnesTheFirst) {
  const Skirmish fight({ally(kMarine, 12, 16), ally(kZealot, 16, 19), ally(kMarine, 16, 13),
                        enemy(kStalker, 16, 16)});
  EXPECT_EQ(target_of(fight, 3), 1);
}

TEST(CombatTargeting, HealersComeFirst) {
  const std::vector<Start> starts = {ally(kMarine, 16, 18), ally(kMedivac, 16, 20.5),
                                     enemy(kMarine, 16, 16), enemy(kMarauder, 16.5, 16)};
  EXPECT_EQ(target_of(Skirmish(starts), 2), 1);
  EXPECT_EQ(target_of(Skirmish(starts), 3), 0);  // it hits the ground only
}

TEST(CombatTargeting, AnEnemyKeepsATargetInRangeThoughANearerOneCame) {
  Skirmish fight({ally(kMarine, 16, 20), ally(kMarine, 16, 18), enemy(kMarine, 16, 16)});
  fight.unit(2).target = 0;
  EXPECT_EQ(target_of(fight, 2), 0);
}

TEST(CombatTargeting, AnEnemyDropsATargetOutOfItsRangeUnlessThatAttacksIt) {
  // range 5 + 2 x 0.375 = 5.75: unit 0 at 5.8 is out of it
  Skirmish fight({ally(kMarine, 16, 21.8), ally(kMarine, 16, 18), enemy(kMarine, 16, 16)});
  fight.unit(2).target = 0;
  EXPECT_EQ(target_of(fight, 2), 1);
  fight.unit(0).target = 2;  // of the tick before
  fight.command(0, 2);
  EXPECT_EQ(target_of(fight, 2), 0);
}

TEST(CombatTargeting, AnEnemyDropsADeadTarget) {
  Skirmish fight({ally(kMarine, 16, 17), ally(kMarine, 16, 18), enemy(kMarine, 16, 16)});
  fight.unit(2).target = 0;
  fight.bury(0);
  EXPECT_EQ(target_of(fight, 2), 1);
}

TEST(CombatTargeting, WithAHealerAmongTheAlliesEnemiesLookAgainEveryTick) {
  Skirmish fight({ally(kMarine, 16, 18), ally(kMedivac, 16, 20), enemy(kMarine, 16, 16)});
  fight.unit(2).target = 0;
  EXPECT_EQ(target_of(fight, 2), 1);
  // also for the nearest, when the healer itself is out of sight
  Skirmish far(
      {ally(kMarine, 16, 20), ally(kMarine, 16, 18), ally(kMedivac, 2, 2), enemy(kMarine, 16, 16)});
  far.unit(3).target = 0;
  EXPECT_EQ(target_of(far, 3), 1);
  // but who aims at a healer goes on
  Skirmish two({ally(kMedivac, 16, 20), ally(kMedivac, 16, 18), enemy(kMarine, 16, 16)});
  two.unit(2).target = 0;
  EXPECT_EQ(target_of(two, 2), 0);
}

// A stalker at 6.9 reaches a marine (6 + 0.625 + 0.375 = 7) that sees 5.625 far.
TEST(CombatTargeting, WhoeverAttacksFromAfarIsRemembered) {
  Skirmish fight({ally(kStalker, 16, 22.9), enemy(kMarine, 16, 16)});
  EXPECT_EQ(target_of(fight, 1), kNobody);
  fight.command(0, 1);
  EXPECT_EQ(target_of(fight, 1), 0);
  fight.ticks(1);
  EXPECT_GT(fight.unit(1).y, 16);  // goes there, not to the point
  EXPECT_EQ(fight.unit(1).x, 16);
}

TEST(CombatTargeting, WhoIsInSightComesBeforeWhoAttacksFromAfar) {
  Skirmish fight({ally(kStalker, 16, 22.9), ally(kMarine, 16, 11), enemy(kMarine, 16, 16)});
  fight.command(0, 2);
  EXPECT_EQ(target_of(fight, 2), 1);
}

TEST(CombatTargeting, AHealingEnemyHelpsTheWeakestOfThoseHurtOrFighting) {
  Skirmish fight({ally(kSpineCrawler, 2, 2), enemy(kMedivac, 16, 16), enemy(kMarine, 17, 16),
                  enemy(kMarine, 18, 16), enemy(kMarauder, 16, 18)});
  EXPECT_EQ(target_of(fight, 1), kNobody);
  fight.unit(4).hp = 100;
  EXPECT_EQ(target_of(fight, 1), 4);
  fight.unit(2).hp = 44.5;
  fight.unit(3).hp = 44;
  EXPECT_EQ(target_of(fight, 1), 3);
  fight.unit(2).hp = 10;
  fight.unit(2).x = 22;  // out of its sight
  fight.battle.refresh();
  EXPECT_EQ(target_of(fight, 1), 3);
}

// It stands by it; by one that does not fight it walks past.
TEST(CombatTargeting, AHealingEnemyStandsByAnUnhurtUnitThatFights) {
  for (const int target : {0, kNobody}) {
    Skirmish fight({ally(kSpineCrawler, 20, 16), enemy(kMedivac, 16, 16), enemy(kZealot, 19, 16)});
    fight.unit(0).order = Order::kStop;
    if (target == kNobody) {
      fight.unit(0).x = 2;
      fight.battle.refresh();
    }
    fight.unit(2).target = target;
    fight.ticks(1);
    EXPECT_EQ(fight.unit(1).x == 16, target == 0);
  }
}

TEST(CombatTargeting, AnEnemyHealerDoesNotOvertakeWhomItSees) {
  Skirmish fight({ally(kMarine, 2, 2), enemy(kMedivac, 20, 16), enemy(kMarine, 22, 16)});
  fight.ticks(1);
  EXPECT_EQ(fight.unit(1).x, static_cast<float>(20 - 3.15 / 16));
  Skirmish alone({ally(kMarine, 2, 2), enemy(kMedivac, 20, 16), enemy(kMarine, 30, 16)});
  alone.ticks(1);
  EXPECT_EQ(alone.unit(1).x, static_cast<float>(20 - 3.5 / 16));
}

TEST(CombatMovement, ALoneUnitWalksStraight) {
  for (const Rules rules : {Rules::kFixed, Rules::kCompat}) {
    Skirmish walk({ally(kZealot, 16, 16)}, rules);
    walk.walk(0, 16, 18);
    walk.ticks(8);
    EXPECT_EQ(walk.unit(0).x, 16);
    EXPECT_NEAR(walk.unit(0).y, 16 + 3.15 / 2, 8e-6);  // eight roundings to float32 near 16
  }
}

// 4.13 / 2 > 2: a stalker goes past the goal in the eighth tick and comes back in the ninth.
TEST(CombatMovement, AFastUnitOvershootsItsGoalAndTurns) {
  Skirmish walk({ally(kStalker, 16, 16)});
  walk.walk(0, 18, 16);
  walk.ticks(8);
  EXPECT_NEAR(walk.unit(0).x, 16 + 4.13 / 2, 8e-6);
  walk.ticks(1);
  EXPECT_NEAR(walk.unit(0).x, 16 + 4.13 / 2 - 4.13 / 16, 9e-6);
}

TEST(CombatMovement, AUnitThatStopsStays) {
  Skirmish walk({ally(kZealot, 16, 16)});
  walk.walk(0, 16, 18);
  walk.ticks(2);
  walk.unit(0).order = Order::kStop;
  const float y = walk.unit(0).y;
  walk.ticks(8);
  EXPECT_EQ(walk.unit(0).y, y);
}

TEST(CombatMovement, AnAttackerApproachesUntilItsTargetIsInRangeAndStands) {
  Skirmish fight({ally(kMarine, 16, 16), enemy(kSpineCrawler, 24, 16)});
  fight.command(0, 1);
  fight.ticks(30);
  const float x = fight.unit(0).x;
  EXPECT_LE(24 - x, 5 + 0.375 + 0.5);
  EXPECT_GT(24 - x, 5 + 0.375 + 0.5 - 3.15 / 16);
  fight.ticks(8);
  EXPECT_EQ(fight.unit(0).x, x);
}

}  // namespace
}  // namespace qtot::envs::combat
