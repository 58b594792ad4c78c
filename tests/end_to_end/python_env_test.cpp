// Runs whose environment is in Python: the bits of the native one, on any number of threads, resumed, too; an error
// ends the run and leaves a checkpoint; nothing outlives it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "end_to_end/golden_run.h"
#include "qtot/base/deadline.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Words = std::vector<std::string>;

const std::string kExamples = std::string(QTOT_SOURCE_DIR) + "/python/examples/";
const fs::path kMisbehaving = fs::path(QTOT_TEST_DATA_DIR) / "python_envs/misbehaving.py";

struct PythonRun {
  fs::path folder;
  std::string entry;  // "": the native two-step game
  int n_threads = 2;
  int pipeline = 0;
  bool resume = false;
  Words more = {};

  Words arguments() const {
    Words words = {"train",         "--config=qmix", "--env-config=two_step",  "--out",
                   folder.string(), "--threads",     std::to_string(n_threads)};
    if (resume) words.push_back("--resume");
    if (!entry.empty()) {
      const Words python = {"env=python", "env_args.entry=" + entry,
                            "env_args.python=" QTOT_TEST_PYTHON};
      words.insert(words.end(), python.begin(), python.end());
    }
    const Words keys = {"t_max=1500",
                        "batch_size_run=4",
                        "batch_size=8",
                        "buffer_size=16",
                        "rnn_hidden_dim=12",
                        "mixing_embed_dim=8",
                        "hypernet_embed=8",
                        "epsilon_anneal_time=500",
                        "test_interval=700",
                        "test_nepisode=3",
                        "digest_interval=1",
                        "save_model=True",
                        "save_model_interval=100",
                        "pipeline=" + std::to_string(pipeline)};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

std::string fingerprint_after(const PythonRun& run) {
  const ProcessResult result = run_qtot(run.arguments());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return fingerprint_of(run.folder);
}

TEST(PythonEnvRun, EndsInTheBitsOfTheNativeEnvironment) {
  TempFolder temp;
  for (const int pipeline : {0, 1}) {
    const std::string name = std::to_string(pipeline);
    const std::string native =
        fingerprint_after({.folder = temp / ("native" + name), .entry = "", .pipeline = pipeline});
    for (const int n_threads : {1, 4}) {
      EXPECT_EQ(fingerprint_after({.folder = temp / (name + "_" + std::to_string(n_threads)),
                                   .entry = kExamples + "two_step.py:TwoStep",
                                   .n_threads = n_threads,
                                   .pipeline = pipeline}),
                native);
    }
  }
}

class PythonEnvRunOf : public testing::TestWithParam<std::string> {};

TEST_P(PythonEnvRunOf, ThreadsAndAStopShowInNoBit) {
  TempFolder temp;
  const std::string entry = kExamples + GetParam();
  const std::string one =
      fingerprint_after({.folder = temp / "one", .entry = entry, .n_threads = 1});
  EXPECT_EQ(fingerprint_after({.folder = temp / "four", .entry = entry, .n_threads = 4}), one);

  PythonRun run = {.folder = temp / "stopped", .entry = entry};
  {
    Process process(run.arguments());
    const fs::path digests = run.folder / "digests.jsonl";
    ASSERT_TRUE(
        process.wait_until([&] { return fs::exists(digests) && fs::file_size(digests) > 0; }));
    process.send(SIGTERM);
    EXPECT_EQ(process.wait().exit_code, 75);
  }
  run.resume = true;
  run.more = {"env_args.timeout=77"};  // may change: it touches no bit
  EXPECT_EQ(fingerprint_after(run), one);
  run.more = {"env_args.map_name=other"};
  const ProcessResult refused = run_qtot(run.arguments());
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
}

INSTANTIATE_TEST_SUITE_P(Examples, PythonEnvRunOf,
                         testing::Values("rescue.py:Rescue", "lamps.py:Lamps"),
                         [](const auto& tested) {
                           return tested.param.substr(tested.param.rfind(':') + 1);
                         });

class PythonEnvError : public testing::TestWithParam<int> {};

// The environment raises in one of two hundred episodes, which the seed draws; then it is mended.
TEST_P(PythonEnvError, EndsTheRunInASentenceAndLeavesACheckpointToGoOnFrom) {
  TempFolder temp;
  fs::copy(kMisbehaving, temp / "env.py");
  PythonRun run = {.folder = temp / "run",
                   .entry = (temp / "env.py").string() + ":Bad",
                   .pipeline = GetParam(),
                   .more = {"env_args.kwargs.deed=raise", "env_args.kwargs.chance=0.005"}};
  for (const bool resume : {false, true}) {
    run.resume = resume;
    const ProcessResult result = run_qtot(run.arguments());
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("qtot: python environment \"" + run.entry +
                                      "\" failed at step 2: ValueError: the map has no floor; it "
                                      "wrote last:\n  | Traceback"));
    EXPECT_FALSE(fs::exists(run.folder / "summary.json"));
    ASSERT_FALSE(checkpoints_of(run.folder).empty());
    EXPECT_NE(fingerprint_of(run.folder), "");
  }
  std::string text = content(temp / "env.py");
  const std::string fault = "raise ValueError(\"the map has no floor\")";
  text.replace(text.find(fault), fault.size(), "return None");
  overwrite(temp / "env.py", text);
  const std::string mended = fingerprint_after(run);
  run.folder = temp / "whole";
  run.resume = false;
  EXPECT_EQ(fingerprint_after(run), mended);
}

INSTANTIATE_TEST_SUITE_P(Pipeline, PythonEnvError, testing::Values(0, 1));

TEST(PythonEnvRun, AModuleThatIsMissingIsBadInputAndMakesNoRunFolder) {
  TempFolder temp;
  const PythonRun run = {.folder = temp / "run", .entry = "no_such_module:Env"};
  const ProcessResult result = run_qtot(run.arguments());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("failed at its start: ModuleNotFoundError: No module named "
                                    "'no_such_module'"));
  EXPECT_FALSE(fs::exists(run.folder));
}

