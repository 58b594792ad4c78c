// Maps whose teams and starts are drawn: what every draw keeps, and how often which comes out.

#include "envs/combat/scenario.h"
#include "qtot/math/elementary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "env/every_env.h"
#include "envs/combat/layout.h"
#include "envs/combat/options.h"

namespace qtot::envs::combat {
namespace {

constexpr int kTickets = 2000;
constexpr double kGap = 0.05;  // scenario.cpp: between edges

const std::vector<std::string> kScenarios = {"10gen_protoss", "10gen_terran", "10gen_zerg"};

CombatMap scenario_map(const std::string& name, int n_allies, int n_enemies) {
  return read_setting({{"map_name", {name, "test"}},
                       {"n_units", {std::int64_t{n_allies}, "test"}},
                       {"n_enemies", {std::int64_t{n_enemies}, "test"}}})
      .map;
}

std::vector<Start> drawn(Muster& muster, std::uint64_t ticket, std::uint64_t seed = 7) {
  std::vector<Start> starts(static_cast<std::size_t>(muster.n_units()));
  env::PhiloxChance chance(seed, math::Stream::kReset, ticket, 0);
  muster.draw(chance, starts);
  return starts;
}

bool are_equal(const std::vector<Start>& a, const std::vector<Start>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Start& x, const Start& y) {
    return x.kind == y.kind && x.side == y.side && x.x == y.x && x.y == y.y;
  });
}

std::vector<Start> side_of(const std::vector<Start>& starts, Side side) {
  std::vector<Start> team;
  for (const Start& start : starts) {
    if (start.side == side) team.push_back(start);
  }
  return team;
}

bool is_image(const Start& ally, const Start& enemy) {
  return enemy.x == kMapSize - ally.x && enemy.y == ally.y && enemy.kind == ally.kind;
}

bool is_reflected(const std::vector<Start>& starts) {
  const std::vector<Start> allies = side_of(starts, Side::kAlly);
  const std::vector<Start> enemies = side_of(starts, Side::kEnemy);
  return std::equal(allies.begin(), allies.end(), enemies.begin(), is_image);
}

void expect_apart_on_clear_ground(const CombatMap& map, const std::vector<Start>& starts) {
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const double radius = unit_type(starts[i].kind).radius;
    const auto x = static_cast<double>(starts[i].x);
    const auto y = static_cast<double>(starts[i].y);
    ASSERT_TRUE(is_clear(map.walkable, x, y, radius)) << x << ", " << y;
    for (std::size_t j = 0; j < i; ++j) {
      const double dx = x - static_cast<double>(starts[j].x);
      const double dy = y - static_cast<double>(starts[j].y);
      const double apart = radius + unit_type(starts[j].kind).radius + kGap;
      ASSERT_GE(dx * dx + dy * dy, apart * apart) << i << " and " << j;
    }
  }
}

TEST(CombatScenario, TheStartIsAFunctionOfSeedAndTicket) {
  Muster muster(scenario_map("10gen_terran", 10, 11));
  Muster other(scenario_map("10gen_terran", 10, 11));
  const std::vector<Start> first = drawn(muster, 3);
  EXPECT_FALSE(are_equal(drawn(muster, 4), first));
  EXPECT_FALSE(are_equal(drawn(muster, 3, 8), first));
  EXPECT_TRUE(are_equal(drawn(muster, 3), first));
  EXPECT_TRUE(are_equal(drawn(other, 3), first));
}

