// What is read of recordings of MPE2, and how near ours must be. The recordings themselves are
// replayed by trace_test.cpp.

#include "env_check/mutated_trace.h"

namespace qtot {
namespace {

using test::describe;

class MpeTrace : public test::MutatedTrace {
 protected:
  MpeTrace() : test::MutatedTrace("mpe-simple_reference-cut.jsonl.gz") {}

  // Changes the first number after `key` in line `n`, at the given decimal.
  void nudge(std::size_t n, const std::string& key, std::size_t decimal) {
    std::string& line = lines_.at(n - 1);
    char& digit = line.at(line.find('.', line.find(key)) + decimal);
    digit = digit == '5' ? '6' : '5';
  }
};

TEST_F(MpeTrace, IsReplayedInBothModes) {
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_EQ(report.env, "mpe");
  EXPECT_EQ(report.n_episodes, 3);
  EXPECT_EQ(report.n_steps, 75);
}

TEST_F(MpeTrace, ARewardMayDifferByABillionth) {
  nudge(4, "\"r\"", 11);
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_GT(report.forced.max_error, 1e-13);
  nudge(4, "\"r\"", 7);
  EXPECT_FALSE(env::check_trace(write()).ok());
}

TEST_F(MpeTrace, APositionMayDifferByABillionth) {
  nudge(4, "\"pos\"", 11);
  EXPECT_TRUE(env::check_trace(write()).ok());
  nudge(4, "\"pos\"", 7);
  EXPECT_FALSE(env::check_trace(write()).ok());
}

TEST_F(MpeTrace, TheGoalAndTheStepAreExact) {
  const std::string& line = lines_.at(3);
  const std::string goal = line.substr(line.find("\"goal\":") + 7, 1);
  replace(4, "\"goal\":", goal, goal == "0" ? "1" : "0");
  expect_mismatch(4, "s.goal[0]", goal == "0" ? "1" : "0");
  replace(4, "\"goal\":", goal == "0" ? "1" : "0", goal);
  replace(4, "\"step\":", "2", "3");
  expect_mismatch(4, "s.step[0]", "3");
}

TEST_F(MpeTrace, AColourOfNoLandmarkIsBadInput) {
  const std::string& line = lines_.at(2);
  const std::size_t second = line.find("],[", line.find("\"obs\""));
  lines_.at(2).replace(line.find("0.75", second), 4, "0.65");
  EXPECT_EQ(refusal(), ":3: obs[1]: expected the colour of a landmark");
}

TEST_F(MpeTrace, ArgumentsOfTheReferenceAreRead) {
  const std::string before = "\"n_actions\": [50, 50]";
  const auto with = [&](const std::string& more) { return before + ", " + more; };
  replace(1, "config", before, with(R"("local_ratio": 0.5, "max_cycles": 25, "N": 3)"));
  EXPECT_TRUE(env::check_trace(write()).ok());
  replace(1, "config", "0.5", "0.25");
  EXPECT_FALSE(env::check_trace(write()).ok());
  replace(1, "config", "0.25", "0.5");
  replace(1, "config", "25", "26");
  expect_mismatch(27, "truncated", "1");
}

TEST_F(MpeTrace, ArgumentsThatWeDoNotHaveAreBadInput) {
  const std::string before = "\"n_actions\": [50, 50]";
  replace(1, "config", before, before + R"(, "continuous_actions": true)");
  EXPECT_EQ(refusal(), ":1: config.continuous_actions: expected false, as this environment has it");
}

TEST_F(MpeTrace, DamagedFilesAreMismatchesOrErrors) {
  const Damage damage = random_damage(6);
  EXPECT_GT(damage.n_mismatches, 50);
  EXPECT_GT(damage.n_errors, 50);
}

}  // namespace
}  // namespace qtot