TEST(PythonEnvRun, ItsSizesAndOptionsAreToldByEnvInfo) {
  const ProcessResult result =
      run_qtot({"env", "info", "python", "with", "entry=" + kExamples + "lamps.py:Lamps",
                "python=" QTOT_TEST_PYTHON, "kwargs.n_agents=4"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("agents 4, actions 3, observation 3, state 12"));
  EXPECT_THAT(result.out, HasSubstr("env_args.entry"));
}

// A process that has ended may stay in the table for as long as nobody asks for it.
bool is_gone(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');  // of the name, which may hold anything
  return end == std::string::npos || text.substr(end, 3) == ") Z";
}

// It hangs in C, where no thread of its interpreter runs, and has started a process of its own.
TEST(PythonEnvRun, NothingOutlivesAKilledParent) {
  TempFolder temp;
  const fs::path marker = temp / "pids";
  const PythonRun run = {.folder = temp / "run",
                         .entry = kMisbehaving.string() + ":Bad",
                         .n_threads = 1,
                         .more = {"env_args.kwargs.deed=hang", "env_args.kwargs.where=reset",
                                  "env_args.kwargs.marker=" + marker.string()}};
  Process process(run.arguments());
  ASSERT_TRUE(process.wait_until([&] { return fs::exists(marker); }));
  pid_t host = 0, grandchild = 0;
  std::ifstream(marker) >> host >> grandchild;
  ASSERT_GT(host, 1);
  ASSERT_GT(grandchild, 1);
  EXPECT_THAT(process.children(), testing::Contains(host));
  EXPECT_FALSE(is_gone(host));
  EXPECT_FALSE(is_gone(grandchild));
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL);
  constexpr double kSeconds = 60;
  const Deadline deadline(kSeconds);
  while (!(is_gone(host) && is_gone(grandchild)) && !deadline.has_passed()) yield_processor();
  EXPECT_TRUE(is_gone(host));
  EXPECT_TRUE(is_gone(grandchild));
}

}  // namespace
}  // namespace qtot::test
