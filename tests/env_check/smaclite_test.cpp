// Recordings of SMAClite: what must be equal is, positions may differ by the rule for them, and what
// does not fit a map or its units is refused.

#include <gtest/gtest.h>

#include <string>

#include "env_check/mutated_trace.h"
#include "qtot/env_check/trace_check.h"

namespace qtot {
namespace {

using test::describe;
using test::kShipped;

// Line 10 ends the first episode, and line 20 the second: what is wrong in their state starts no step.
class SmacliteTrace : public test::MutatedTrace {
 protected:
  SmacliteTrace() : test::MutatedTrace("smaclite-3m-weak.jsonl.gz") {}

  // Adds `delta` to entry `column` of the first recorded unit in line `n`.
  void move(std::size_t n, int column, double delta) {
    std::string& line = lines_.at(n - 1);
    std::size_t at = line.find("\"units\":[[") + 10;
    for (int i = 0; i < column; ++i) at = line.find(',', at) + 1;
    const std::size_t end = line.find(',', at);
    const double x = std::stod(line.substr(at, end - at)) + delta;
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", x);
    line.replace(at, end - at, text);
  }

  env::PositionReport positions() const {
    const env::TraceReport report = env::check_trace(write());
    EXPECT_EQ(report.n_mismatches > 0, report.positions->n_wrong_steps > 0) << describe(report);
    is_ok_ = report.ok();
    return *report.positions;
  }

