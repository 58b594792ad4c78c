// Recordings of the reference environments, replayed; and what is wrong with a recording is
// found where it is.

#include "qtot/env_check/trace_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "env_check/mutated_trace.h"
#include "support/error_text.h"

namespace qtot {
namespace {

namespace fs = std::filesystem;
using test::describe;
using test::error_text;
using test::kShipped;
using test::lines_of;

// All recordings of the environments that we have, by the beginning of the file's name.
std::vector<fs::path> recordings(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    for (const char* prefix : {"matrix-", "matrixgames-", "mmdp-", "twostep-", "staghunt-",
                               "smaclite-", "lbf-", "rware-", "mpe-"}) {
      if (name.starts_with(prefix)) paths.push_back(entry.path());
    }
  }
  return paths;
}

void expect_agreement(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    const env::TraceReport report = env::check_trace(path.string());
    EXPECT_TRUE(report.ok()) << describe(report);
    EXPECT_GE(report.n_episodes, 1) << path;
    EXPECT_GT(report.n_steps, 10) << path;
    EXPECT_GT(report.n_values, 1000) << path;
  }
}

TEST(TraceTest, ShippedRecordingsAgree) {
  const std::vector<fs::path> paths = recordings(kShipped);
  EXPECT_GE(paths.size(), 12U);
  expect_agreement(paths);
}

TEST(TraceTest, AllRecordingsBesideTheProjectAgree) {
  const fs::path folder = QTOT_SOURCE_DIR "/../shared/traces";
  if (!fs::exists(folder)) {
    std::cout << folder << " is absent: the full set of recordings was not checked\n";
    return;
  }
  expect_agreement(recordings(folder));
}

class MutatedTrace : public test::MutatedTrace {
 protected:
  MutatedTrace() : test::MutatedTrace("staghunt-small-4x4.jsonl.gz") {}
};

TEST_F(MutatedTrace, PlainTextIsReadAsWell) {
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_EQ(report.env, "staghunt");
  EXPECT_EQ(report.family, "stag_hunt");
  EXPECT_EQ(report.n_episodes, 12);
  EXPECT_EQ(report.n_steps, 553);
}

TEST_F(MutatedTrace, AnotherRewardIsFoundAtItsLine) {
  replace(10, "\"r\"", "[0]", "[1]");
  expect_mismatch(10, "r[0]", "1");
}

TEST_F(MutatedTrace, AnotherEndIsFoundAtItsLine) {
  replace(10, "\"term\"", ":0", ":1");
  replace(11, "\"k\"", "\"step\"", "\"error\"");  // no step may follow the end
  for (std::size_t n = 12; n <= 62; ++n) lines_[n - 1].clear();
  expect_mismatch(10, "terminated", "1");
}

TEST_F(MutatedTrace, AnotherMaskIsFoundAtItsLine) {
  replace(3, "\"avail\"", "[[1", "[[0");
  expect_mismatch(3, "avail[0][0]", "0");
}

TEST_F(MutatedTrace, AnotherObservationIsFoundAtItsLine) {
  replace(10, "\"obs\"", ",0,", ",0.5,");
  const env::TraceReport report = env::check_trace(write());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.first->line, 10);
  EXPECT_TRUE(report.first->field.starts_with("obs[0][")) << describe(report);
  EXPECT_EQ(report.n_mismatches, 2) << "once in each mode";
}

TEST_F(MutatedTrace, AnotherPositionOfPreyIsFoundAtItsLine) {
  const std::string& line = lines_.at(9);
  const std::size_t at = line.find("\"prey\":[[") + 9;
  const std::string before = line.substr(at, 1);
  replace(10, "\"prey\":[[", before, before == "0" ? "3" : "0");
  expect_mismatch(10, "s.prey[0]", before == "0" ? "3" : "0");
}

TEST_F(MutatedTrace, AnotherOutcomeOfChanceIsFoundAtItsLine) {
  replace(10, "\"choice\":[[", "[[", "[[1,0],[");
  EXPECT_EQ(refusal(), ":10: u.choice: longer than the moves in u.prey_move");
}

TEST_F(MutatedTrace, AnotherActionIsFoundAtItsLine) {
  replace(3, "\"a\"", "[2,0,0,2]", "[4,0,0,2]");  // agent 0 moved left, and would have stayed
  const env::TraceReport report = env::check_trace(write());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.first->line, 3) << describe(report);
}

