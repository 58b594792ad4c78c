// One run on several ranks, started by mpirun as users start it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "end_to_end/golden_run.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

using Words = std::vector<std::string>;

const ProcessOptions kMpi{.program = "mpirun"};

// The part of mpirun's command line that starts `n_ranks` of qtot.
Words on_ranks(int n_ranks, const Words& arguments) {
  Words words = {"-n", std::to_string(n_ranks), QTOT_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Words mpirun(const std::vector<Words>& parts) {
  Words words = {"--allow-run-as-root", "--oversubscribe", "--bind-to", "none"};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) words.emplace_back(":");
    words.insert(words.end(), parts[i].begin(), parts[i].end());
  }
  return words;
}

ProcessResult run_on_ranks(int n_ranks, const Words& arguments) {
  return run_qtot(mpirun({on_ranks(n_ranks, arguments)}), kMpi);
}

GoldenRun run_in(const fs::path& folder, int t_max = 600) {
  return {.folder = folder, .t_max = t_max, .pipeline = 1, .n_threads = 1};
}

std::size_t n_times(const std::string& sentence, const std::string& text) {
  std::size_t n = 0;
  for (auto at = text.find(sentence); at != std::string::npos; at = text.find(sentence, at + 1)) {
    ++n;
  }
  return n;
}

void expect_once(const std::string& sentence, const ProcessResult& result) {
  EXPECT_EQ(n_times(sentence, result.err), 1U) << result.err;
}

// ---- stopped and resumed

struct Stop {
  std::string name;
  int signal = 0;
  std::optional<std::size_t> rank = {};  // which is told; or mpirun, which hands the signal on
  int n_ranks = 0;
  int n_resuming = 0;
};

class StoppedOnRanks : public testing::TestWithParam<Stop> {};

