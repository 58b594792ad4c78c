#include <gtest/gtest.h>

#include "env/every_env.h"
#include "support/error_text.h"

namespace qtot {
namespace {

constexpr env::Action kNothing = 0, kSwitch = 1, kTell = 2;

// Visitors in a given order.
class Visitors final : public env::Chance {
 public:
  explicit Visitors(std::uint32_t next) : next_(next) {}
  std::uint32_t choose(int, int, std::uint32_t n) override {
    n_asked = n;
    return next_;
  }
  bool happens(int, int, double) override { return false; }
  double uniform(int, int) override { return 0; }
  void shuffle(int, std::span<int>) override {}

  std::uint32_t n_asked = 0;

 private:
  std::uint32_t next_;
};

std::unique_ptr<env::Env> started(std::uint32_t first, const std::string& name = "switch_riddle") {
  auto env = env::make_named(name);
  Visitors chance(first);
  env->reset(chance);
  return env;
}

// The visitor does `action`, the others tell, which nobody hears; then comes `next`.
env::StepResult play(env::Env& env, env::Action action, std::uint32_t next) {
  std::vector<env::Action> joint_action(static_cast<std::size_t>(env.spec().n_agents), kTell);
  joint_action[static_cast<std::size_t>(env.snapshot()[2].second[0])] = action;
  Visitors chance(next);
  return env.step(joint_action, chance);
}

TEST(SwitchRiddleTest, TellingPaysOnceAllHaveBeenThereTheTellerIncluded) {
  const auto env = started(0);
  EXPECT_EQ(play(*env, kNothing, 1).reward, 0);
  EXPECT_EQ(play(*env, kNothing, 2).reward, 0);
  const env::StepResult last = play(*env, kTell, 0);
  EXPECT_EQ(last.reward, 1);
  EXPECT_TRUE(last.terminated);
  EXPECT_TRUE(last.won);
  EXPECT_TRUE(env->has_ended());
}

TEST(SwitchRiddleTest, TellingTooEarlyCostsOneAndEnds) {
  const auto env = started(0);
  play(*env, kNothing, 1);
  const env::StepResult last = play(*env, kTell, 2);
  EXPECT_EQ(last.reward, -1);
  EXPECT_TRUE(last.terminated);
  EXPECT_FALSE(last.won);
}

TEST(SwitchRiddleTest, OnlyTheVisitorSeesAndSwitchesTheBulb) {
  const auto env = started(1);
  EXPECT_EQ(test::View(*env).obs, (std::vector<float>{0, 0, 1, 0, 0, 0}));
  play(*env, kSwitch, 1);
  EXPECT_EQ(test::View(*env).obs, (std::vector<float>{0, 0, 1, 1, 0, 0}));
  play(*env, kNothing, 0);
  EXPECT_EQ(test::View(*env).obs, (std::vector<float>{1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(test::View(*env).state, (std::vector<float>{1, 1, 0, 0, 0, 1, 0, 2.0F / 6}));
}

TEST(SwitchRiddleTest, TheRiddleLastsFourDaysAPrisonerLessSix) {
  EXPECT_EQ(env::make_named("riddle_3")->spec().episode_limit, 6);
  EXPECT_EQ(env::make_named("riddle_4")->spec().episode_limit, 10);
  EXPECT_EQ(env::make_named("riddle_5")->spec().n_agents, 5);
  for (const bool terminates : {true, false}) {
    const auto env =
        env::family("switch_riddle").make({{"limit_terminates", {terminates, "test"}}});
    Visitors chance(0);
    env->reset(chance);
    env::StepResult last;
    for (int t = 0; t < 6; ++t) {
      EXPECT_FALSE(env->has_ended());
      last = play(*env, kNothing, 0);
    }
    EXPECT_EQ(last.reward, 0);
    EXPECT_EQ(last.terminated, terminates);
    EXPECT_EQ(last.truncated, !terminates);
  }
}

TEST(SwitchRiddleTest, TheVisitorIsDrawnAmongAllAndTwoPrisonersAreRefused) {
  const auto env = env::make_named("riddle_4");
  Visitors chance(3);
  env->reset(chance);
  EXPECT_EQ(chance.n_asked, 4U);
  const std::string text = test::error_text([] {
    env::family("switch_riddle").make({{"n_agents", {std::int64_t{2}, "command line"}}});
  });
  EXPECT_NE(text.find("env_args.n_agents = 2"), std::string::npos) << text;
}

}  // namespace
}  // namespace qtot
