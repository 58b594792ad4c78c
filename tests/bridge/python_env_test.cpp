// What the adapters make of environments in Python that behave.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/leaks.h"
#include "bridge/python_args.h"
#include "env/every_env.h"
#include "qtot/env/playthrough.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class WellBehaved : public testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<env::Env> make() {
    return python_env(GetParam().ends_with(":Bad") ? GetParam() : kExamples + GetParam());
  }
};

TEST_P(WellBehaved, TheSameChanceGivesTheSameBitsWhateverWasPlayedBefore) {
  const auto env = make();
  const std::string fresh = env::playthrough(*env, "", 5, 100);
  env::playthrough(*env, "", 6, 17);
  EXPECT_EQ(env::playthrough(*env, "", 5, 100), fresh);
  EXPECT_EQ(env::playthrough(*make(), "", 5, 100), fresh);
}

TEST_P(WellBehaved, ARestoredSnapshotContinuesIdentically) {
  const auto env = make();
  const auto other = make();
  for (std::uint64_t ticket = 0; ticket < 3; ++ticket) {
    reset(*env, ticket);
    for (int t = 0; !env->has_ended(); ++t) {
      reset(*other, ticket + 100);
      other->restore(env->snapshot());
      ASSERT_EQ(other->snapshot(), env->snapshot());
      ASSERT_EQ(View(*other), View(*env));
      const env::StepResult ours = random_step(*env, ticket, t);
      const env::StepResult theirs = random_step(*other, ticket, t);
      ASSERT_EQ(ours.reward, theirs.reward);
      ASSERT_EQ(View(*other), View(*env));
    }
    other->restore(env->snapshot());
    EXPECT_TRUE(other->has_ended());
  }
}