TEST_F(MutatedTrace, AnUnavailableActionIsAMismatchAndNoCrash) {
  replace(3, "\"a\"", "[2,", "[0,");  // agent 0 stands at the right edge
  expect_mismatch(3, "a[0]", "action 0");
}

TEST_F(MutatedTrace, BadFilesAreRefusedWithFileAndLine) {
  const auto original = lines_;
  const auto refused = [&](std::size_t n, const std::string& line) {
    lines_ = original;
    lines_.at(n - 1) = line;
    return refusal();
  };
  EXPECT_EQ(refused(4, "{\"k\":"), ":4: not JSON at byte 6");
  EXPECT_EQ(refused(4, "[1]"), ":4: expected a JSON object, found another value");
  EXPECT_EQ(refused(4, "{\"k\":\"step\",\"a\":1e999}"), ":4: a number that no double holds");
  EXPECT_EQ(refused(4, std::string(1000, '[')), ":4: nested deeper than a recording");
  EXPECT_EQ(refused(4, "{\"k\":\"step\"}"), ":4: the key a is missing");
  EXPECT_EQ(refused(4, "{\"k\":\"walk\"}"), ":4: k: expected reset, step or error");
  EXPECT_EQ(refused(4, "{\"k\":\"step\",\"a\":[0,0,0]}"), ":4: a: expected a list of 4 integers");
  EXPECT_EQ(refused(4, "{\"k\":\"step\",\"a\":[0,0,0,6]}"), ":4: a: expected an integer in [0, 5]");
  EXPECT_EQ(refused(2, original[2]), ":2: a step outside an episode");
  EXPECT_EQ(refused(1, original[1]), ":1: expected the header first");
  EXPECT_EQ(refused(4, std::string((4 << 20) + 2, ' ')), ":4: a line longer than 4 MiB");
}

TEST_F(MutatedTrace, AnUnknownEnvironmentOrConfigurationIsBadInput) {
  replace(1, "\"env\"", "\"staghunt\"", "\"smax\"");
  EXPECT_TRUE(refusal().starts_with(
      ":1: env \"smax\": no recording of this environment can be checked; known: matrix "))
      << refusal();
  EXPECT_EQ(test::error_of([&] { env::check_trace(write()); }).exit_code(), ExitCode::kBadInput);

  lines_ = lines_of(source_);
  replace(1, "\"obs\"", "75", "80");
  EXPECT_EQ(refusal(), ":1: obs = 80: expected 75 for this config");

  lines_ = lines_of(source_);
  replace(1, "\"random_ghosts\"", "false", "true");
  const std::string path = write();
  const std::string text = error_text([&] { env::check_trace(path); });
  EXPECT_NE(text.find("env_args.random_ghosts = True (" + path + ":1): must be False"),
            std::string::npos)
      << text;
}

TEST_F(MutatedTrace, AMissingEmptyOrCutFileIsRefused) {
  const std::string absent = folder_ / "absent.jsonl";
  EXPECT_EQ(error_text([&] { env::check_trace(absent); }),
            absent + ": cannot be opened: No such file or directory");
  lines_.clear();
  EXPECT_EQ(refusal(), ": empty, expected a recording");

  std::ifstream whole(source_, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(whole)), std::istreambuf_iterator<char>());
  const std::string cut = folder_ / "cut.jsonl.gz";
  std::ofstream(cut, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  EXPECT_NE(error_text([&] { env::check_trace(cut); }).find("damaged or not readable after"),
            std::string::npos);
}

TEST_F(MutatedTrace, AnEpisodeThatTheReferenceAbandonedIsCounted) {
  lines_[9] = R"({"k":"error","what":"IndexError"})";
  for (std::size_t n = 11; n <= 62; ++n) lines_[n - 1].clear();
  const env::TraceReport report = env::check_trace(write());
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_EQ(report.n_abandoned, 1);
}

TEST_F(MutatedTrace, RandomDamageIsAMismatchOrAnErrorAndNeverACrash) {
  const Damage damage = random_damage(40);
  EXPECT_GT(damage.n_mismatches, 20);
  EXPECT_GT(damage.n_errors, 20);
}

}  // namespace
}  // namespace qtot
