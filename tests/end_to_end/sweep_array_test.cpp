// A sweep in parts, as an array of Slurm jobs, and what stays of its runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "end_to_end/golden_run.h"
#include "end_to_end/small_sweep.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::set<std::string> runs_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) names.insert(entry.path().filename().string());
  }
  return names;
}

int count_of(const std::string& part, const std::string& text) {
  int n = 0;
  for (auto found = text.find(part); found != std::string::npos;
       found = text.find(part, found + 1)) {
    ++n;
  }
  return n;
}

std::vector<std::string> with_options(const Sweep& sweep, const std::vector<std::string>& options) {
  std::vector<std::string> words = sweep.arguments();
  words.insert(words.begin() + 1, options.begin(), options.end());
  return words;
}

TEST(SweepParts, TogetherTheyAreTheSweep) {
  const TempFolder temp;
  const Sweep whole{.folder = temp / "whole", .seeds = "1-3"};
  ASSERT_EQ(run_qtot(whole.arguments()).exit_code, 0);
  const Sweep parts{.folder = temp / "parts", .seeds = "1-3"};
  Process first(with_options(parts, {"--part", "1/4"}));  // three of them at once
  Process second(with_options(parts, {"--part", "2/4"}));
  Process third(with_options(parts, {"--part", "3/4"}));
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_EQ(second.wait().exit_code, 0);
  EXPECT_EQ(third.wait().exit_code, 0);
  EXPECT_EQ(runs_in(parts.folder).size(), 5U);
  EXPECT_FALSE(runs_in(parts.folder).contains("two_step-vdn-seed=1"));
  EXPECT_EQ(run_qtot(with_options(parts, {"--part", "4/4"})).exit_code, 0);
  EXPECT_EQ(report(parts.folder).out, report(whole.folder).out);
}

TEST(SweepParts, WhatIsNoPartIsOneSentence) {
  const TempFolder temp;
  const Sweep sweep{.folder = temp / "s"};
  for (const char* part : {"0/4", "5/4", "1", "1/", "/4", "1/4/4", "-1/4", "1/20000", "a/b"}) {
    const ProcessResult result = run_qtot(with_options(sweep, {std::string("--part=") + part}));
    EXPECT_EQ(result.exit_code, 2) << part;
    EXPECT_THAT(result.err, HasSubstr("expected I/N like 2/8")) << part;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  }
  const ProcessResult both = run_qtot(with_options(sweep, {"--part=1/4", "--sbatch"}));
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(both.out, "");
  EXPECT_FALSE(fs::exists(sweep.folder));
}

// Two processes with the same part: the second waits, and then there is nothing left.
TEST(SweepParts, ARunIsTrainedOnceAtATime) {
  const TempFolder temp;
  const Sweep sweep{.folder = temp / "s", .t_max = 2000};
  const std::vector<std::string> words = with_options(sweep, {"--part=1/4", "--keep=none"});
  Process first(words);
  ASSERT_TRUE(first.wait_until([&] { return progress_of(sweep.folder) > 0; }));
  Process second(words);
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_EQ(second.wait().exit_code, 0);
  const std::string log = content(sweep.folder / "two_step-qmix-seed=1" / "log.txt");
  EXPECT_EQ(count_of("\nfingerprint ", log) - count_of("\nalready finished", log), 1) << log;
}

// Also of a qtot that was built without MPI.
TEST(SweepLaunch, RanksThatCannotFindEachOtherAreOneSentence) {
  const TempFolder temp;
  const Sweep sweep{.folder = temp / "s"};
  const std::vector<std::vector<std::string>> environments = {
      {"OMPI_COMM_WORLD_SIZE=2"}, {"SLURM_STEP_NUM_TASKS=2", "SLURM_NTASKS=2"}};
  for (const std::vector<std::string>& environment : environments) {
    const ProcessResult result = run_qtot(sweep.arguments(), {.environment = environment});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("expected"));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  }
  EXPECT_FALSE(fs::exists(sweep.folder));
  // the script of a Slurm job for many tasks is one process
  const std::vector<std::string> of_script = {"SLURM_JOB_ID=7", "SLURM_NTASKS=8", "SLURM_PROCID=0"};
  EXPECT_EQ(run_qtot(sweep.arguments(), {.environment = of_script}).exit_code, 0);
}

class SweepArray : public testing::Test {
 protected:
  // What --sbatch prints for the sweep, in a file.
  fs::path script_of(const Sweep& sweep, const std::vector<std::string>& options = {"--sbatch"}) {
    const ProcessResult printed = run_qtot(with_options(sweep, options));
    EXPECT_EQ(printed.exit_code, 0) << printed.err;
    EXPECT_FALSE(fs::exists(sweep.folder));
    overwrite(temp_ / "array.sh", printed.out);
    return temp_ / "array.sh";
  }

  // As Slurm would start task 2 of array 70, with commands of Slurm that note what they are told.
  static ProcessOptions task(const std::vector<std::string>& more = {}) {
    ProcessOptions options{
        .program = "bash",
        .environment = {"SLURM_JOB_ID=72", "SLURM_ARRAY_JOB_ID=70", "SLURM_ARRAY_TASK_ID=2"}};
    options.environment.insert(options.environment.end(), more.begin(), more.end());
    return options;
  }

