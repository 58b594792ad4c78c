// Whatever a child does, there is one Error that says so with what it wrote last, and then no child.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/leaks.h"
#include "bridge/python_args.h"
#include "env/every_env.h"
#include "support/random.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using testing::HasSubstr;

struct Deed {
  std::string name;
  std::vector<std::string> words;  // of env_args
  std::vector<std::string> parts;  // of the error
  ExitCode exit_code = ExitCode::kFailed;
};

std::ostream& operator<<(std::ostream& os, const Deed& deed) {
  return os << deed.name;
}

void play_two_episodes(const std::vector<std::string>& words) {
  const auto env = python_env(kMisbehaving, words);
  for (std::uint64_t episode = 0; episode < 2; ++episode) {
    reset(*env, episode);
    for (int t = 0; !env->has_ended(); ++t) random_step(*env, episode, t);
  }
}

class EveryDeed : public testing::TestWithParam<Deed> {};

TEST_P(EveryDeed, IsOneErrorAndLeavesNothing) {
  std::vector<std::string> words;
  for (const std::string& word : GetParam().words) {
    const bool is_option = word.starts_with("timeout") || word.starts_with("entry");
    words.push_back(is_option ? word : "kwargs." + word);
  }
  const ExpectNoLeak nothing_left;
  const Error error = error_of([&] { play_two_episodes(words); });
  EXPECT_EQ(error.exit_code(), GetParam().exit_code) << error.what();
  EXPECT_THAT(error.what(), testing::StartsWith("python environment \"" + kMisbehaving + "\" "));
  for (const std::string& part : GetParam().parts) EXPECT_THAT(error.what(), HasSubstr(part));
  for (const char c : std::string(error.what())) {
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  }
}

const std::string kShort =
    "timeout=6";  // for children that never answer; a busy machine starts one in time

INSTANTIATE_TEST_SUITE_P(
    Bridge, EveryDeed,
    testing::Values(
        Deed{"Raises",
             {"deed=raise"},
             {"failed at step 2: ValueError: the map has no floor; it wrote last:",
              "\n  | Traceback", "misbehaving.py", "in do_raise"}},
        Deed{"RaisesAtReset", {"deed=raise", "where=reset"}, {"failed at reset: ValueError"}},
        Deed{"RaisesAtTheStart",
             {"deed=raise", "where=init"},
             {"failed at its start: ValueError"},
             ExitCode::kBadInput},
        Deed{"SaysBadSizes",
             {"deed=raise", "where=info", "episode=0", "n_before=0"},
             {"failed at its start"},
             ExitCode::kBadInput},
        Deed{"SaysNoAgents",
             {"deed=size", "where=info", "episode=0", "n_before=0"},
             {"says n_agents = 0, expected an integer in [1, 4096]"},
             ExitCode::kBadInput},
        Deed{"Exits",
             {"deed=exit"},
             {"gave no answer at step 2: its process ended with exit code 3"}},
        Deed{"ExitsAtTheStart",
             {"deed=exit", "where=init"},
             {"gave no answer at its start: its process ended with exit code 3"}},
        Deed{"RaisesSystemExit", {"deed=leave"}, {"failed at step 2: SystemExit: 5"}},
        Deed{"IsKilled",
             {"deed=kill", "where=reset"},
             {"gave no answer at reset: its process was killed by signal 9 (SIGKILL)"}},
        Deed{"IsKilledInAFrame", {"deed=kill_in_frame", "where=obs"}, {"was killed by signal 9"}},
        Deed{"Aborts", {"deed=abort"}, {"was killed by signal 6 (SIGABRT)", "\n  | last words"}},
        Deed{"HangsInC",
             {"deed=hang", kShort},
             {"gave no answer at step 2 within 6 s (env_args.timeout), and was killed"}},
        Deed{"HangsAtReset",
             {"deed=rest", "where=reset", kShort},
             {"gave no answer at reset within 6 s"}},
        Deed{"HangsAtTheStart",
             {"deed=rest", "where=init", kShort},
             {"gave no answer at its start within 6 s"}},
        Deed{"IsStopped", {"deed=stop", kShort}, {"gave no answer at step 2 within 6 s"}},
        Deed{"ChattersWithoutEnd",
             {"deed=chatter", kShort},
             {"gave no answer at step 2 within 6 s", "\n  | chatter"}},
        Deed{"WritesIntoTheSocket",
             {"deed=write"},
             {"answered with what is no frame: it begins with \"rubb\" at step 2"}},
        Deed{"LeavesAProcessWithTheSocket",
             {"deed=fork"},
             {"gave no answer at step 2: its process ended with exit code 4"}},
        Deed{"ClosesTheSocket", {"deed=close", kShort}, {"gave no answer at step 2"}},
        Deed{"GivesNoNumberAsReward",
             {"deed=number"},
             {"gave rewards[0], which is not finite at step 2"}},
        Deed{"GivesNoNumberInObs",
             {"deed=number", "where=obs"},
             {"gave obs[1][2], which is not finite"}},
        Deed{"GivesNoNumberInState",
             {"deed=number", "where=state"},
             {"gave state[4], which is not finite"}},
        Deed{
            "ChangesObs", {"deed=size", "where=obs"}, {"get_obs() has 6 numbers, 8 were promised"}},
        Deed{"ChangesState",
             {"deed=size", "where=state"},
             {"get_state() has 1 numbers, 5 were promised"}},
        Deed{"ChangesMasks",
             {"deed=size", "where=avail"},
             {"get_avail_actions() has 4 actions, 6 were promised"}},
        Deed{"MasksWithTwo",
             {"deed=mask", "where=avail"},
             {"gave avail[1][2] = 2, expected at most 1 at step 1"}},
        Deed{"MasksWithHalf", {"deed=half", "where=avail"}, {"an entry that is neither 0 nor 1"}},
        Deed{"LeavesNoAction", {"deed=none", "where=avail"}, {"left agent 1 no action at step 1"}},
        Deed{"ForgetsItsLimit",
             {"deed=endless", "n_before=2"},
             {"did not end its episode at step 3, which it said is its limit"}}),
    [](const auto& tested) { return tested.param.name; });

