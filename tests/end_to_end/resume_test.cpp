// D5: a run that is stopped or killed at any instant ends, resumed, in the bits of the uninterrupted
// run; what it has logged is the same byte for byte.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "end_to_end/golden_run.h"
#include "qtot/math/philox.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::uintmax_t size_of(const fs::path& path) {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

void expect_same_runs(const fs::path& run, const fs::path& expected) {
  EXPECT_EQ(fingerprint_of(run), fingerprint_of(expected));
  for (const char* name : {"config.yaml", "metrics.jsonl", "metrics.csv", "digests.jsonl"}) {
    EXPECT_EQ(content(run / name), content(expected / name)) << name;
  }
}

class Resume : public testing::TestWithParam<int> {
 protected:
  GoldenRun run_in(const fs::path& folder) const {
    return {.folder = folder,
            .pipeline = GetParam(),
            .more = {"save_model=True", "save_model_interval=150"}};
  }
  GoldenRun resumed_in(const fs::path& folder) const {
    GoldenRun run = run_in(folder);
    run.resume = true;
    return run;
  }
};

TEST_P(Resume, KilledAtTwentyInstantsEndsInTheBitsOfTheUninterruptedRun) {
  TempFolder temp;
  train(run_in(temp / "whole"));
  const std::uintmax_t whole = size_of(temp / "whole" / "digests.jsonl");

  // an instant is an amount of progress, in bytes of the record of digests
  constexpr std::size_t kKills = 20;
  std::vector<std::uint64_t> instants(kKills);
  math::sample_without_replacement({.seed = static_cast<std::uint64_t>(GetParam())}, whole,
                                   instants);
  std::size_t n_killed = 0;
  const GoldenRun run = resumed_in(temp / "killed");
  for (const std::uint64_t instant : instants) {
    Process process(run.arguments());
    process.wait_until([&] { return size_of(run.folder / "digests.jsonl") >= instant; });
    process.send(SIGKILL);
    if (process.wait().signal == SIGKILL) ++n_killed;
  }
  EXPECT_GE(n_killed, kKills - 1);  // the last instant may lie behind the end
  train(run);
  expect_same_runs(temp / "killed", temp / "whole");
}

TEST_P(Resume, SignalFinishesTheRoundSavesAndSaysHowToGoOn) {
  TempFolder temp;
  train(run_in(temp / "whole"));
  const GoldenRun run = run_in(temp / "stopped");
  Process process(run.arguments());
  ASSERT_TRUE(process.wait_until([&] { return size_of(run.folder / "digests.jsonl") > 4000; }));
  process.send(SIGINT);
  const ProcessResult stopped = process.wait();
  ASSERT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("--resume"));
  EXPECT_THAT(stopped.err, HasSubstr(run.folder.string()));
  EXPECT_FALSE(fs::exists(run.folder / "summary.json"));
  EXPECT_EQ(fingerprint_in(stopped.out), fingerprint_of(run.folder));

  train(resumed_in(temp / "stopped"));
  expect_same_runs(temp / "stopped", temp / "whole");
}

TEST_P(Resume, FallsBackToTheCheckpointBeforeADamagedOne) {
  TempFolder temp;
  train(run_in(temp / "whole"));
  const GoldenRun run = resumed_in(temp / "whole");
  const std::string fingerprint = fingerprint_of(run.folder);
  const std::string metrics = content(run.folder / "metrics.jsonl");
  const fs::path newest = checkpoints_of(run.folder).back();
  std::string bytes = content(newest);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  overwrite(newest, bytes);
  const ProcessResult result = train(run);
  EXPECT_THAT(result.err, HasSubstr(newest.string()));
  EXPECT_THAT(result.err, HasSubstr("damaged"));
  EXPECT_EQ(fingerprint_of(run.folder), fingerprint);
  EXPECT_EQ(content(run.folder / "metrics.jsonl"), metrics);
}

TEST_P(Resume, WhereNothingWasWrittenStartsFromTheBeginning) {
  TempFolder temp;
  train(run_in(temp / "whole"));
  fs::create_directory(temp / "empty");
  train(resumed_in(temp / "empty"));
  expect_same_runs(temp / "empty", temp / "whole");
  train(resumed_in(temp / "absent"));
  expect_same_runs(temp / "absent", temp / "whole");
}

TEST_P(Resume, OfAFinishedRunChangesNothing) {
  TempFolder temp;
  train(run_in(temp / "run"));
  const auto before = files_with_times(temp / "run");
  const ProcessResult result = train(resumed_in(temp / "run"));
  EXPECT_EQ(fingerprint_in(result.out), fingerprint_of(temp / "run"));
  EXPECT_EQ(files_with_times(temp / "run"), before);
}

TEST_P(Resume, ThreadsAndReportingMayDiffer) {
  TempFolder temp;
  train(run_in(temp / "whole"));
  GoldenRun run = run_in(temp / "stopped");
  Process process(run.arguments());
  ASSERT_TRUE(process.wait_until([&] { return size_of(run.folder / "digests.jsonl") > 4000; }));
  process.send(SIGTERM);
  ASSERT_EQ(process.wait().exit_code, 75);
  run.resume = true;
  run.n_threads = 3;
  run.more = {"save_model=False",     "test_interval=123", "test_nepisode=2",
              "use_tensorboard=True", "digest_interval=2", "learner_log_interval=9"};
  train(run);
  EXPECT_EQ(fingerprint_of(run.folder), fingerprint_of(temp / "whole"));
}

INSTANTIATE_TEST_SUITE_P(Pipeline, Resume, testing::Values(0, 1));

}  // namespace
}  // namespace qtot::test
