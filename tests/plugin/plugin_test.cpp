// What a plugin may do, what becomes of it, and one sentence for each thing that it may not do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "env/every_env.h"
#include "qtot/env/playthrough.h"
#include "qtot/math/fp_environment.h"
#include "qtot/plugin/load.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kPlugins = QTOT_PLUGINS;

config::Value value(auto data) {
  return {data, "command line"};
}

// Libraries are loaded once a file: each fault has a copy of its own, which stays loaded.
class FaultyPlugin {
 public:
  explicit FaultyPlugin(const std::string& fault) : name_("faulty_" + fault) {
    fs::copy_file(kPlugins + "/faulty.so", file());
    ::setenv("QTOT_TEST_FAULT", fault.c_str(), 1);
  }
  ~FaultyPlugin() { ::unsetenv("QTOT_TEST_FAULT"); }
  FaultyPlugin(const FaultyPlugin&) = delete;
  FaultyPlugin& operator=(const FaultyPlugin&) = delete;

  std::string file() const { return (folder_ / (name_ + ".so")).string(); }
  std::unique_ptr<env::Env> make(const config::Map& args = {}) const {
    return env::family(plugin::load(file())).make(args);
  }

 private:
  test::TempFolder folder_;
  std::string name_;
};

const std::string& sound_name() {
  static const std::string name = plugin::load(kPlugins + "/faulty.so");
  return name;
}

TEST(Plugin, IsAFamilyWithItsMapsOptionsAndDefaults) {
  const env::EnvFamily& family = env::family(sound_name());
  EXPECT_EQ(family.summary, "a plugin to test with");
  EXPECT_EQ(family.maps(), (std::vector<std::string>{"small", "large"}));
  std::string listed;
  for (const config::OptionInfo& option : family.options()) {
    listed +=
        option.key + " " + option.type + " " + option.default_value + " " + option.rule + "\n";
  }
  EXPECT_EQ(listed,
            "env_args.map_name text \"small\" one of small, large\n"
            "env_args.size integer 3 in [1, 9]\n"
            "env_args.speed number 0.5 \n"
            "env_args.wraps boolean True \n"
            "env_args.view text \"grid\" one of grid, vector\n"
            "env_args.label text \"\" \n");
}

TEST(Plugin, GetsEveryArgumentInEveryForm) {
  const auto env = env::family(sound_name())
                       .make({{"map_name", value(std::string("large"))},
                              {"size", value(std::int64_t{7})},
                              {"speed", value(2.5)},
                              {"wraps", value(false)},
                              {"label", value(std::string("a b"))}});
  EXPECT_EQ(env->text(),
            "map_name=large/0/0 size=7/7/7 speed=2.5/0/2.5 wraps=False/0/0 view=grid/0/0 "
            "label=a b/0/0 ");
  EXPECT_EQ(env::make_named(sound_name() + "/large")->text().substr(0, 18), "map_name=large/0/0");
}

TEST(Plugin, ArgumentsAreRefusedAsThoseOfOtherEnvironments) {
  const auto refused = [](const std::string& key, config::Value data) {
    return test::error_text([&] { env::family(sound_name()).make({{key, std::move(data)}}); });
  };
  EXPECT_EQ(refused("sped", value(1.0)),
            "env_args.sped (command line): environment faulty_none has no such key; did you mean "
            "speed?");
  EXPECT_EQ(refused("size", value(std::int64_t{10})),
            "env_args.size = 10 (command line): must be in [1, 9]");
  EXPECT_EQ(refused("speed", value(std::string("fast"))),
            "env_args.speed = \"fast\" (command line): expected a number, found text");
  EXPECT_THAT(refused("view", value(std::string("sphere"))), HasSubstr("grid, vector"));
  EXPECT_THAT(refused("map_name", value(std::string("huge"))), HasSubstr("small, large"));
}

