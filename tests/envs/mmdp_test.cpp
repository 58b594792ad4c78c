#include <gtest/gtest.h>

#include "env/every_env.h"

namespace qtot {
namespace {

env::StepResult play(env::Env& env, env::Action a, env::Action b) {
  test::StepChance chance(0, 0);
  return env.step(std::array<env::Action, 2>{a, b}, chance.rules);
}

TEST(MmdpTest, PaysAThousandUntilBothLeave) {
  const auto env = env::make_named("mmdp");
  test::reset(*env, 0);
  EXPECT_EQ(play(*env, 0, 0).reward, 1000);
  EXPECT_EQ(play(*env, 0, 1).reward, 0);
  EXPECT_EQ(play(*env, 1, 0).reward, 0);
  EXPECT_EQ(play(*env, 0, 0).reward, 1000);
  EXPECT_EQ(play(*env, 1, 1).reward, 0);  // leaves for good
  EXPECT_EQ(play(*env, 0, 0).reward, 0);
  EXPECT_EQ(test::View(*env).state, (std::vector<float>{1, 0, 1, 0}));
}

TEST(MmdpTest, TheFiftiethStepTruncatesOrTerminatesAsConfigured) {
  for (const bool terminates : {false, true}) {
    const auto env = env::family("mmdp").make({{"limit_terminates", {terminates, "test"}}});
    test::reset(*env, 0);
    for (int t = 1; t < 50; ++t) play(*env, 0, 0);
    const env::StepResult last = play(*env, 0, 0);
    EXPECT_EQ(last.terminated, terminates);
    EXPECT_EQ(last.truncated, !terminates);
  }
}

}  // namespace
}  // namespace qtot
