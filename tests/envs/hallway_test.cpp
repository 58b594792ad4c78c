#include <gtest/gtest.h>

#include <map>
#include <set>

#include "env/every_env.h"
#include "support/error_text.h"

namespace qtot {
namespace {

constexpr env::Action kStay = 0, kLeft = 1, kRight = 2;

std::unique_ptr<env::Env> at(const std::vector<double>& cells, const config::Map& args = {}) {
  auto env = env::family("hallway").make(args);
  env->restore({{"step", {0}}, {"cells", cells}});
  return env;
}

env::StepResult play(env::Env& env, const std::vector<env::Action>& joint_action) {
  test::StepChance chance(0, 0);
  return env.step(joint_action, chance.rules);
}

std::vector<double> cells_of(const env::Env& env) {
  return env.snapshot()[1].second;
}

TEST(HallwayTest, ArrivingTogetherPaysTenAndWins) {
  const auto env = at({1, 2});
  EXPECT_EQ(play(*env, {kStay, kLeft}).reward, 0);
  const env::StepResult last = play(*env, {kLeft, kLeft});
  EXPECT_EQ(last.reward, 10);
  EXPECT_TRUE(last.terminated);
  EXPECT_TRUE(last.won);
}

TEST(HallwayTest, ArrivingAloneEndsWithNothing) {
  const auto env = at({1, 2});
  const env::StepResult last = play(*env, {kLeft, kLeft});
  EXPECT_EQ(last.reward, 0);
  EXPECT_TRUE(last.terminated);
  EXPECT_FALSE(last.won);
  EXPECT_TRUE(env->has_ended());
}

TEST(HallwayTest, AChainEndsAtItsLength) {
  const auto env = at({2, 6, 9}, {{"map_name", {std::string("hallway_2_6_10"), "test"}}});
  play(*env, {kRight, kRight, kRight});
  EXPECT_EQ(cells_of(*env), (std::vector<double>{2, 6, 10}));
}

TEST(HallwayTest, AgentsSeeTheirOwnCellAndTheStateIsAllOfThem) {
  const auto env = at({3, 5});
  EXPECT_EQ(test::View(*env).obs, (std::vector<float>{3, 5}));
  EXPECT_EQ(test::View(*env).state, (std::vector<float>{3, 5}));
  EXPECT_EQ(env->spec().obs_dim, 1);
}

TEST(HallwayTest, EveryCellButTheGoalIsAStart) {
  const auto env = env::make_named("hallway_2_6_10");
  std::array<std::set<double>, 3> starts;
  for (std::uint64_t ticket = 0; ticket < 300; ++ticket) {
    test::reset(*env, ticket);
    for (std::size_t a = 0; a < 3; ++a) starts[a].insert(cells_of(*env)[a]);
  }
  EXPECT_EQ(starts[0], (std::set<double>{1, 2}));
  EXPECT_EQ(starts[1], (std::set<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(starts[2].size(), 10U);
}

TEST(HallwayTest, TheLimitIsTheLongestChainAndTen) {
  for (const bool terminates : {false, true}) {
    const auto env = at({6, 6}, {{"limit_terminates", {terminates, "test"}}});
    env::StepResult last;
    for (int t = 0; t < 16; ++t) {
      EXPECT_FALSE(env->has_ended());
      last = play(*env, {kStay, kStay});
    }
    EXPECT_EQ(last.terminated, terminates);
    EXPECT_EQ(last.truncated, !terminates);
  }
}

TEST(HallwayTest, WaitingForTheLongestWalkAlwaysWins) {
  const auto env = env::make_named("hallway_2_6_10");
  for (std::uint64_t ticket = 0; ticket < 100; ++ticket) {
    test::reset(*env, ticket);
    env::StepResult last;
    for (int t = 0; t < 10; ++t) {
      std::vector<env::Action> joint_action;
      for (const double cell : cells_of(*env)) {
        joint_action.push_back(cell > 1 || t == 9 ? kLeft : kStay);
      }
      last = play(*env, joint_action);
    }
    ASSERT_TRUE(last.won) << ticket;
  }
}

TEST(HallwayTest, ChainsAndAgentsMustAgree) {
  const config::Map args = {{"n_agents", {std::int64_t{3}, "command line"}}};
  EXPECT_EQ(test::error_text([&] { env::family("hallway").make(args); }),
            "env_args.n_agents = 3: state_numbers has 2 chains, one an agent");
  EXPECT_EQ(test::error_text([] { at({7, 1}); }), "snapshot: cells[0] lies beyond the chain");
}

}  // namespace
}  // namespace qtot
