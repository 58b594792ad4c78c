// simple_tag: catches, the border and who moves the prey.

#include <cmath>
#include <numbers>
#include <set>

#include "envs/mpe/particles.h"

namespace qtot::envs::mpe {
namespace {

const Places kObstacles = {{-0.8, -0.8}, {-0.8, 0.8}};
const Places kFarApart = {{0.5, -0.8}, {0.5, 0.8}, {-0.2, 0.5}, {0, 0}};

Particles tag(const std::string& prey) {
  return {.map_name = "simple_tag", .args = with("prey", prey)};
}

TEST(MpeTag, TouchingThePreyPaysEveryAdversary) {
  Particles tag_game = tag("still");
  tag_game.place(kFarApart, kObstacles);
  EXPECT_EQ(tag_game.rewards_here(), (std::vector<double>{0, 0, 0}));
  // 0.075 + 0.05 is the reach
  tag_game.place({{0.124, 0}, {0.5, 0.8}, {-0.2, 0.5}, {0, 0}}, kObstacles);
  EXPECT_EQ(tag_game.rewards_here(), (std::vector<double>{10, 10, 10}));
  tag_game.place({{0.124, 0}, {0, 0.124}, {0, -0.126}, {0, 0}}, kObstacles);
  EXPECT_EQ(tag_game.rewards_here(), (std::vector<double>{20, 20, 20}));
}

TEST(MpeTag, TheTeamIsPaidTheSumOrTheMeanOfTheAdversaries) {
  for (const auto& [common, expected] : {std::pair{"sum", 30.0F}, std::pair{"mean", 10.0F}}) {
    Particles tag_game = tag("still");
    tag_game.args.emplace_back("common_reward", config::Value{std::string(common), "test"});
    tag_game.place({{0.1, 0}, {0.5, 0.8}, {-0.2, 0.5}, {0, 0}}, kObstacles);
    EXPECT_EQ(tag_game.play({0, 0, 0}).reward, expected);
  }
}

TEST(MpeTag, ThePreyPaysForTouchesAndForTheBorder) {
  Particles tag_game = tag("agent");
  const auto prey_at = [&](double x, double y) {
    tag_game.place({{0.5, -0.8}, {0.5, 0.8}, {-0.2, 0.5}, {x, y}}, kObstacles);
    return tag_game.rewards_here()[3];
  };
  EXPECT_EQ(prey_at(0.89, -0.89), 0);
  EXPECT_NEAR(prey_at(0.95, 0), -0.5, 1e-12);
  EXPECT_NEAR(prey_at(0, -0.99), -0.9, 1e-12);
  EXPECT_NEAR(prey_at(1, 0), -1, 1e-12);
  EXPECT_NEAR(prey_at(-1.5, 1.5), -2 * std::numbers::e, 1e-12);
  EXPECT_NEAR(prey_at(3, 0), -10, 1e-12);
  EXPECT_NEAR(prey_at(0.5, 0.7), -10, 1e-12);
}

TEST(MpeTag, SizesDependOnWhoMovesThePrey) {
  EXPECT_EQ(tag("random").make().env->spec(), (env::DecPomdpSpec{3, 5, 16, 48, 25}));
  const Particles of_four = std::move(tag("agent").make());
  EXPECT_EQ(of_four.env->spec(), (env::DecPomdpSpec{4, 5, 16, 62, 25}));
  EXPECT_EQ(of_four.env->obs_dim_of(2), 16);
  EXPECT_EQ(of_four.env->obs_dim_of(3), 14);
}

TEST(MpeTag, AnAdversarySeesThePreysVelocityAndThePreyDoesNot) {
  Particles tag_game = tag("agent");
  tag_game.place({{0.5, 0}, {0, 0.5}, {-0.5, 0}, {0, -0.5}}, {{0.25, 0.25}, {-0.25, 0.25}});
  tag_game.set("vel", {0.125, 0.25, 0, 0, 0, 0, -0.5, 0.75});
  EXPECT_EQ(tag_game.obs(0),
            (std::vector<float>{0.125F, 0.25F, 0.5F, 0, -0.25F, 0.25F, -0.75F, 0.25F, -0.5F, 0.5F,
                                -1, 0, -0.5F, -0.5F, -0.5F, 0.75F}));
  EXPECT_EQ(tag_game.obs(3), (std::vector<float>{-0.5F, 0.75F, 0, -0.5F, 0.25F, 0.75F, -0.25F,
                                                 0.75F, 0.5F, 0.5F, 0, 1, -0.5F, 0.5F}));
  EXPECT_EQ(test::View(*tag_game.env).obs[3 * 16 + 15], 0);  // fill
}

TEST(MpeTag, AStillPreyStaysWhereNobodyPushes) {
  Particles tag_game = tag("still");
  tag_game.place({{2.5, -2}, {2.5, 2}, {-2.5, 2}, {0, 0}}, kObstacles);
  for (int t = 0; t < 25; ++t) tag_game.play({0, 0, 0});
  EXPECT_EQ(tag_game.array("pos")[6], 0);
  EXPECT_EQ(tag_game.array("pos")[7], 0);
}

TEST(MpeTag, ARandomPreyMakesEachMove) {
  Particles tag_game = tag("random");
  std::set<std::pair<double, double>> velocities;
  for (int t = 0; t < 100; ++t) {
    tag_game.place({{2.5, -2}, {2.5, 2}, {-2.5, 2}, {0, 0}}, {{-2.5, -2}, {-2.5, -3}});
    tag_game.set("step", {0});
    tag_game.play({0, 0, 0}, t);
    velocities.emplace(tag_game.array("vel")[6], tag_game.array("vel")[7]);
  }
  const double v = 4 * 0.1;
  EXPECT_EQ(velocities,
            (std::set<std::pair<double, double>>{{0, 0}, {-v, 0}, {v, 0}, {0, -v}, {0, v}}));
}

TEST(MpeTag, AFleeingPreyLeavesTheNearestAdversaryAndStaysInside) {
  Particles tag_game = tag("flee");
  const auto flight = [&](const Point& adversary, const Point& prey) {
    tag_game.place({adversary, {5, 5}, {5, -5}, prey}, {{-5, -5}, {-5, 5}});
    tag_game.play({0, 0, 0});
    // the others push a little, by less than 1e-50
    const auto rounded = [](double x) { return std::abs(x) < 1e-50 ? 0 : x; };
    return Point{rounded(tag_game.array("vel")[6]), rounded(tag_game.array("vel")[7])};
  };
  const double v = 4 * 0.1;
  EXPECT_EQ(flight({-0.3, 0}, {0, 0}), (Point{v, 0}));
  EXPECT_EQ(flight({0.3, 0.1}, {0, 0}), (Point{-v, 0}));
  EXPECT_EQ(flight({0.1, 0.3}, {0, 0}), (Point{0, -v}));
  EXPECT_EQ(flight({0, 0}, {0.8, 0.1}), (Point{0, v}));  // the border is near on the right
  EXPECT_EQ(flight({0, 0}, {1.3, 0}), (Point{-v, 0}));   // outside: back
  EXPECT_EQ(flight({0.2, 0}, {0, 0}).x, -v);
}

TEST(MpeTag, AFleeingPreyIsCaughtLessThanAStillOne) {
  const auto caught = [](const std::string& prey) {
    Particles tag_game = tag(prey);
    tag_game.make();
    double sum = 0;
    for (std::uint64_t ticket = 0; ticket < 20; ++ticket) {
      test::reset(*tag_game.env, ticket);
      while (!tag_game.env->has_ended()) {
        std::vector<env::Action> chase;
        for (int a = 0; a < 3; ++a) {
          const auto seen = tag_game.obs(a);
          const float dx = seen[12], dy = seen[13];  // of the prey
          chase.push_back(std::abs(dx) > std::abs(dy) ? (dx < 0 ? 1 : 2) : (dy < 0 ? 3 : 4));
        }
        sum += static_cast<double>(tag_game.play(chase).reward);
        const auto pos = tag_game.array("pos");
        if (prey == "flee") {
          EXPECT_LT(std::abs(pos[6]), 1.5);
          EXPECT_LT(std::abs(pos[7]), 1.5);
        }
      }
    }
    return sum;
  };
  const double still = caught("still");
  EXPECT_GT(still, 1000);
  EXPECT_LT(caught("flee"), still / 2);
}

TEST(MpeTag, ACatchIsADeedOfThePicture) {
  Particles tag_game = tag("still");
  tag_game.place({{0.1, 0}, {0.5, 0.8}, {-0.2, 0.5}, {0, 0}}, kObstacles);
  tag_game.play({0, 0, 0});
  env::Drawing drawing;
  ASSERT_TRUE(tag_game.env->draw(drawing));
  ASSERT_EQ(drawing.deeds.size(), 1U);
  EXPECT_EQ(drawing.deeds[0].deed, env::Deed::kCapture);
  EXPECT_EQ(drawing.deeds[0].from_x, 0.1);
  ASSERT_EQ(drawing.units.size(), 6U);
  EXPECT_EQ(drawing.units[3].team, env::Team::kEnemies);
  EXPECT_EQ(drawing.units[3].kind, "prey");
  EXPECT_EQ(drawing.units[3].agent, -1);
  EXPECT_EQ(drawing.units[4].kind, "landmark");
}

}  // namespace
}  // namespace qtot::envs::mpe