TEST(Misbehaviour, RubbishOnStdoutAndStderrHarmsNobody) {
  const ExpectNoLeak nothing_left;
  EXPECT_STREQ(error_of([] { play_two_episodes({"kwargs.deed=print"}); }).what(), "no error");
}

TEST(Misbehaviour, OneThatHangsWhenItIsClosedIsKilled) {
  const ExpectNoLeak nothing_left;
  const std::vector<std::string> words = {"kwargs.deed=hang", "kwargs.where=close", "timeout=6"};
  EXPECT_STREQ(error_of([&] { play_two_episodes(words); }).what(), "no error");
}

TEST(Misbehaviour, AfterAnErrorEveryCallThrowsItAgain) {
  const auto env = python_env(kMisbehaving, {"kwargs.deed=exit", "kwargs.where=reset"});
  const std::string first = error_of([&] { reset(*env, 0); }).what();
  EXPECT_THAT(first, HasSubstr("at reset: its process ended with exit code 3"));
  EXPECT_TRUE(env->has_ended());
  EXPECT_EQ(error_of([&] { reset(*env, 1); }).what(), first);
}

// At random places of the protocol, in the middle of a frame, too.
class Killed : public testing::TestWithParam<int> {};

TEST_P(Killed, ChildrenLeaveAnErrorEachAndNothingElse) {
  constexpr int kKills = 25;
  const std::vector<std::string> places = {"init", "reset", "step", "obs", "state", "avail"};
  Random random(static_cast<std::uint64_t>(GetParam()));
  play_two_episodes({});  // what is allocated once is there
  const ExpectNoLeak nothing_left;
  for (int k = 0; k < kKills; ++k) {
    const std::string& place = places[static_cast<std::size_t>(random.below(6))];
    const bool in_frame = random.below(3) == 0;
    std::vector<std::string> words = {
        std::string("kwargs.deed=") + (in_frame ? "kill_in_frame" : "kill"),
        "kwargs.where=" + place, "kwargs.episode=" + std::to_string(1 + random.below(2)),
        "kwargs.n_before=" + std::to_string(random.below(3))};
    SCOPED_TRACE(testing::PrintToString(words));
    const Error error = error_of([&] { play_two_episodes(words); });
    EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
    EXPECT_THAT(error.what(), HasSubstr("its process was killed by signal 9 (SIGKILL)"));
  }
}

INSTANTIATE_TEST_SUITE_P(Shard, Killed, testing::Range(0, 4));

}  // namespace
}  // namespace qtot::test