  mutable bool is_ok_ = false;
};

constexpr int kUnitHp = 4;  // entries of a recorded unit
constexpr int kUnitX = 8;
constexpr int kUnitVelocityX = 10;
constexpr int kUnitCooldown = 13;

TEST_F(SmacliteTrace, TheRecordingIsFollowedToItsEnd) {
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_EQ(report.family, "combat");
  EXPECT_EQ(report.n_episodes, 12);
  EXPECT_EQ(report.n_steps, 142);
  const env::PositionReport& seen = *report.positions;
  EXPECT_EQ(seen.n_steps_beyond, 0);
  EXPECT_LT(seen.max_error, 1e-12);
  EXPECT_GT(seen.n_same_bits, seen.n_compared * 99 / 100);
  EXPECT_LE(seen.n_same_bits, seen.n_compared);
  EXPECT_EQ(seen.n_free_steps, 142);
  EXPECT_EQ(seen.n_free_episodes, 12);
}

TEST_F(SmacliteTrace, HpAndTimersMustBeEqualToTheLastBit) {
  move(20, kUnitHp, 1e-13);
  expect_mismatch(20, "s.units[0][1]", "45.0000000000001");
  lines_ = test::lines_of(source_);
  move(20, kUnitCooldown, 1e-13);
  const env::TraceReport report = env::check_trace(write());
  EXPECT_EQ(report.n_mismatches, 1) << describe(report);
  EXPECT_EQ(report.first->field, "s.units[0][10]");
}

TEST_F(SmacliteTrace, RewardsEndsMasksAndTheLivingMustBeEqual) {
  replace(20, "\"r\"", "[11.8", "[11.9");
  EXPECT_EQ(env::check_trace(write()).first->field, "r[0]");
  lines_ = test::lines_of(source_);
  replace(20, "\"avail\"", "[[0", "[[1");
  EXPECT_EQ(env::check_trace(write()).first->field, "avail[0][0]");
  lines_ = test::lines_of(source_);
  replace(20, "\"term\"", "1", "0");
  EXPECT_EQ(env::check_trace(write()).first->field, "terminated");

  lines_ = test::lines_of(source_);
  std::string& line = lines_.at(19);
  const std::size_t at = line.find("\"units\":[") + 9;
  line.erase(at, line.find("],[", at) + 2 - at);  // its first unit is recorded as removed
  EXPECT_EQ(env::check_trace(write()).first->field.substr(0, 8), "s.units[");
  EXPECT_EQ(env::check_trace(write()).n_mismatches, 1) << "nothing but alive is recorded of it";
}

TEST_F(SmacliteTrace, PositionsMayDifferByTheirBoundAndVelocitiesByWhatThatIsInATick) {
  move(10, kUnitX, 9e-6);
  move(20, kUnitVelocityX, 1.5e-4);
  const env::PositionReport seen = positions();
  EXPECT_TRUE(is_ok_);
  EXPECT_EQ(seen.n_steps_beyond, 0);
  EXPECT_NEAR(seen.max_error, 1.5e-4 / 16, 1e-9);

  move(20, kUnitVelocityX, 2e-5);
  EXPECT_EQ(positions().n_steps_beyond, 1);
}

TEST_F(SmacliteTrace, OneSmallStepIsAllowedAndASecondIsNot) {
  move(10, kUnitX, 9e-4);
  EXPECT_EQ(positions().n_small_steps, 1);
  EXPECT_TRUE(is_ok_);
  move(20, kUnitX, 2e-5);
  EXPECT_EQ(positions().n_small_steps, 2);
  EXPECT_FALSE(is_ok_);
}

TEST_F(SmacliteTrace, AStepFurtherOffIsWrong) {
  move(20, kUnitX, 1.1e-3);
  EXPECT_EQ(positions().n_wrong_steps, 1);
  EXPECT_FALSE(is_ok_);
  expect_mismatch(20, "s.units[0][5]", env::check_trace(write()).first->expected);
}

TEST_F(SmacliteTrace, EntriesThatShowNoPositionMustBeEqual) {
  replace(20, "\"obs\"", "[[1,", "[[0.999999,");  // a flag: may unit 0 go north?
  expect_mismatch(20, "obs[0][0]", "0.999999");
}

TEST_F(SmacliteTrace, AnOrderOfOtherUnitsIsAMismatch) {
  replace(3, "\"order\"", "[1,4,0,5,2,3]", "[1,4,0,5,2,2]");
  expect_mismatch(3, "u", "other outcomes");
}

TEST_F(SmacliteTrace, DifferencesAreListedWhenAskedFor) {
  move(10, kUnitX, 9e-4);
  move(20, kUnitHp, 1);
  EXPECT_TRUE(env::check_trace(write()).listed.empty());
  const env::TraceReport report = env::check_trace(write(), {.n_listed = 20});
  ASSERT_EQ(report.listed.size(), 2U);
  EXPECT_EQ(report.listed[0].line, 10) << "listed though allowed";
  EXPECT_EQ(report.listed[1].line, 20);
  EXPECT_EQ(report.first->line, 20);
}

TEST_F(SmacliteTrace, AMapThatIsNotOneIsRefused) {
  const auto original = lines_;
  const auto refused = [&](const std::string& key, const std::string& from, const std::string& to) {
    lines_ = original;
    replace(1, key, from, to);
    return refusal();
  };
  EXPECT_EQ(refused("\"width\"", "32", "33"),
            ":1: config.width: expected 32, as this environment has it");
  EXPECT_EQ(refused("\"terrain_rows_y0_first\"", "XX", "X"),
            ":1: config.terrain_rows_y0_first: expected 32 rows of 32 characters _ or X");
  EXPECT_EQ(refused("\"groups\"", "\"marine\"", "\"mari ne\""),
            ":1: config.groups: expected a name of small letters");
  EXPECT_EQ(refused("\"groups\"", "ALLY", "OTHER"), ":1: config.groups: the side is ALLY or ENEMY");
  EXPECT_EQ(refused("\"groups\"", "3]", "513]"),
            ":1: config.groups: expected an integer in [1, 512]");
  EXPECT_EQ(refused("\"time_limit\"", "60", "0"),
            ":1: config.time_limit: expected an integer in [1, 1000000]");
}

TEST_F(SmacliteTrace, UnitsThatAreNotOursAreRefused) {
  const auto original = lines_;
  replace(1, "\"units\"", "\"hp\": 45", "\"hp\": 46");
  EXPECT_EQ(refusal(), ":1: config.units.marine.hp: expected 45.0, as combat has it");
  lines_ = original;
  replace(1, "\"units\"", "\"bonuses\": {}", "\"bonuses\": {\"LIGHT\": 1}");
  EXPECT_EQ(refusal(), ":1: config.units.marine.bonuses: expected {}, as combat has it");
  lines_ = original;
  replace(1, "\"units\"", "\"marine\"", "\"ghost\"");
  EXPECT_EQ(refusal(), ":1: config.units.ghost: a unit that combat does not have");
  lines_ = original;
  replace(3, "\"units\"", "\"marine\"", "\"zealot\"");
  EXPECT_EQ(refusal(), ":3: s.units: unit 0 is expected to be number 0 of the allies, a marine");
}

TEST_F(SmacliteTrace, RandomDamageIsAMismatchOrAnErrorAndNeverACrash) {
  const Damage damage = random_damage(32);
  EXPECT_GT(damage.n_mismatches, 20);
  EXPECT_GT(damage.n_errors, 20);
}

// The last bit decides some collisions of this recording: one ulp elsewhere ends up to 0.018 away.
TEST(SmacliteCollisions, ReproducesCollisionsThatTheLastBitOfAPositionDecides) {
  const std::string path = kShipped / "smaclite-10m_vs_11m-weak-cut.jsonl.gz";
  const env::TraceReport report = env::check_trace(path);
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_EQ(report.positions->n_steps_beyond, 0);
}

TEST(PositionRule, AsksForMoreThan99PercentOfTheStepsButForOneAlone) {
  EXPECT_TRUE(env::enough_within(10, 1001));
  EXPECT_FALSE(env::enough_within(10, 1000));
  EXPECT_TRUE(env::enough_within(1, 29)) << "of a short recording one step is more than a share";
  EXPECT_FALSE(env::enough_within(2, 29));
  const env::PositionReport beyond = {.n_steps_beyond = 20, .n_ulp_steps = 20};
  EXPECT_TRUE(beyond.ok(2001));
  EXPECT_FALSE(beyond.ok(2000));
}

TEST(PositionRule, AllowsOneSmallStepOrOneInAThousand) {
  const auto ok = [](int n_small, int n_steps) {
    return env::PositionReport{.n_steps_beyond = n_small, .n_small_steps = n_small}.ok(n_steps);
  };
  EXPECT_TRUE(ok(1, 10));
  EXPECT_FALSE(ok(2, 1999));
  EXPECT_TRUE(ok(2, 2000));
}

}  // namespace
}  // namespace qtot