TEST_P(StoppedOnRanks, ItSavesAndGoesOnElsewhereToTheBitsOfTheUndisturbedRun) {
  constexpr int kSteps = 30000;  // half a second of one process; told to stop near its beginning
  const Stop& stop = GetParam();
  const TempFolder temp;
  train(run_in(temp / "whole", kSteps));
  GoldenRun run = run_in(temp / "stopped", kSteps);
  Process process(mpirun({on_ranks(stop.n_ranks, run.arguments())}), kMpi);
  std::error_code missing;
  ASSERT_TRUE(process.wait_until([&] {
    const auto size = fs::file_size(run.folder / "digests.jsonl", missing);
    return !missing && size > 4000;
  }));
  const std::vector<pid_t> ranks = process.children();
  ASSERT_EQ(ranks.size(), static_cast<std::size_t>(stop.n_ranks));
  stop.rank ? static_cast<void>(::kill(ranks[*stop.rank], stop.signal)) : process.send(stop.signal);
  const ProcessResult stopped = process.wait();
  ASSERT_EQ(stopped.exit_code, 75) << stopped.err;
  expect_once("qtot: stopped; the same command with --resume", stopped);
  EXPECT_FALSE(fs::exists(run.folder / "summary.json"));
  EXPECT_EQ(checkpoints_of(run.folder).size(), 1U);
  EXPECT_EQ(fingerprint_in(stopped.out), fingerprint_of(run.folder));

  run.resume = true;
  const ProcessResult resumed = run_on_ranks(stop.n_resuming, run.arguments());
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(fingerprint_of(run.folder), fingerprint_of(temp / "whole"));
  for (const char* name : {"config.yaml", "metrics.jsonl", "metrics.csv", "digests.jsonl"}) {
    EXPECT_EQ(content(run.folder / name), content(temp / "whole" / name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    By, StoppedOnRanks,
    testing::Values(
        Stop{.name = "Mpirun", .signal = SIGUSR1, .n_ranks = 2, .n_resuming = 3},
        Stop{.name = "AnotherRank", .signal = SIGTERM, .rank = 2, .n_ranks = 3, .n_resuming = 2},
        Stop{.name = "TheFirstRank", .signal = SIGTERM, .rank = 0, .n_ranks = 2, .n_resuming = 1}),
    [](const auto& test) { return test.param.name; });

TEST(OnRanks, AFinishedRunThatIsResumedStaysAsItIs) {
  const TempFolder temp;
  GoldenRun run = run_in(temp / "run");
  train(run);
  const auto before = files_with_times(run.folder);
  run.resume = true;
  const ProcessResult result = run_on_ranks(2, run.arguments());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(n_times("already finished; nothing was changed", result.out), 1U) << result.out;
  EXPECT_EQ(files_with_times(run.folder), before);
}

// ---- what is wrong

TEST(OnRanks, AnExistingFolderIsLeftAloneAndSaidOnce) {
  const TempFolder temp;
  const GoldenRun run = run_in(temp / "run");
  train(run);
  const auto before = files_with_times(run.folder);
  const ProcessResult result = run_on_ranks(3, run.arguments());
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_EQ(result.out, "");
  expect_once("qtot: rank 0: run folder " + run.folder.string() + " exists: expected a new one",
              result);
  EXPECT_EQ(files_with_times(run.folder), before);
}

TEST(OnRanks, AWrongConfigurationIsSaidOnce) {
  const TempFolder temp;
  GoldenRun run = run_in(temp / "run");
  run.more = {"lr=fast"};
  const ProcessResult result = run_on_ranks(3, run.arguments());
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_EQ(result.out, "");
  expect_once("qtot: lr = \"fast\" (command line): expected a number, found text\n", result);
  EXPECT_FALSE(fs::exists(run.folder));
}

TEST(OnRanks, AConfigurationThatDiffersOrIsWrongOnOneIsNamedWithItsRank) {
  const std::vector<std::vector<std::string>> words = {
      {"lr=0.001", "configuration of rank 1: lr = 0.001, but rank 0 has 5e-04"},
      {"lr=fast",
       "configuration of rank 1: error = lr = \"fast\" (command line): expected a number"},
  };
  for (const std::vector<std::string>& word : words) {
    const TempFolder temp;
    const GoldenRun run = run_in(temp / "run");
    GoldenRun other = run;
    other.more = {word[0]};
    const ProcessResult result =
        run_qtot(mpirun({on_ranks(1, run.arguments()), on_ranks(1, other.arguments())}), kMpi);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(word[1]));
    EXPECT_FALSE(fs::exists(run.folder));
  }
}

TEST(OnRanks, AFolderThatCannotBeMadeOrIsFullEndsTheJobWithOneSentence) {
  const TempFolder temp;
  overwrite(temp / "file", "");
  const GoldenRun run = run_in(temp / "file" / "run");
  const ProcessResult result = run_on_ranks(2, run.arguments());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_EQ(result.out, "");
  expect_once("qtot: rank 0: cannot make the directory " + run.folder.string(), result);

  GoldenRun full = run_in(temp / "full");
  full.resume = true;
  fs::create_directory(full.folder);
  fs::create_symlink("/dev/full", full.folder / "digests.jsonl");
  const ProcessResult filled = run_on_ranks(2, full.arguments());
  EXPECT_EQ(filled.exit_code, 1) << filled.err;
  EXPECT_EQ(filled.out, "");
  expect_once("qtot: rank 0: cannot write " + (full.folder / "digests.jsonl").string() +
                  ": No space left on device",
              filled);
}

// ---- what is printed

TEST(OnRanks, JsonIsOneDocument) {
  const TempFolder temp;
  Words words = run_in(temp / "run").arguments();
  words.insert(words.begin() + 1, "--json");
  const ProcessResult result = run_on_ranks(3, words);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report.at("fingerprint"), fingerprint_of(temp / "run"));
  EXPECT_EQ(report.at("run"), (temp / "run").string());
}

TEST(OnRanks, TheBenchmarkOfTheLearnerIsOneReport) {
  const ProcessResult result = run_on_ranks(
      2, {"bench", "learner", "--shape", "2,3,4,5,6", "--batch", "4", "--updates", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(n_times("2 ranks", result.out), 1U) << result.out;
}

TEST(OnRanks, TheBenchmarkOfTrainingSaysWhatTheFirstRankWaitsFor) {
  const Words words = {"bench",  "train", "--config=qmix", "--env-config=two_step", "--rounds", "3",
                       "--json", "with",  "batch_size=4",  "buffer_size=8"};
  const ProcessResult result = run_on_ranks(2, words);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report.at("ranks"), 2);
  for (const char* channel : {"outlines", "episodes", "gradients"}) {
    EXPECT_GE(report.at("waiting_for_ranks").at(channel).at("of_wall").get<double>(), 0) << channel;
  }
}

// A verb that trains nothing joins no job: each process does the same.
TEST(OnRanks, OtherVerbsDoTheirWorkInEachProcess) {
  const TempFolder temp;
  train(run_in(temp / "run"));
  const ProcessResult result = run_on_ranks(2, {"digest", (temp / "run").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(n_times("fingerprint " + fingerprint_of(temp / "run") + "\n", result.out), 2U)
      << result.out;
}

}  // namespace
}  // namespace qtot::test