// SMACv2's five sizes, and one with more allies than enemies.
TEST(CombatScenario, EveryDrawStandsApartOnClearGround) {
  constexpr std::array<std::array<int, 2>, 6> kSizes = {
      {{5, 5}, {10, 10}, {10, 11}, {20, 20}, {20, 23}, {8, 5}}};
  for (const std::string& name : kScenarios) {
    for (const auto& [n_allies, n_enemies] : kSizes) {
      SCOPED_TRACE(name + " " + std::to_string(n_allies) + " vs " + std::to_string(n_enemies));
      const CombatMap map = scenario_map(name, n_allies, n_enemies);
      Muster muster(map);
      for (std::uint64_t ticket = 0; ticket < 100; ++ticket) {
        const std::vector<Start> starts = drawn(muster, ticket);
        ASSERT_EQ(side_of(starts, Side::kAlly).size(), static_cast<std::size_t>(n_allies));
        ASSERT_EQ(side_of(starts, Side::kEnemy).size(), static_cast<std::size_t>(n_enemies));
        expect_apart_on_clear_ground(map, starts);
      }
    }
  }
}

TEST(CombatScenario, EnemiesHaveTheAlliesKinds) {
  for (const auto& [n_allies, n_enemies] :
       {std::array{5, 5}, std::array{10, 11}, std::array{8, 5}}) {
    Muster muster(scenario_map("10gen_zerg", n_allies, n_enemies));
    for (std::uint64_t ticket = 0; ticket < 100; ++ticket) {
      const std::vector<Start> starts = drawn(muster, ticket);
      const std::vector<Start> allies = side_of(starts, Side::kAlly);
      const std::vector<Start> enemies = side_of(starts, Side::kEnemy);
      for (std::size_t i = 0; i < std::min(allies.size(), enemies.size()); ++i) {
        ASSERT_EQ(enemies[i].kind, allies[i].kind);
      }
    }
  }
}

// 10,000 allies a race: a share deviates by at most 0.005 (one standard deviation), and redrawn teams (1e-5 of all)
// move it by less than 1e-5; five times that.
TEST(CombatScenario, KindsComeByTheirWeights) {
  for (const std::string& name : kScenarios) {
    SCOPED_TRACE(name);
    const CombatMap map = named_map(name);
    Muster muster(map);
    std::array<int, kNumUnitKinds> n{};
    for (std::uint64_t ticket = 0; ticket < kTickets; ++ticket) {
      for (const Start& start : side_of(drawn(muster, ticket), Side::kAlly)) {
        ++n[static_cast<std::size_t>(start.kind)];
      }
    }
    for (const Scenario::Choice& choice : map.scenario->choices) {
      const double share = n[static_cast<std::size_t>(choice.kind)] / (5.0 * kTickets);
      EXPECT_NEAR(share, choice.weight / 100.0, 0.025) << unit_type(choice.kind).name;
    }
  }
}

CombatMap with_team(const std::string& team) {
  return parse_map("limit 10\nattack_point 16 16\nterrain flat\n" + team, "test", "test.map");
}

// Healers so likely that most draws must be drawn again, and some 64 times in vain.
TEST(CombatScenario, NoTeamIsOfHealersAlone) {
  const std::string kinds = " from medivac 99, marine 1\npositions surround_and_reflect\n";
  for (const char* sizes : {"1 vs 1", "2 vs 1", "1 vs 2", "3 vs 5", "5 vs 3"}) {
    Muster muster(with_team(std::string("team ") + sizes + kinds));
    for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
      const std::vector<Start> starts = drawn(muster, ticket);
      for (const Side side : {Side::kAlly, Side::kEnemy}) {
        const std::vector<Start> team = side_of(starts, side);
        EXPECT_TRUE(std::any_of(team.begin(), team.end(),
                                [](const Start& start) { return start.kind == UnitKind::kMarine; }))
            << sizes << ", ticket " << ticket;
      }
    }
  }
}

TEST(CombatScenario, NoTeamIsOfUnitsAloneThatMustNotBe) {
  Muster muster(
      with_team("team 1 vs 1 from baneling 99, zergling 1\nnever_alone baneling\n"
                "positions reflect\n"));
  for (std::uint64_t ticket = 0; ticket < 100; ++ticket) {
    EXPECT_EQ(drawn(muster, ticket)[0].kind, UnitKind::kZergling);
  }
}

