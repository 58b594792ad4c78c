#include <gtest/gtest.h>

#include "env/every_env.h"

namespace qtot {
namespace {

// The payoffs of the paper, by enumeration: the first action of agent 0 alone decides the game.
TEST(TwoStepTest, PaysSevenAfterAAndItsTableAfterB) {
  const auto env = env::make_named("two_step");
  const float b[2][2] = {{0, 1}, {1, 8}};
  for (int joint = 0; joint < 16; ++joint) {
    const std::array<env::Action, 2> first = {joint & 1, joint >> 1 & 1};
    const std::array<env::Action, 2> second = {joint >> 2 & 1, joint >> 3};
    test::reset(*env, 0);
    test::StepChance chance(0, 0);
    const env::StepResult choice = env->step(first, chance.rules);
    EXPECT_EQ(choice.reward, 0);
    EXPECT_FALSE(choice.terminated || choice.truncated);
    const env::StepResult end = env->step(second, chance.rules);
    EXPECT_EQ(end.reward, first[0] == 0 ? 7 : b[second[0]][second[1]]) << "joint " << joint;
    EXPECT_TRUE(end.terminated);
    EXPECT_FALSE(end.truncated);
  }
}

TEST(TwoStepTest, ShowsTheWholeStateToBoth) {
  const auto env = env::make_named("two_step");
  for (const env::Action choice : {0, 1}) {
    test::reset(*env, 0);
    EXPECT_EQ(test::View(*env).state, (std::vector<float>{1, 0, 0}));
    test::StepChance chance(0, 0);
    env->step(std::array<env::Action, 2>{choice, 0}, chance.rules);
    const test::View view(*env);
    EXPECT_EQ(view.state,
              choice == 0 ? (std::vector<float>{0, 1, 0}) : (std::vector<float>{0, 0, 1}));
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(view.obs[i], view.state[i % 3]);
  }
}

}  // namespace
}  // namespace qtot
