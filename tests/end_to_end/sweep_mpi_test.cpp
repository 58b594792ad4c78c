// A sweep as one job of several ranks, started by mpirun.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "end_to_end/golden_run.h"
#include "end_to_end/small_sweep.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const ProcessOptions kMpi{.program = "mpirun"};

std::vector<std::string> on_ranks(int n_ranks, const Sweep& sweep) {
  std::vector<std::string> words = {"--allow-run-as-root", "--oversubscribe", "-n",
                                    std::to_string(n_ranks), QTOT_PROGRAM};
  const std::vector<std::string> more = sweep.arguments();
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Sweep eight_runs(const fs::path& folder, int t_max) {
  return {.folder = folder, .t_max = t_max, .seeds = "1-4", .n_jobs = 1};
}

std::size_t n_learning_in(const fs::path& folder) {
  std::size_t n = 0;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    n += entry.is_directory() && progress_of(entry.path()) > 0 ? 1 : 0;
  }
  return n;
}

// The figures and curves: whatever a report says.
std::string report_of(const Sweep& sweep) {
  const fs::path csv = sweep.folder / "curves.csv";
  const ProcessResult result = report(sweep.folder, {"--csv", csv});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.out + content(csv);
}

TEST(SweepOnRanks, MakesTheRunsOfOneProcess) {
  const TempFolder temp;
  const Sweep alone = eight_runs(temp / "alone", 300);
  ASSERT_EQ(run_qtot(alone.arguments()).exit_code, 0);
  const Sweep job = eight_runs(temp / "job", 300);
  const ProcessResult result = run_qtot(on_ranks(3, job), kMpi);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("8 finished, 0 failed of 8"));
  EXPECT_THAT(result.err, HasSubstr("(3 running, 0 finished, 0 failed of 8)"));
  const json report = json::parse(result.out);
  EXPECT_EQ(report.at("runs").size(), 8U);
  EXPECT_EQ(report_of(job), report_of(alone));
  for (const json& run : report.at("runs")) {
    EXPECT_EQ(fingerprint_of(run.at("run").get<std::string>()),
              fingerprint_of(alone.folder / run.at("name").get<std::string>()));
  }
}

// First every process of the job, then mpirun alone, whose ranks stop themselves.
TEST(SweepOnRanks, KilledTwiceItEndsInTheReportOfAnUndisturbedOne) {
  const TempFolder temp;
  const Sweep whole = eight_runs(temp / "whole", 600);
  ASSERT_EQ(run_qtot(whole.arguments()).exit_code, 0);
  const std::uintmax_t all = progress_of(whole.folder);

  Sweep killed = eight_runs(temp / "killed", 600);
  killed.more = {"save_model=True", "save_model_interval=100"};
  for (const std::uintmax_t share : {std::uintmax_t{10}, std::uintmax_t{2}}) {
    Process process(on_ranks(3, killed), kMpi);
    ASSERT_TRUE(process.wait_until([&] { return progress_of(killed.folder) >= all / share; }));
    const std::vector<pid_t> ranks = process.children();
    EXPECT_EQ(ranks.size(), 3U);
    process.send(SIGKILL);
    if (share == 10) {
      for (const pid_t rank : ranks) ::kill(rank, SIGKILL);
    }
    EXPECT_EQ(process.wait().signal, SIGKILL);
  }
  const ProcessResult last = run_qtot(on_ranks(3, killed), kMpi);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_THAT(last.err, HasSubstr("8 finished, 0 failed of 8"));
  EXPECT_EQ(report_of(killed), report_of(whole));
}

// srun tells every rank; whoever is told first tells the others.
TEST(SweepOnRanks, ARankThatIsToldToStopStopsAllAndTheRunsSave) {
  for (const std::size_t told : {0U, 2U}) {
    const TempFolder temp;
    const Sweep sweep = eight_runs(temp / "s", 2000000000);
    Process process(on_ranks(3, sweep), kMpi);
    ASSERT_TRUE(process.wait_until([&] { return n_learning_in(sweep.folder) == 3; }));
    const std::vector<pid_t> ranks = process.children();
    ASSERT_EQ(ranks.size(), 3U);
    ::kill(ranks[told], SIGTERM);
    ::kill(ranks[told], SIGTERM);  // batch systems do that
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.exit_code, 75) << result.err;
    const json runs = json::parse(result.out).at("runs");
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(runs[i].at("state"), i < 3 ? "stopped" : "waiting");
    }
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(checkpoints_of(runs[i].at("run").get<std::string>()).size(), 1U);
    }
  }
}

// It hands SIGUSR1 on, and SIGTERM with a second before it kills; then its exit code is its own.
TEST(SweepOnRanks, MpirunThatIsToldToStopHandsItOn) {
  const TempFolder temp;
  const Sweep sweep = eight_runs(temp / "s", 2000000000);
  Process process(on_ranks(2, sweep), kMpi);
  ASSERT_TRUE(process.wait_until([&] { return n_learning_in(sweep.folder) == 2; }));
  process.send(SIGUSR1);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 75) << result.err;
  EXPECT_EQ(checkpoints_of(sweep.folder / "two_step-qmix-seed=1").size(), 1U);
  EXPECT_EQ(checkpoints_of(sweep.folder / "two_step-qmix-seed=2").size(), 1U);
}

// Orphans that went on would hold the locks until their runs are finished, some seconds later.
TEST(SweepOnRanks, RanksWhoseMpirunIsKilledStopTheirRunsWhichSave) {
  const TempFolder temp;
  const Sweep sweep = eight_runs(temp / "s", 40000);
  Process process(on_ranks(2, sweep), kMpi);
  ASSERT_TRUE(process.wait_until([&] { return n_learning_in(sweep.folder) == 2; }));
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL);
  EXPECT_TRUE(nobody_works_in(sweep.folder));
  for (const char* name : {"two_step-qmix-seed=1", "two_step-qmix-seed=2"}) {
    EXPECT_TRUE(nobody_works_in(sweep.folder / name));
    EXPECT_EQ(checkpoints_of(sweep.folder / name).size(), 1U);
    EXPECT_FALSE(fs::exists(sweep.folder / name / "summary.json"));
  }
}

TEST(SweepOnRanks, ARunThatFailsIsReportedAndTheOthersGoOn) {
  const TempFolder temp;
  const Sweep sweep = eight_runs(temp / "s", 300);
  const fs::path run = sweep.folder / "two_step-qmix-seed=2";  // rank 1 takes it
  fs::create_directories(run);
  overwrite(run / "checkpoints", "in the way");
  const ProcessResult result = run_qtot(on_ranks(3, sweep), kMpi);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("failed    two_step-qmix-seed=2: exit code"));
  EXPECT_THAT(result.err, HasSubstr("1 of 8 runs failed"));
  const json runs = json::parse(result.out).at("runs");
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(runs[i].at("state"), i == 1 ? "failed" : "finished");
  }
}

TEST(SweepOnRanks, WhatIsWrongIsSaidOnceAndNothingHangs) {
  const TempFolder temp;
  Sweep sweep = eight_runs(temp / "s", 300);
  sweep.more = {"lr=fast"};
  const ProcessResult result = run_qtot(on_ranks(3, sweep), kMpi);
  EXPECT_EQ(result.exit_code, 2);
  const std::string sentence = "qtot: lr = \"fast\"";
  const auto found = result.err.find(sentence);
  ASSERT_NE(found, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find(sentence, found + 1), std::string::npos) << result.err;
  EXPECT_FALSE(fs::exists(sweep.folder));
}

}  // namespace
}  // namespace qtot::test