TEST(Plugin, DrawsWhatANativeEnvironmentWouldDraw) {
  const auto env = env::make_named(sound_name());
  constexpr std::uint64_t kSeed = 9, kTicket = 4;
  env::PhiloxChance at_reset(kSeed, math::Stream::kReset, kTicket, 0);
  env::PhiloxChance at_step(kSeed, math::Stream::kStep, kTicket, 0);
  env->reset(at_reset);
  std::vector<int> order = {0, 1, 2};
  at_reset.shuffle(3, order);
  const test::View view(*env);
  for (std::size_t agent = 0; agent < 3; ++agent) {
    EXPECT_EQ(view.obs[agent * 5], static_cast<float>(order[agent]));
  }
  env->step(std::vector<env::Action>(3, 0), at_step);
  const env::Snapshot after = env->snapshot();
  ASSERT_EQ(after[2].first, "drawn");
  EXPECT_EQ(after[2].second,
            (std::vector<double>{static_cast<double>(at_step.choose(0, 1, 1000)),
                                 at_step.happens(1, 2, 0.5) ? 1.0 : 0.0, at_step.uniform(2, 3)}));
}

TEST(Plugin, ItsAgentsMayDifferAndBePaidApart) {
  const auto env = env::make_named(sound_name());
  EXPECT_EQ(env->n_actions_of(1), 2);
  EXPECT_EQ(env->obs_dim_of(2), 2);
  test::reset(*env, 0);
  EXPECT_EQ(test::random_step(*env, 0, 0).reward, 0.5F);
  const std::span<const double> rewards = env->agent_rewards();
  EXPECT_EQ(std::vector<double>(rewards.begin(), rewards.end()), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(env->action_name(2, 0), "2:0");
}

TEST(Plugin, QtotKeepsTheTimeLimit) {
  const auto env = env::make_named(sound_name());
  test::reset(*env, 0);
  for (int t = 0; t < 4; ++t) {
    EXPECT_FALSE(env->has_ended());
    const env::StepResult result = test::random_step(*env, 0, t);
    EXPECT_FALSE(result.terminated);
    EXPECT_EQ(result.truncated, t == 3);
  }
  EXPECT_TRUE(env->has_ended());
  const env::Snapshot end = env->snapshot();
  EXPECT_EQ(end[0].first, "qtot.episode");
  EXPECT_EQ(end[0].second, (std::vector<double>{4, 0}));
}

TEST(Plugin, TheSameRulesHaveTheSamePlaythroughAsTheNativeOnes) {
  plugin::load(kPlugins + "/two_step.so");
  const auto ours = env::make_named("two_step");
  const auto theirs = env::make_named("two_step_in_c");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(env::playthrough(*ours, "", seed, 9), env::playthrough(*theirs, "", seed, 9));
  }
}

TEST(Plugin, LoadedTwiceIsLoadedOnce) {
  EXPECT_EQ(plugin::load(kPlugins + "/faulty.so"), sound_name());
  EXPECT_EQ(plugin::load(kPlugins + "/../plugins/faulty.so"), sound_name());
}

TEST(Plugin, HasAnIdentityOfItsBytes) {
  const std::string a = kPlugins + "/coin.so", b = kPlugins + "/two_step.so";
  EXPECT_EQ(plugin::identity({}), "");
  EXPECT_EQ(plugin::identity({a}), plugin::identity({kPlugins + "/../plugins/coin.so"}));
  EXPECT_NE(plugin::identity({a}), plugin::identity({b}));
  EXPECT_NE(plugin::identity({a, b}), plugin::identity({b, a}));
}

