// What `qtot train` leaves behind, and that nothing but the training keys decides its bits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "end_to_end/golden_run.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(RunFolder, HoldsWhatTheContractNames) {
  TempFolder temp;
  const fs::path run = temp / "run";
  const ProcessResult result = train({.folder = run, .more = {"save_model=True"}});
  for (const char* name : {"config.yaml", "metrics.jsonl", "metrics.csv", "digests.jsonl",
                           "timing.jsonl", "summary.json"}) {
    EXPECT_TRUE(fs::is_regular_file(run / name)) << name;
  }
  EXPECT_FALSE(checkpoints_of(run).empty());
  EXPECT_EQ(fingerprint_in(result.out), fingerprint_of(run));
  EXPECT_THAT(result.out, HasSubstr(run.string()));

  const json summary = json::parse(content(run / "summary.json"));
  EXPECT_EQ(summary.at("fingerprint"), fingerprint_of(run));
  EXPECT_EQ(summary.at("env"), "stag_hunt");
  EXPECT_GT(summary.at("t_env"), 3000);
  EXPECT_TRUE(summary.at("test_return_mean").is_number());
}

TEST(RunFolder, MetricsAreFlatObjectsUnderPymarlsNames) {
  TempFolder temp;
  train({.folder = temp / "run"});
  std::set<std::string> names;
  std::int64_t last = 0;
  for (const std::string& line : lines_of(content(temp / "run" / "metrics.jsonl"))) {
    const json record = json::parse(line);
    for (const auto& [name, value] : record.items()) {
      EXPECT_TRUE(value.is_number()) << line;
      names.insert(name);
    }
    EXPECT_GE(record.at("t_env"), last);
    last = record.at("t_env");
  }
  for (const char* name :
       {"t_env", "episode", "update", "return_mean", "return_std", "ep_length_mean", "epsilon",
        "loss_td", "grad_norm", "td_error_abs", "q_taken_mean", "target_mean", "test_return_mean",
        "test_return_std", "test_ep_length_mean"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_THAT(content(temp / "run" / "metrics.csv"),
              testing::StartsWith("t_env,episode,update,name,value\n"));
}

TEST(RunFolder, ConfigurationResolvesToItselfAndMakesTheSameRun) {
  TempFolder temp;
  train({.folder = temp / "first"});
  const fs::path config = temp / "first" / "config.yaml";
  const ProcessResult again =
      run_qtot({"train", "--config=" + config.string(), "--out", (temp / "second").string()});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(content(temp / "second" / "config.yaml"), content(config));
  EXPECT_EQ(content(temp / "second" / "metrics.jsonl"), content(temp / "first" / "metrics.jsonl"));
  EXPECT_EQ(fingerprint_of(temp / "second"), fingerprint_of(temp / "first"));
}

TEST(RunFolder, TensorboardFileIsWrittenOnRequestOnly) {
  TempFolder temp;
  train({.folder = temp / "with", .t_max = 400, .more = {"use_tensorboard=True"}});
  train({.folder = temp / "without", .t_max = 400});
  EXPECT_THAT(content(temp / "with" / "events.out.tfevents.qtot"), HasSubstr("return_mean"));
  EXPECT_FALSE(fs::exists(temp / "without" / "events.out.tfevents.qtot"));
  EXPECT_EQ(fingerprint_of(temp / "with"), fingerprint_of(temp / "without"));
}

class EitherPipeline : public testing::TestWithParam<int> {};

TEST_P(EitherPipeline, NeitherThreadsNorReportingChangesABit) {
  TempFolder temp;
  const int pipeline = GetParam();
  train({.folder = temp / "plain", .pipeline = pipeline, .n_threads = 1});
  const std::string fingerprint = fingerprint_of(temp / "plain");
  const std::string metrics = content(temp / "plain" / "metrics.jsonl");
  for (const int n_threads : {2, 3, 8}) {
    const fs::path run = temp / std::to_string(n_threads);
    train({.folder = run, .pipeline = pipeline, .n_threads = n_threads});
    EXPECT_EQ(fingerprint_of(run), fingerprint) << n_threads << " threads";
    EXPECT_EQ(content(run / "metrics.jsonl"), metrics) << n_threads << " threads";
  }
  train(
      {.folder = temp / "reporting",
       .pipeline = pipeline,
       .more = {"test_interval=90", "test_nepisode=7", "runner_log_interval=1",
                "learner_log_interval=1", "log_interval=50", "digest_interval=7", "save_model=True",
                "save_model_interval=500", "use_tensorboard=True", "name=other"}});
  EXPECT_EQ(fingerprint_of(temp / "reporting"), fingerprint);
}

INSTANTIATE_TEST_SUITE_P(Pipeline, EitherPipeline, testing::Values(0, 1));

TEST(Diff, FindsNothingBetweenRunsOfOneSeed) {
  TempFolder temp;
  train({.folder = temp / "a", .n_threads = 1});
  train({.folder = temp / "b", .n_threads = 3, .more = {"digest_interval=5"}});
  const ProcessResult result =
      run_qtot({"diff", (temp / "a").string(), (temp / "b").string(), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_EQ(json::parse(result.out).at("same"), true);
  EXPECT_GE(json::parse(result.out).at("compared"), 6);
}

TEST(Diff, NamesTheFirstUpdateAndTensorThatDiffer) {
  TempFolder temp;
  train({.folder = temp / "a"});
  train({.folder = temp / "other_seed", .more = {"seed=2"}});
  const ProcessResult seeds =
      run_qtot({"diff", (temp / "a").string(), (temp / "other_seed").string()});
  EXPECT_EQ(seeds.exit_code, 1);
  EXPECT_THAT(seeds.out, HasSubstr("first difference at update 1 "));
  EXPECT_THAT(seeds.out, HasSubstr("agent.fc1.weight"));

  // Polyak averaging moves the targets at the first update, and the parameters follow later
  train({.folder = temp / "other_targets", .more = {"target_update_tau=0.01"}});
  const ProcessResult targets =
      run_qtot({"diff", (temp / "a").string(), (temp / "other_targets").string(), "--json"});
  EXPECT_EQ(targets.exit_code, 1);
  const json difference = json::parse(targets.out).at("first_difference");
  EXPECT_EQ(difference.at("update"), 1);
  EXPECT_EQ(difference.at("tensor"), "target.agent.fc1.weight");
}

}  // namespace
}  // namespace qtot::test