  std::string path_with(const std::string& state) {
    const fs::path bin = temp_ / "bin";
    fs::create_directories(bin);
    overwrite(bin / "squeue", "#!/bin/sh\necho " + state + "\n");
    overwrite(bin / "scontrol", "#!/bin/sh\necho \"$@\" >> '" + (temp_ / "told").string() + "'\n");
    for (const char* name : {"squeue", "scontrol"}) {
      fs::permissions(bin / name, fs::perms::owner_all);
    }
    return "PATH=" + bin.string() + ":" + std::getenv("PATH");
  }

  TempFolder temp_;
};

TEST_F(SweepArray, ATaskTrainsItsRunWhateverTheValuesHold) {
  const Sweep sweep{.folder = temp_ / "a 'folder' $x",
                    .more = {"local_results_path=\"" + std::string("it's $HOME `x` *; #") + "\""}};
  const fs::path script = script_of(sweep);
  EXPECT_THAT(content(script), HasSubstr("\n#SBATCH --array=1-4%2\n"));
  EXPECT_THAT(content(script), HasSubstr("\n#SBATCH --requeue\n"));
  ASSERT_EQ(run_qtot({"-n", script}, {.program = "bash"}).exit_code, 0);
  const ProcessResult result = run_qtot({script}, task());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(runs_in(sweep.folder), ElementsAre("two_step-qmix-seed=2"));
  const fs::path run = sweep.folder / "two_step-qmix-seed=2";
  EXPECT_TRUE(fs::exists(run / "summary.json"));
  EXPECT_THAT(content(run / "config.yaml"), HasSubstr("it's $HOME `x` *; #"));

  const auto before = files_with_times(run);
  EXPECT_EQ(run_qtot({script}, task()).exit_code, 0);
  EXPECT_EQ(files_with_times(run), before);
}

TEST_F(SweepArray, ATaskThatHasToMakeWaySavesAndQueuesItselfAgain) {
  const Sweep sweep{.folder = temp_ / "s", .t_max = 2000000000};
  Process process({script_of(sweep)}, task({path_with("RUNNING")}));
  ASSERT_TRUE(process.wait_until([&] { return progress_of(sweep.folder) > 0; }));
  process.send(SIGTERM);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 75) << result.err;
  EXPECT_EQ(content(temp_ / "told"), "requeue 70_2\n");
  EXPECT_EQ(checkpoints_of(sweep.folder / "two_step-qmix-seed=2").size(), 1U);
}

TEST_F(SweepArray, ATaskThatIsCancelledSavesAndStaysAway) {
  const Sweep sweep{.folder = temp_ / "s", .t_max = 2000000000};
  Process process({script_of(sweep)}, task({path_with("COMPLETING")}));
  ASSERT_TRUE(process.wait_until([&] { return progress_of(sweep.folder) > 0; }));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 75);
  EXPECT_FALSE(fs::exists(temp_ / "told"));
  EXPECT_EQ(checkpoints_of(sweep.folder / "two_step-qmix-seed=2").size(), 1U);
}

TEST_F(SweepArray, ATaskThatFailsSaysSo) {
  const Sweep sweep{.folder = temp_ / "s"};
  const fs::path script = script_of(sweep);
  fs::create_directories(sweep.folder / "two_step-qmix-seed=2");
  overwrite(sweep.folder / "two_step-qmix-seed=2" / "checkpoints", "in the way");
  EXPECT_EQ(run_qtot({script}, task({path_with("RUNNING")})).exit_code, 1);
  EXPECT_FALSE(fs::exists(temp_ / "told"));
}

TEST(SweepKeep, OfFinishedRunsStayTheCheckpointsThatWereAskedForAndTheReport) {
  const TempFolder temp;
  const Sweep sweep{.folder = temp / "s", .more = {"save_model=True", "save_model_interval=100"}};
  ASSERT_EQ(run_qtot(sweep.arguments()).exit_code, 0);
  const fs::path run = sweep.folder / "two_step-qmix-seed=1";
  const std::string fingerprint = fingerprint_of(run);
  const std::string expected = report(sweep.folder).out;
  EXPECT_GT(checkpoints_of(run).size(), 2U);

  const ProcessResult with_final = run_qtot(with_options(sweep, {"--keep", "final"}));
  EXPECT_THAT(with_final.err, HasSubstr("4 runs, of which 4 were finished before"));
  EXPECT_EQ(checkpoints_of(run).size(), 1U);
  EXPECT_EQ(fingerprint_of(run), fingerprint);

  for (int i = 0; i < 2; ++i) {  // also of runs that have none any more
    const ProcessResult with_none = run_qtot(with_options(sweep, {"--keep", "none"}));
    EXPECT_EQ(with_none.exit_code, 0) << with_none.err;
    EXPECT_THAT(with_none.err, HasSubstr("4 runs, of which 4 were finished before"));
    EXPECT_FALSE(fs::exists(run / "checkpoints"));
    EXPECT_EQ(report(sweep.folder).out, expected);
  }
}

// Trained again it would take as long as before, for a folder that is complete.
TEST(SweepKeep, AFinishedRunWithoutCheckpointsIsNotBegunAnew) {
  const TempFolder temp;
  const GoldenRun run{.folder = temp / "run", .t_max = 400};
  train(run);
  fs::remove_all(run.folder / "checkpoints");
  const auto before = files_with_times(run.folder);
  GoldenRun again = run;
  again.resume = true;
  EXPECT_THAT(train(again).err, HasSubstr("its checkpoints were removed"));
  again.more = {"gamma=0.5"};
  const ProcessResult other = run_qtot(again.arguments());
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("expected gamma = 0.5"));
  EXPECT_EQ(files_with_times(run.folder), before);
}

}  // namespace
}  // namespace qtot::test