TEST(PluginFile, ThatIsNoneIsRefused) {
  EXPECT_EQ(test::error_text([] { plugin::load("/nowhere/coin.so"); }),
            "plugin /nowhere/coin.so: No such file or directory");
  EXPECT_EQ(test::error_text([] { plugin::load(kPlugins); }),
            "plugin " + kPlugins + ": expected a file");
  const std::string source = QTOT_SOURCE_DIR "/docs/plugin_example/coin.c";
  EXPECT_THAT(test::error_text([&] { plugin::load(source); }),
              testing::StartsWith("plugin " + source + ": it cannot be loaded: "));
  const std::string other = kPlugins + "/no_entry.so";
  EXPECT_EQ(test::error_text([&] { plugin::load(other); }),
            "plugin " + other +
                ": it has no function qtot_plugin_environment, as "
                "qtot/env/plugin.h asks for");
}

struct Fault {
  std::string name;
  std::string sentence;  // behind "plugin FILE: "
};

std::string fault_name(const testing::TestParamInfo<Fault>& info) {
  return info.param.name;
}

std::string plain(std::string sentence, const std::string& file) {
  const std::string start = "plugin " + file + ": ";
  EXPECT_EQ(sentence.find(start), 0U) << sentence;
  EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
  return sentence.substr(std::min(start.size(), sentence.size()));
}

class FaultOfTheDeclaration : public testing::TestWithParam<Fault> {};

TEST_P(FaultOfTheDeclaration, IsFoundWhenThePluginIsLoaded) {
  const FaultyPlugin faulty(GetParam().name);
  const std::size_t n_families = env::families().size();
  EXPECT_THAT(plain(test::error_text([&] { plugin::load(faulty.file()); }), faulty.file()),
              testing::StartsWith(GetParam().sentence));
  EXPECT_EQ(env::families().size(), n_families);
  math::require_ieee_arithmetic();  // put back, where it was changed
}

INSTANTIATE_TEST_SUITE_P(
    Every, FaultOfTheDeclaration,
    testing::Values(
        Fault{"returns_nothing", "qtot_plugin_environment: it returned nothing"},
        Fault{"other_version",
              "layout: it was compiled for interface 2, this qtot has interface 1"},
        Fault{"other_layout", "layout: its structs have other sizes"},
        Fault{"bad_name", "name: expected lower-case letters"},
        Fault{"name_taken", "environment \"two_step\": the name is taken"},
        Fault{"no_summary", "summary: expected a line"}, Fault{"no_maps", "maps: expected 1 to"},
        Fault{"no_step", "step: the function is missing"},
        Fault{"bad_key", "options[1]: key: expected lower-case"},
        Fault{"key_twice", "options[1]: key size: there is one already"},
        Fault{"key_map_name", "options[1]: key map_name: there is one already"},
        Fault{"no_help", "options[2] (wraps): help: expected"},
        Fault{"bad_type", "options[2] (wraps): type 4: expected one of"},
        Fault{"bad_integer", "options[0] (size): default \"3.5\": expected an integer"},
        Fault{"bad_number", "options[1] (speed): default \"fast\": expected a finite number"},
        Fault{"bad_boolean", "options[2] (wraps): default \"yes\": expected True or False"},
        Fault{"bad_choice", "options[3] (view): the default is none of the choices"},
        Fault{"bad_bounds", "options[0] (size): the default does not lie in"},
        Fault{"arithmetic", "loading it changed the floating-point environment: sums are not"}),
    fault_name);

class FaultOfAnEnvironment : public testing::TestWithParam<Fault> {};

TEST_P(FaultOfAnEnvironment, IsFoundWhenItIsMade) {
  const FaultyPlugin faulty(GetParam().name);
  EXPECT_EQ(plain(test::error_text([&] { faulty.make(); }), faulty.file()), GetParam().sentence);
}

INSTANTIATE_TEST_SUITE_P(
    Every, FaultOfAnEnvironment,
    testing::Values(
        Fault{"create_refuses", "create: no board of\\x0athis size"},
        Fault{"create_is_silent", "create: it refused without a sentence"},
        Fault{"create_makes_nothing", "create: it returned no environment and no error"},
        Fault{"no_agents", "describe: n_agents = 0, expected 1 to 65536"},
        Fault{"many_actions", "describe: n_actions = 2000000000, expected 1 to 1048576"},
        Fault{"large_product", "describe: n_agents * obs_dim is more than 67108864"},
        Fault{"flag_of_sizes", "describe: reports_wins = 2, expected 0 or 1"},
        Fault{"too_many_of_an_agent", "describe: n_actions_of[1] = 5, expected 1 to 4"},
        Fault{"array_twice", "describe: arrays[1].name: there is one of this name already"}),
    fault_name);

