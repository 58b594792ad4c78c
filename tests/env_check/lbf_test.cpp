// What is wrong with a recording of level-based foraging is found where it is.

#include "env_check/mutated_trace.h"

namespace qtot {
namespace {

class LbfTrace : public test::MutatedTrace {
 protected:
  LbfTrace() : test::MutatedTrace("lbf-grid-3s-8x8-3p-3f-penalty.jsonl.gz") {}
};

// The recorded mask is the game's, and players choose what it forbids.
TEST_F(LbfTrace, AgreesInEveryNumber) {
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << test::describe(report);
  EXPECT_EQ(report.family, "lbf");
  EXPECT_EQ(report.n_episodes, 8);
  EXPECT_EQ(report.n_steps, 286);
  EXPECT_EQ(report.forced.n_equal, report.forced.n_compared);
}

TEST_F(LbfTrace, TheRewardOfOnePlayerIsComparedToTheLastBit) {
  replace(3, "\"r\"", "-0.1]", "-0.10000000000000002]");
  expect_mismatch(3, "r[2]", "-0.10000000000000002");
}

TEST_F(LbfTrace, AnotherLevelOfFoodIsFound) {
  replace(3, "\"field\"", "[1,3,5]", "[1,3,4]");
  expect_mismatch(3, "s.field[2]", "4");
}

TEST_F(LbfTrace, OneFoodLessIsFound) {
  replace(3, "\"field\"", "[1,3,5],", "");
  expect_mismatch(3, "s.field", "6 numbers");
}

TEST_F(LbfTrace, AnotherConfigurationIsPlayedOtherwise) {
  replace(1, "\"config\"", "\"penalty\": 0.1", "\"penalty\": 0.5");
  expect_mismatch(3, "r[2]", "-0.1");
}

TEST_F(LbfTrace, ArgumentsAreThoseOfTheConstructor) {
  replace(1, "\"config\"", "\"penalty\"", "\"pennalty\"");
  EXPECT_EQ(refusal(), ":1: config.pennalty: this environment has no such argument");
  lines_ = test::lines_of(source_);
  replace(1, "\"config\"", "\"sight\"", "\"seen\"");
  EXPECT_EQ(refusal(), ":1: the key sight is missing");
  lines_ = test::lines_of(source_);
  replace(1, "\"config\"", "\"min_player_level\": 1", "\"min_player_level\": 3");
  EXPECT_EQ(test::error_text([&] { env::check_trace(write()); }),
            "env_args.min_player_level: 3 lies above env_args.max_player_level, 2");
}

TEST_F(LbfTrace, AStateThatTheGameDoesNotHaveIsRefused) {
  replace(2, "\"field\"", "[3,1,1]", "[3,0,1]");
  EXPECT_EQ(refusal(), ":2: snapshot: field[1] lies on the border");
}

TEST_F(LbfTrace, RandomDamageIsAMismatchOrAnErrorNeverACrash) {
  const Damage damage = random_damage(40);
  EXPECT_GT(damage.n_mismatches, 50);
  EXPECT_GT(damage.n_errors, 100);
}

}  // namespace
}  // namespace qtot