TEST_P(WellBehaved, EndsWithinItsLimitAndItsAgentsRewardsAddUp) {
  const auto env = make();
  const env::DecPomdpSpec spec = env->spec();
  for (std::uint64_t ticket = 0; ticket < 20; ++ticket) {
    reset(*env, ticket);
    for (int t = 0; !env->has_ended(); ++t) {
      ASSERT_LT(t, spec.episode_limit);
      const env::StepResult result = random_step(*env, ticket, t);
      ASSERT_EQ(env->has_ended(), result.terminated || result.truncated);
      if (env->agent_rewards().empty()) continue;
      ASSERT_EQ(env->agent_rewards().size(), View::size(spec.n_agents));
      double sum = 0;
      for (const double reward : env->agent_rewards()) sum += reward;
      ASSERT_EQ(result.reward, static_cast<float>(sum));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, WellBehaved,
                         testing::Values("two_step.py:TwoStep", "rescue.py:Rescue",
                                         "lamps.py:Lamps", kMisbehaving),
                         [](const auto& tested) {
                           return tested.param.substr(tested.param.rfind(':') + 1);
                         });

TEST(PythonTwoStep, IsTheNativeOneBitForBit) {
  const auto python = python_env(kExamples + "two_step.py:TwoStep", {"map_name=two_step"});
  const auto native = env::family("two_step").make({});
  ASSERT_EQ(python->spec(), native->spec());
  for (std::uint64_t ticket = 0; ticket < 50; ++ticket) {
    reset(*python, ticket);
    reset(*native, ticket);
    for (int t = 0; !native->has_ended(); ++t) {
      ASSERT_EQ(View(*python), View(*native));
      const env::StepResult ours = random_step(*python, ticket, t);
      const env::StepResult theirs = random_step(*native, ticket, t);
      ASSERT_EQ(ours.reward, theirs.reward);
      ASSERT_EQ(ours.terminated, theirs.terminated);
      ASSERT_EQ(ours.truncated, theirs.truncated);
    }
    ASSERT_TRUE(python->has_ended());
    ASSERT_EQ(View(*python), View(*native));
  }
}

env::StepResult play(env::Env& env, std::vector<env::Action> actions) {
  env::PhiloxChance chance(7, math::Stream::kStep, 0, 0);
  return env.step(actions, chance);
}

TEST(PettingZooAdapter, PadsAgentsOfDifferentSizesAndClosesThoseThatLeft) {
  // one cell: both carriers find the load at once, and all three leave
  const auto env = python_env(kExamples + "rescue.py:Rescue", {"kwargs.n_cells=1"});
  ASSERT_EQ(env->spec(),
            (env::DecPomdpSpec{
                .n_agents = 3, .n_actions = 4, .obs_dim = 4, .state_dim = 8, .episode_limit = 20}));
  EXPECT_EQ(env->n_actions_of(0), 4);
  EXPECT_EQ(env->n_actions_of(2), 3);
  EXPECT_EQ(env->obs_dim_of(0), 4);
  EXPECT_EQ(env->obs_dim_of(1), 2);
  reset(*env, 0);
  EXPECT_THAT(View(*env).avail, ElementsAre(1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0));
  const env::StepResult result = play(*env, {3, 1, 1});
  EXPECT_THAT(std::vector<double>(env->agent_rewards().begin(), env->agent_rewards().end()),
              ElementsAre(-0.05, 1, 1));
  EXPECT_EQ(result.reward, 1.95F);
  EXPECT_TRUE(result.terminated);
  EXPECT_THAT(View(*env).avail, ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(View(*env).obs, testing::Each(0));
}

TEST(PettingZooAdapter, KeepsWhatIsSeenAtACut) {
  const auto env =
      python_env(kExamples + "rescue.py:Rescue", {"kwargs.n_cells=100000", "kwargs.max_cycles=1"});
  reset(*env, 0);
  const env::StepResult result = play(*env, {1, 1, 1});
  EXPECT_TRUE(result.truncated);
  EXPECT_FALSE(result.terminated);
  const View view(*env);
  EXPECT_NE(view.obs[0], 0);
  EXPECT_EQ(view.avail[1], 1);
  EXPECT_THAT(std::vector<float>(view.state.begin(), view.state.begin() + 4),
              testing::ElementsAreArray(view.obs.begin(), view.obs.begin() + 4));
}

TEST(GymnasiumAdapter, PaysEachAgentAndTellsTheTwoEndsApart) {
  const auto env = python_env(kExamples + "lamps.py:Lamps", {"kwargs.max_episode_steps=2"});
  EXPECT_EQ(env->spec().episode_limit, 2);
  EXPECT_EQ(env->spec().state_dim, 9);
  reset(*env, 0);
  EXPECT_FALSE(play(*env, {0, 1, 2}).truncated);
  // agent i sees the lamp of agent i + 1
  EXPECT_THAT(View(*env).obs, ElementsAre(0, 1, 0, 0, 0, 1, 1, 0, 0));
  EXPECT_EQ(View(*env).state, View(*env).obs);
  const env::StepResult cut = play(*env, {1, 0, 0});
  EXPECT_TRUE(cut.truncated);
  EXPECT_FALSE(cut.terminated);
  EXPECT_THAT(std::vector<double>(env->agent_rewards().begin(), env->agent_rewards().end()),
              ElementsAre(1, 0, 1));
  reset(*env, 1);
  EXPECT_TRUE(play(*env, {2, 2, 2}).terminated);
}

TEST(PythonEnv, IsCutAtTheLimitOfTheOptions) {
  const auto env = python_env(kExamples + "two_step.py:TwoStep", {"episode_limit=1"});
  EXPECT_EQ(env->spec().episode_limit, 1);
  reset(*env, 0);
  EXPECT_TRUE(play(*env, {0, 0}).truncated);
  EXPECT_TRUE(env->has_ended());
}

TEST(PythonEnv, RefusesADamagedSnapshotByName) {
  const auto env = python_env(kExamples + "two_step.py:TwoStep");
  const std::vector<double> seed = {1, 2, 3, 4};
  const auto error = [&](const env::Snapshot& snapshot) {
    return error_text([&] { env->restore(snapshot); });
  };
  EXPECT_EQ(error({{"seed", seed}, {"actions", {0, 0}}}), "(no error)");
  EXPECT_THAT(error({{"actions", {}}}), HasSubstr("seed is missing"));
  EXPECT_THAT(error({{"seed", {1, 2, 3, 65536}}, {"actions", {}}}), HasSubstr("seed[3]"));
  EXPECT_THAT(error({{"seed", seed}}), HasSubstr("actions is missing"));
  EXPECT_THAT(error({{"seed", seed}, {"actions", {0, 2}}}), HasSubstr("actions[1]"));
  EXPECT_THAT(error({{"seed", seed}, {"actions", {0}}}), HasSubstr("actions must have 2"));
  EXPECT_THAT(error({{"seed", seed}, {"actions", {0, 0, 0, 0, 0, 0}}}), HasSubstr("found 6"));
  EXPECT_EQ(error({{"seed", seed}, {"actions", {}}}), "(no error)");
}

struct Wrong {
  std::string name;
  std::string entry;
  std::vector<std::string> words;
  std::string part;
};

// for the names of failures
std::ostream& operator<<(std::ostream& os, const Wrong& wrong) {
  return os << wrong.name;
}

class WrongArguments : public testing::TestWithParam<Wrong> {};

TEST_P(WrongArguments, AreBadInput) {
  const ExpectNoLeak nothing_left;
  const Error error = error_of([] { python_env(GetParam().entry, GetParam().words); });
  EXPECT_EQ(error.exit_code(), ExitCode::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr(GetParam().part));
}

const std::string kTwoStep = kExamples + "two_step.py:TwoStep";

INSTANTIATE_TEST_SUITE_P(
    Bridge, WrongArguments,
    testing::Values(
        Wrong{"NoEntry", "", {}, "env_args.entry must be module:callable"},
        Wrong{"NoColon", "smac", {}, "env_args.entry must be module:callable"},
        Wrong{"NoModule", "no_such:Env", {}, "ModuleNotFoundError: No module named 'no_such'"},
        Wrong{"NoFile", "no_such.py:Env", {}, "there is no file no_such.py"},
        Wrong{"NoCallable", kExamples + "lamps.py:Lamp", {}, "has no Lamp"},
        Wrong{"NoInterface", "collections:OrderedDict", {}, "has none of the known interfaces"},
        Wrong{"AnotherInterface", kExamples + "lamps.py:Lamps", {"adapter=pymarl"}, "get_env_info"},
        Wrong{"UnknownAdapter", kTwoStep, {"adapter=pymarls"}, "env_args.adapter = \"pymarls\""},
        Wrong{"UnknownKey", kTwoStep, {"time=3"}, "environment python has no such key"},
        Wrong{"UnknownKeyword", kTwoStep, {"kwargs.maps=3"}, "unexpected keyword argument 'maps'"},
        Wrong{"NoLimit",
              kExamples + "rescue.py:Rescue",
              {"kwargs.max_cycles=0"},
              "env_args.episode_limit must be given"},
        Wrong{"NoNumber", kTwoStep, {"kwargs.scale=.inf"}, "must have finite numbers, found .inf"},
        Wrong{"NoTime", kTwoStep, {"timeout=0"}, "env_args.timeout = 0"},
        Wrong{"NoInterpreter",
              kTwoStep,
              {"python=/no/such/python"},
              "env_args.python = \"/no/such/python\" must be an interpreter that can be run"}),
    [](const auto& tested) { return tested.param.name; });

TEST(PythonFamily, IsAddedOnceAndListsItsOptions) {
  bridge::add_python_family();
  bridge::add_python_family();
  const auto& families = env::families();
  EXPECT_EQ(std::ranges::count(families, "python", &env::EnvFamily::name), 1);
  std::vector<std::string> free;
  for (const config::OptionInfo& option : env::family("python").options()) {
    if (!option.training) free.push_back(option.key);
  }
  EXPECT_THAT(free, ElementsAre("env_args.python", "env_args.path", "env_args.timeout"));
}

TEST(PythonFamily, ModulesAreLookedForInThePathThatIsGiven) {
  const std::string path = "path=/no/such/folder:" + kExamples;
  EXPECT_EQ(python_env("lamps:Lamps", {path, "kwargs.n_agents=5"})->spec().n_agents, 5);
}

}  // namespace
}  // namespace qtot::test
