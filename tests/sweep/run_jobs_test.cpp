#include "qtot/sweep/run_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support/temp_folder.h"
#include "sweep/content.h"

namespace qtot::sweep {
namespace {

using test::content;
using test::TempFolder;
using testing::ElementsAre;

Command shell(const TempFolder& temp, const std::string& script) {
  return {.program = "/bin/sh", .arguments = {"sh", "-c", script}, .log = temp / "log.txt"};
}

void ignore(std::size_t, const JobResult&, const JobCounts&) {}

std::vector<Outcome> outcomes(const JobReport& report) {
  std::vector<Outcome> result;
  for (const JobResult& job : report.results) result.push_back(job.outcome);
  return result;
}

TEST(RunJobsTest, AJobThatFailsStopsNoOther) {
  const TempFolder temp;
  const JobReport report =
      run_jobs({shell(temp, "exit 0"), shell(temp, "exit 3"), shell(temp, "kill -SEGV $$"),
                shell(temp, "exit 75"), shell(temp, "exit 0")},
               2, &ignore);
  EXPECT_THAT(outcomes(report), ElementsAre(Outcome::kFinished, Outcome::kFailed, Outcome::kFailed,
                                            Outcome::kStopped, Outcome::kFinished));
  EXPECT_EQ(report.results[1].ending.exit_code, 3);
  EXPECT_EQ(report.results[2].ending.signal, SIGSEGV);
  EXPECT_FALSE(report.was_stopped);
}

TEST(RunJobsTest, NoMoreRunAtOnceThanAllowedAndAsManyAsAllowed) {
  const TempFolder temp;
  const std::vector<Command> jobs(7, shell(temp, "exit 0"));
  for (const std::size_t n_at_once : {std::size_t{1}, std::size_t{3}, std::size_t{20}}) {
    std::size_t most = 0;
    const JobReport report =
        run_jobs(jobs, n_at_once, [&](std::size_t, const JobResult&, const JobCounts& counts) {
          most = std::max(most, counts.running);
        });
    EXPECT_EQ(most, std::min<std::size_t>(n_at_once, 7));
    EXPECT_EQ(std::ranges::count(outcomes(report), Outcome::kFinished), 7);
  }
}

TEST(RunJobsTest, OutputGoesBehindWhatTheLogHolds) {
  const TempFolder temp;
  run_jobs({shell(temp, "echo one")}, 1, &ignore);
  run_jobs({shell(temp, "echo two >&2")}, 1, &ignore);
  EXPECT_EQ(content(temp / "log.txt"), "one\ntwo\n");
}

TEST(RunJobsTest, AProgramThatIsNotThereFails) {
  const TempFolder temp;
  const JobReport report = run_jobs(
      {{.program = "/nowhere", .arguments = {"nowhere"}, .log = temp / "log.txt"}}, 1, &ignore);
  EXPECT_EQ(report.results[0].ending.exit_code, 127);
}

// The first job tells this process to stop; it and the second wait for the signal that is handed on.
TEST(RunJobsTest, ASignalIsHandedOnAndNothingMoreIsStarted) {
  const TempFolder temp;
  const JobReport report =
      run_jobs({shell(temp, "trap 'exit 75' TERM; kill -INT $PPID; while :; do :; done"),
                shell(temp, "while :; do :; done"), shell(temp, "exit 0")},
               2, &ignore);
  EXPECT_TRUE(report.was_stopped);
  EXPECT_THAT(outcomes(report),
              ElementsAre(Outcome::kStopped, Outcome::kStopped, Outcome::kWaiting));
}

// Each would find what the other has made.
TEST(RunJobsTest, JobsWithOneLockRunOneAfterTheOther) {
  const TempFolder temp;
  const std::string folder = (temp / "made").string();
  Command job = shell(temp, "mkdir " + folder + " && ls / > /dev/null && rmdir " + folder);
  job.lock = temp / "lock";
  const JobReport report = run_jobs(std::vector<Command>(12, job), 4, &ignore);
  EXPECT_EQ(std::ranges::count(outcomes(report), Outcome::kFinished), 12) << content(job.log);
  EXPECT_THAT(content(job.log), testing::HasSubstr("another process trains this run"));
}

TEST(RunJobsTest, AJobFindsNoLauncherInItsEnvironment) {
  const TempFolder temp;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "SLURM_NTASKS",
                           "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_JOB_ID"}) {
    ::setenv(name, "here", 1);
  }
  run_jobs({shell(temp, "env")}, 1, &ignore);
  const std::string environment = content(temp / "log.txt");
  EXPECT_THAT(environment, testing::HasSubstr("SLURM_JOB_ID=here\n"));
  EXPECT_THAT(environment, testing::HasSubstr("PATH="));
  EXPECT_EQ(environment.find("=here"), environment.find("SLURM_JOB_ID=here") + 12) << environment;
  EXPECT_EQ(environment.find("=here"), environment.rfind("=here")) << environment;
}

}  // namespace
}  // namespace qtot::sweep