class FaultOfAnEpisode : public testing::TestWithParam<Fault> {};

TEST_P(FaultOfAnEpisode, EndsTheWorkWithOneSentence) {
  const FaultyPlugin faulty(GetParam().name);
  const auto env = faulty.make();
  const auto play = [&] {
    test::reset(*env, 0);
    env->action_name(0, 0);
    test::StepChance chance(0, 0);
    env->step(std::vector<env::Action>(3, 0), chance.rules);
    env->restore(env->snapshot());
  };
  try {
    play();
    ADD_FAILURE() << "nothing was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
    EXPECT_EQ(plain(error.what(), faulty.file()), GetParam().sentence);
  }
  std::fesetround(FE_TONEAREST);
}

INSTANTIATE_TEST_SUITE_P(
    Every, FaultOfAnEpisode,
    testing::Values(
        Fault{"reset_fails", "reset: the board is broken"},
        Fault{"site", "reset: chance: the site lies outside [0, 256)"},
        Fault{"index", "reset: chance: the index lies outside [0, 65536)"},
        Fault{"no_choice", "reset: chance.choose: n = 0, expected at least 1"},
        Fault{"probability", "reset: chance.happens: p lies outside [0, 1]"},
        Fault{"step_fails", "step: " + std::string(200, 'x') + "..."},
        Fault{"reward_unwritten", "step: reward = nan, expected a finite number"},
        Fault{"reward_infinite", "step: reward = inf, expected a finite number"},
        Fault{"terminated_unwritten", "step: terminated = -1, expected 0 or 1: it was not written"},
        Fault{"terminated_odd", "step: terminated = 3, expected 0 or 1"},
        Fault{"won_unwritten", "step: won = -1, expected 0 or 1: it was not written"},
        Fault{"won_alone", "step: won = 1 without terminated = 1"},
        Fault{"won_unreported", "step: won = 1 without sizes.reports_wins"},
        Fault{"agent_unpaid", "step: agent_rewards[2] = nan, expected a finite number"},
        Fault{"chance_outside", "observe: chance was asked outside of reset and step"},
        Fault{"obs_unwritten", "observe: obs[7] = nan, expected a finite number in every entry"},
        Fault{"obs_behind", "observe: obs[13]: expected 0 behind what agent 2 observes"},
        Fault{"state_infinite",
              "observe: state[3] = -inf, expected a finite number in every entry"},
        Fault{"avail_odd", "observe: avail[5] = 2, expected 0 or 1 in every entry"},
        Fault{"avail_behind", "observe: avail[9] = 1, but agent 2 has no such action"},
        Fault{"nothing_available", "observe: agent 2 has no available action"},
        Fault{"nameless_action", "action_name: it named action 0 nothing"},
        Fault{"save_outside", "save: order[0] = 3, expected a number in [0, 2]"},
        Fault{"save_unwritten", "save: drawn[2] = nan, expected a finite number"},
        Fault{"load_fails", "load: order: nobody stands there"}),
    fault_name);

TEST(FaultOfTheArithmetic, IsFoundAtTheNextReset) {
  const FaultyPlugin faulty("reset_arithmetic");
  const auto env = faulty.make();
  const std::string sentence = test::error_text([&] { test::reset(*env, 0); });
  std::fesetround(FE_TONEAREST);
  EXPECT_THAT(plain(sentence, faulty.file()),
              testing::StartsWith("reset: floating-point environment: sums are not rounded"));
}

}  // namespace
}  // namespace qtot