// 2000 fair coins: 1000, give or take five standard deviations of 22.
TEST(CombatScenario, HalfOfTheDrawsAreReflected) {
  Muster muster(named_map("10gen_terran"));
  int n = 0;
  for (std::uint64_t ticket = 0; ticket < kTickets; ++ticket) {
    n += is_reflected(drawn(muster, ticket));
  }
  EXPECT_NEAR(n, kTickets / 2, 112);
}

TEST(CombatScenario, ReflectedTeamsHaveEachAHalf) {
  Muster muster(
      with_team("team 10 vs 12 from marine 45, marauder 45, medivac 10\npositions reflect\n"));
  for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
    const std::vector<Start> starts = drawn(muster, ticket);
    EXPECT_TRUE(is_reflected(starts));
    for (const Start& start : starts) {
      EXPECT_EQ(start.x < kMapSize / 2.0F, start.side == Side::kAlly) << start.x;
    }
  }
}

TEST(CombatScenario, TheSurroundedStandInTheMiddle) {
  Muster muster(with_team("team 5 vs 5 from marine 1\npositions surround\n"));
  std::array<int, 4> n_quadrant{};
  for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
    for (const Start& start : drawn(muster, ticket)) {
      const double dx = std::abs(static_cast<double>(start.x) - 16);
      const double dy = std::abs(static_cast<double>(start.y) - 16);
      if (start.side == Side::kAlly) {
        EXPECT_LE(std::max(dx, dy), 3);
      } else {  // along a diagonal; five marines need no more than three cells around its point
        EXPECT_LE(std::abs(dx - dy), 6);
        ++n_quadrant[(start.x > 16 ? 1U : 0U) + (start.y > 16 ? 2U : 0U)];
      }
    }
  }
  for (const int n : n_quadrant) EXPECT_GT(n, 100);  // of 1000, a quarter each
}

// All draws fail when chance always says 0: left and lower edge are no place for a disc.
TEST(CombatScenario, WithoutALuckyDrawTheFirstFreePointOfTheLatticeIsTaken) {
  class Unlucky final : public env::Chance {
    std::uint32_t choose(int, int, std::uint32_t) override { return 0; }
    bool happens(int, int, double) override { return false; }  // reflect
    double uniform(int, int) override { return 0; }
    void shuffle(int, std::span<int>) override {}
  };
  const CombatMap map = with_team("team 3 vs 4 from zealot 1\npositions surround_and_reflect\n");
  Muster muster(map);
  std::vector<Start> starts(7);
  Unlucky chance;
  muster.draw(chance, starts);
  expect_apart_on_clear_ground(map, starts);
  EXPECT_EQ(starts[0].x, 0.5F);
  EXPECT_EQ(starts[0].y, 0.5F);
  EXPECT_EQ(starts[1].x, 2.0F);  // 1.5 would leave no gap
  EXPECT_TRUE(is_reflected(starts));
}

// Of the kinds that may be drawn, whether they are or not.
TEST(CombatScenario, SizesAreThoseOfAllItsKinds) {
  const Layout terran = layout_of(scenario_map("10gen_terran", 10, 11));
  EXPECT_EQ(terran.n_agents, 10);
  EXPECT_EQ(terran.n_enemies, 11);
  EXPECT_EQ(terran.n_actions, 6 + 11);
  EXPECT_FALSE(terran.allies_have_shields);
  EXPECT_EQ(terran.unit_types.size(), 3U);
  EXPECT_EQ(layout_of(scenario_map("10gen_terran", 8, 5)).n_actions, 6 + 8);  // to be healed
  EXPECT_EQ(layout_of(scenario_map("10gen_zerg", 8, 5)).n_actions, 6 + 5);
  const Layout protoss = layout_of(scenario_map("10gen_protoss", 5, 5));
  EXPECT_TRUE(protoss.allies_have_shields);
  EXPECT_TRUE(protoss.enemies_have_shields);
}

}  // namespace
}  // namespace qtot::envs::combat
