// Environments of plugins, from the command line.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "end_to_end/golden_run.h"
#include "end_to_end/small_sweep.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kPlugins = QTOT_PLUGINS;
const std::string kTwoStep = "--plugin=" + kPlugins + "/two_step.so";
const std::string kCoin = "--plugin=" + kPlugins + "/coin.so";

std::string output_of(const std::vector<std::string>& arguments) {
  const ProcessResult result = run_qtot(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.out;
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& part) {
  const ProcessResult result = run_qtot(arguments);
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, testing::StartsWith("qtot: "));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr(part));
}

std::vector<std::string> small_run(const fs::path& run, int n_threads, const std::string& env,
                                   int t_max = 400) {
  return {"train",
          "--config=qmix",
          "--out",
          run.string(),
          "--threads",
          std::to_string(n_threads),
          "with",
          "env=" + env,
          "batch_size=8",
          "buffer_size=16",
          "rnn_hidden_dim=8",
          "mixing_embed_dim=4",
          "test_interval=100",
          "batch_size_run=4",
          "t_max=" + std::to_string(t_max)};
}

std::vector<std::string> with(std::vector<std::string> arguments, const std::string& option) {
  arguments.insert(arguments.begin() + 1, option);
  return arguments;
}

TEST(Plugin, TrainsToTheBitsOfTheSameRulesInQtotOnAnyNumberOfThreads) {
  TempFolder temp;
  output_of(small_run(temp / "native", 1, "two_step"));
  const std::string native = fingerprint_of(temp / "native");
  for (const int n_threads : {1, 3}) {
    const fs::path run = temp / std::to_string(n_threads);
    output_of(with(small_run(run, n_threads, "two_step_in_c"), kTwoStep));
    EXPECT_EQ(fingerprint_of(run), native) << n_threads << " threads";
  }
}

TEST(Plugin, ThatDrawsTrainsToTheSameBitsOnAnyNumberOfThreads) {
  TempFolder temp;
  output_of(with(small_run(temp / "1", 1, "coin"), kCoin));
  output_of(with(small_run(temp / "3", 3, "coin"), kCoin));
  EXPECT_EQ(fingerprint_of(temp / "1"), fingerprint_of(temp / "3"));
}

TEST(Plugin, OfARunIsNeededAgainToGoOnAndToEvaluate) {
  TempFolder temp;
  const std::string run = (temp / "run").string();
  output_of(with(small_run(run, 2, "coin", 100), kCoin));
  std::vector<std::string> more = small_run(run, 2, "coin", 100);
  more.insert(more.begin() + 1, "--resume");
  expect_refused(more, "one of a plugin needs --plugin FILE");
  expect_refused({"eval", run}, "one of a plugin needs --plugin FILE");
  EXPECT_THAT(output_of(with(more, kCoin)), HasSubstr("already finished"));
  EXPECT_THAT(output_of({"eval", run, kCoin}), HasSubstr("test wins"));
}

TEST(Plugin, OfASweepGoesToItsRuns) {
  TempFolder temp;
  const fs::path sweep = temp / "sweep";
  output_of({"sweep", "--config=qmix,vdn", "--out", sweep.string(), "--seeds=1", kCoin, kTwoStep,
             "with", "env=coin,two_step_in_c", "batch_size=8", "buffer_size=16", "t_max=40"});
  int n_summaries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(sweep)) {
    n_summaries += entry.path().filename() == "summary.json";
  }
  EXPECT_EQ(n_summaries, 4);
  const std::string script =
      output_of({"sweep", "--sbatch", "--out", sweep.string(), kCoin, "with", "env=coin"});
  EXPECT_THAT(script, HasSubstr("--plugin=" + kPlugins + "/coin.so"));
}

TEST(Plugin, IsListedDescribedPlayedMeasuredAndConfigured) {
  EXPECT_THAT(output_of({"env", "list", kCoin}), HasSubstr("both agents name the side of a coin"));
  const std::string info = output_of({"env", "info", "coin", kCoin, "rounds=7"});
  EXPECT_THAT(info, HasSubstr("episode limit 7"));
  EXPECT_THAT(info, HasSubstr("env_args.heads"));
  EXPECT_EQ(output_of({"env", "play", "coin", "--seed=23", "--steps=40", "--plugin",
                       kPlugins + "/coin.so"}),
            content(QTOT_SOURCE_DIR "/tests/golden/envs/coin.trace"));
  EXPECT_THAT(output_of({"env", "play", "coin/blind", kCoin}), HasSubstr("obs[1] 0 1"));
  EXPECT_THAT(output_of({"bench", "env", "coin", "--steps", "50", "--rounds", "1", kCoin}),
              HasSubstr("steps/s"));
  for (const char* verb : {"rollout", "train"}) {
    output_of({"bench", verb, "--config=qmix", kCoin, "--rounds", "1", "with", "env=coin"});
  }
  EXPECT_THAT(output_of({"config", kCoin, "--config=qmix", "env=coin", "env_args.heads=0.25"}),
              HasSubstr("env_args.heads"));
  EXPECT_THAT(output_of({"config", "--reference", kCoin}), HasSubstr("throws of an episode"));
}

TEST(Plugin, ThatCannotBeLoadedMakesNoRunFolder) {
  TempFolder temp;
  const fs::path run = temp / "run";
  for (const auto& [file, part] :
       {std::pair<std::string, std::string>{"/nowhere/coin.so", "No such file"},
        {kPlugins + "/no_entry.so", "no function qtot_plugin_environment"},
        {QTOT_SOURCE_DIR "/README.md", "cannot be loaded"}}) {
    expect_refused(with(small_run(run, 1, "coin"), "--plugin=" + file), part);
    for (const char* verb : {"list", "play", "info"}) {
      std::vector<std::string> arguments = {"env", verb, "--plugin=" + file};
      if (arguments[1] != "list") arguments.emplace_back("coin");
      expect_refused(arguments, part);
    }
  }
  expect_refused(with(small_run(run, 1, "coin"), "--plugin="), "plugin");
  const auto refused_argument = [&](const std::string& argument, const std::string& part) {
    std::vector<std::string> arguments = with(small_run(run, 1, "coin"), kCoin);
    arguments.push_back(argument);
    expect_refused(arguments, part);
  };
  refused_argument("env_args.heads=2", "env_args.heads = 2 (command line): must be in [0, 1]");
  refused_argument("env_args.head=1", "did you mean heads?");
  EXPECT_FALSE(fs::exists(run));
}

// What a plugin does wrong in an episode ends the run in order, on whatever thread it happened.
TEST(Plugin, ThatViolatesTheContractEndsTheRunWithOneSentence) {
  TempFolder temp;
  std::vector<std::string> arguments = small_run(temp / "run", 3, "faulty_state_infinite");
  arguments.insert(arguments.begin() + 1, "--plugin=" + kPlugins + "/faulty.so");
  const ProcessResult result =
      run_qtot(arguments, {.environment = {"QTOT_TEST_FAULT=state_infinite"}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("qtot: plugin " + kPlugins +
                                    "/faulty.so: observe: state[3] = -inf, expected a finite"));
}

}  // namespace
}  // namespace qtot::test
