// What attacks, time and healing do to a unit, tick by tick. Numbers: the table of units in
// docs/combat_maps.md; each law is a sentence of docs/combat.md. Unit 0 is an ally and acts first.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envs/combat/arena.h"

namespace qtot::envs::combat {
namespace {

using testing::ElementsAre;

// Unit 0, an ally, attacks unit 1 once.
Skirmish duel(UnitKind attacker, UnitKind target, double distance = 1) {
  Skirmish fight({ally(attacker, 16, 16), enemy(target, 16 + distance, 16)});
  fight.command(0, 1);
  return fight;
}

TEST(CombatWeapons, ShieldsAbsorbFirstAndIgnoreArmor) {
  Skirmish whole = duel(kMarine, kStalker);  // damage 6 against armor 1
  EXPECT_EQ(whole.ticks(1), 6);
  EXPECT_EQ(whole.unit(1).shield, 74);
  EXPECT_EQ(whole.unit(1).hp, 80);

  Skirmish part = duel(kMarine, kStalker);
  part.unit(1).shield = 4;
  EXPECT_EQ(part.ticks(1), 4 + (2 - 1));
  EXPECT_EQ(part.unit(1).shield, 0);
  EXPECT_EQ(part.unit(1).hp, 79);
}

TEST(CombatWeapons, ArmorCountsForEachAttack) {
  Skirmish fight = duel(kZealot, kMarauder);  // 8 x 2 against armor 1
  EXPECT_EQ(fight.ticks(1), 2 * (8 - 1));
  EXPECT_EQ(fight.unit(1).hp, 125 - 14);

  // the first attack meets the shield, the second the rest of it and armor
  Skirmish shielded = duel(kZealot, kStalker);
  shielded.unit(1).shield = 10;
  EXPECT_EQ(shielded.ticks(1), 8 + 2 + (6 - 1));
  EXPECT_EQ(shielded.unit(1).hp, 75);
}

TEST(CombatWeapons, ArmorNeverHeals) {
  Skirmish fight = duel(kMarine, kStalker);
  fight.unit(1).shield = 5.5;  // leaves 0.5 for armor 1
  EXPECT_EQ(fight.ticks(1), 5.5);
  EXPECT_EQ(fight.unit(1).hp, 80);
}

TEST(CombatWeapons, BonusIsAddedToEachAttackOnItsAttribute) {
  EXPECT_EQ(duel(kMarauder, kStalker).ticks(1), 10 + 10);         // armored
  EXPECT_EQ(duel(kMarauder, kZealot).ticks(1), 10);               // light
  EXPECT_EQ(duel(kStalker, kMarauder).ticks(1), 13 + 5 - 1);      // before armor
  EXPECT_EQ(duel(kColossus, kZealot, 3).ticks(1), 2 * (10 + 5));  // light
  EXPECT_EQ(duel(kColossus, kMarauder, 3).ticks(1), 2 * (10 - 1));
  EXPECT_EQ(duel(kSpineCrawler, kStalker).ticks(1), 25 + 5);
}

TEST(CombatWeapons, DamageBeyondTheLastHpIsNotPaidAndAKillPaysTen) {
  Skirmish fight = duel(kStalker, kMarine);
  fight.unit(1).hp = 4;
  EXPECT_EQ(fight.ticks(1), 4 + 10);
  EXPECT_TRUE(fight.unit(1).is_removed);
  EXPECT_EQ(fight.battle.n_living(Side::kEnemy), 0);
}

TEST(CombatWeapons, TheSecondAttackOnADeadUnitPaysNothing) {
  Skirmish fight = duel(kZealot, kMarine, 0.9);
  fight.unit(1).hp = 8;
  EXPECT_EQ(fight.ticks(1), 8 + 10);
}

TEST(CombatWeapons, DamageToAlliesIsNotPaid) {
  Skirmish fight({ally(kMarine, 16, 16), enemy(kMarine, 17, 16)});
  EXPECT_EQ(fight.ticks(1), 0);
  EXPECT_EQ(fight.unit(0).hp, 45 - 6);
}

// 0.61 s are 9.76 ticks of 1/16 s: ready in the tenth after the shot.
TEST(CombatWeapons, AMarineShootsEveryTenTicks) {
  Skirmish fight = duel(kMarine, kStalker);
  std::vector<int> shots;
  for (int tick = 1; tick <= 40; ++tick) {
    if (fight.ticks(1) > 0) shots.push_back(tick);
  }
  EXPECT_THAT(shots, ElementsAre(1, 11, 21, 31));
}

TEST(CombatWeapons, RangeIsFromEdgeToEdge) {
  EXPECT_EQ(duel(kMarine, kZealot, 5 + 0.375 + 0.5).ticks(1), 6);
  EXPECT_EQ(duel(kMarine, kZealot, 5 + 0.375 + 0.51).ticks(1), 0);
}

TEST(CombatWeapons, WhoCannotHitAPlaneWalksUpToItAndDoesNotShoot) {
  Skirmish fight = duel(kMarauder, kMedivac, 3);
  EXPECT_EQ(fight.ticks(1), 0);
  EXPECT_GT(fight.unit(0).x, 16);
  EXPECT_EQ(duel(kStalker, kMedivac, 3).ticks(1), 13 + 5 - 1);
}

// 10 s are 160 ticks; 2 a second are 1/8 a tick.
TEST(CombatWeapons, ShieldsRecoverTenSecondsAfterTheLastHit) {
  Skirmish fight = duel(kMarine, kStalker);
  fight.unit(1).shield = 40;
  fight.unit(1).speed = 0;
  fight.ticks(1);  // the hit; then the tick of the stalker's own turn
  EXPECT_EQ(fight.unit(1).shield_cooldown, 10 - 1.0 / 16);
  fight.unit(0).order = Order::kStop;
  fight.ticks(158);
  EXPECT_EQ(fight.unit(1).shield, 34);
  fight.ticks(1);
  EXPECT_EQ(fight.unit(1).shield, 34 + 0.125);
  fight.ticks(16);
  EXPECT_EQ(fight.unit(1).shield, 34 + 0.125 + 2);
  fight.ticks(16 * 30);
  EXPECT_EQ(fight.unit(1).shield, 80);
}

TEST(CombatWeapons, AHitOnHpDelaysShieldsToo) {
  Skirmish fight = duel(kMarine, kStalker);
  fight.unit(1).shield = 0;
  fight.ticks(1);
  EXPECT_EQ(fight.unit(1).hp, 75);
  EXPECT_GT(fight.unit(1).shield_cooldown, 9);
}

TEST(CombatWeapons, ZergRegainHp) {
  for (const UnitKind kind : {kZergling, kBaneling, kSpineCrawler, kHydralisk}) {
    Skirmish alone({ally(kind, 16, 16)});
    alone.unit(0).hp = 20;
    alone.ticks(16);
    EXPECT_NEAR(alone.unit(0).hp, 20.38, 1e-12);  // sixteen roundings
  }
  Skirmish full({ally(kZergling, 16, 16)});
  full.unit(0).hp = 34.99;
  full.ticks(1);
  EXPECT_EQ(full.unit(0).hp, 35);
  Skirmish marine({ally(kMarine, 16, 16)});
  marine.unit(0).hp = 20;
  marine.ticks(16);
  EXPECT_EQ(marine.unit(0).hp, 20);
}

TEST(CombatWeapons, EnergyGrowsUpToTwoHundred) {
  Skirmish alone({ally(kMedivac, 16, 16)});
  EXPECT_EQ(alone.unit(0).energy, 50);
  alone.ticks(16);
  EXPECT_EQ(alone.unit(0).energy, 50.5625);
  alone.unit(0).energy = 199.99;
  alone.ticks(1);
  EXPECT_EQ(alone.unit(0).energy, 200);
}

// Unit 0, a medivac, heals unit 1, a marine.
Skirmish hospital() {
  Skirmish ward({ally(kMedivac, 16, 16), ally(kMarine, 17, 16)});
  ward.unit(1).hp = 20;
  ward.command(0, 1);
  return ward;
}

TEST(CombatHealing, NineHpASecondAndThreeForAnEnergy) {
  Skirmish ward = hospital();
  ward.ticks(16);
  EXPECT_EQ(ward.unit(1).hp, 29);
  EXPECT_EQ(ward.unit(0).energy, 50 + 0.5625 - 3);
}

TEST(CombatHealing, StopsAtFullHp) {
  Skirmish ward = hospital();
  ward.unit(1).hp = 44.75;
  ward.ticks(3);
  EXPECT_EQ(ward.unit(1).hp, 45);
}

// 0.5625 / 16 a tick: 4.5 grows past 5 in the fifteenth.
TEST(CombatHealing, ANewPatientNeedsFiveEnergyAnOldOneNone) {
  Skirmish ward = hospital();
  ward.unit(0).energy = 4.5;
  ward.ticks(14);
  EXPECT_EQ(ward.unit(1).hp, 20);
  ward.ticks(1);
  EXPECT_EQ(ward.unit(1).hp, 20.5625);

  Skirmish going_on = hospital();
  going_on.unit(0).energy = 0;
  going_on.unit(0).target = 1;
  going_on.ticks(1);
  EXPECT_EQ(going_on.unit(1).hp, 20 + 3 * 0.5625 / 16);  // the energy of this tick
}

// Unit 0 is the baneling. Same distance of the centres, 2.7: the marauder's edge is within 2.2, the marine's is not.
TEST(CombatSplash, AnExplosionReachesEdgesAndKillsTheBaneling) {
  Skirmish fight({ally(kBaneling, 16, 16), ally(kMarine, 15, 16), enemy(kMarine, 17, 16),
                  enemy(kMarauder, 16, 18.7), enemy(kMarine, 16, 13.3), enemy(kMarine, 18.5, 16)});
  fight.command(0, 2);
  // a kill is 45 + 10; the marauder's armor takes 1 of 80
  EXPECT_EQ(fight.ticks(1), 2 * (45 + 10) + (80 - 1));
  EXPECT_TRUE(fight.unit(0).is_removed);
  EXPECT_TRUE(fight.unit(2).is_removed);
  EXPECT_EQ(fight.unit(3).hp, 125 - 79);
  EXPECT_EQ(fight.unit(4).hp, 45);
  EXPECT_TRUE(fight.unit(5).is_removed);  // 2.5 <= 2.2 + 0.375
  EXPECT_GT(fight.unit(1).hp, 0);         // its own side is spared
}

TEST(CombatSplash, AnEnemyThatExplodesPaysItsHpAndNoKill) {
  Skirmish fight({ally(kZealot, 16, 16), enemy(kBaneling, 17, 16)});
  EXPECT_EQ(fight.ticks(1), 30);
  EXPECT_EQ(fight.battle.n_living(Side::kEnemy), 0);
  EXPECT_EQ(fight.unit(0).shield, 0);
  EXPECT_EQ(fight.unit(0).hp, 100 - (80 - 50 - 1));
}

TEST(CombatSplash, AnAllyThatExplodesPaysNothingForItself) {
  Skirmish fight({ally(kBaneling, 16, 16), enemy(kSpineCrawler, 17, 16)});
  fight.command(0, 1);
  EXPECT_EQ(fight.ticks(1), 80 - 2);
}

// A colossus at (10, 16) fires at a zealot (radius 0.5) at (16, 16). Who else is hit of zealots around it?
// The rectangle is 2.8 long across the line of fire, 0.3 wide, and only those are tried whose centres are within
// 1.408 of the target's: half the rectangle's diagonal.
TEST(CombatSplash, AColossusHitsWhoTouchesTheLineAcrossItsFire) {
  struct Case {
    double dx, dy;
    bool is_hit;
  };
  const std::vector<Case> cases = {
      {0, 1.4, true},     {0, -1.4, true},  {0, 1.41, false},     // by distance, though it touches
      {0.64, 0, true},    {0.66, 0, false}, {-0.64, 0.5, true},   // 0.15 + 0.5 = 0.65
      {-0.66, 0, false},  {1.3, 0, false},  {0.64, -1.25, true},  // not along the line of fire
      {0.66, 1.2, false},
  };
  for (const Case& c : cases) {
    Skirmish fight({ally(kColossus, 10, 16), enemy(kZealot, 16, 16),
                    enemy(kZealot, 16 + c.dx, 16 + c.dy), ally(kZealot, 16, 17)});
    fight.command(0, 1);
    EXPECT_EQ(fight.ticks(1), c.is_hit ? 60 : 30) << c.dx << " " << c.dy;
    EXPECT_EQ(fight.unit(1).shield, 50 - 30);
    EXPECT_EQ(fight.unit(2).shield, c.is_hit ? 20 : 50) << c.dx << " " << c.dy;
  }
}

TEST(CombatSplash, TheLineOfAColossusTurnsWithItsFire) {
  for (const int sign : {-1, 1}) {  // of dy: across the diagonal, along it
    Skirmish fight(
        {ally(kColossus, 11, 11), enemy(kZealot, 16, 16), enemy(kZealot, 16.9, 16 + sign * 0.9)});
    fight.command(0, 1);
    EXPECT_EQ(fight.ticks(1), sign < 0 ? 60 : 30);
  }
}

TEST(CombatSplash, AColossusThatHasNobodyNearItsTargetDoesNoDamage) {
  Skirmish fight({ally(kColossus, 10, 16), enemy(kZealot, 16, 16), enemy(kZealot, 16, 19)},
                 Rules::kCompat);
  fight.bury(1);
  fight.command(0, 1);
  EXPECT_EQ(fight.ticks(1), 0);
}

}  // namespace
}  // namespace qtot::envs::combat
