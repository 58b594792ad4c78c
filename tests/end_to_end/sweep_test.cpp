// Many runs and their report, as a user makes them; small runs of the two-step game.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "end_to_end/golden_run.h"
#include "end_to_end/small_sweep.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// Figures by group: the folders differ.
std::map<std::string, json> figures(const ProcessResult& result) {
  std::map<std::string, json> by_group;
  const json document = json::parse(result.out);
  for (json group : document.at("groups")) {
    group.erase("runs");
    by_group[group.at("group")] = group;
  }
  return by_group;
}

// The first two runs have made updates.
bool both_learn_in(const fs::path& folder) {
  return progress_of(folder / "two_step-qmix-seed=1") > 0 &&
         progress_of(folder / "two_step-qmix-seed=2") > 0;
}

TEST(Sweep, MakesEveryRunOfTheProductAsTrainWouldAndDoesNoneAgain) {
  TempFolder temp;
  const Sweep sweep{.folder = temp / "s"};
  const ProcessResult first = run_qtot(sweep.arguments());
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("4 finished, 0 failed of 4"));
  const json document = json::parse(first.out);
  ASSERT_EQ(document.at("runs").size(), 4U);
  for (const json& run : document.at("runs")) {
    EXPECT_EQ(run.at("state"), "finished");
    EXPECT_TRUE(run.at("test_return_mean").is_number());
  }
  const fs::path one = sweep.folder / "two_step-vdn-seed=2";
  const ProcessResult alone =
      run_qtot({"train", "--config=vdn", "--env-config=two_step", "--out", temp / "alone", "with",
                "seed=2", "batch_size=8", "buffer_size=16", "rnn_hidden_dim=8",
                "mixing_embed_dim=4", "test_interval=50", "digest_interval=1", "t_max=300"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_EQ(fingerprint_of(one), fingerprint_of(temp / "alone"));
  EXPECT_THAT(content(one / "log.txt"), HasSubstr("fingerprint"));

  const auto before = files_with_times(one);
  const ProcessResult again = run_qtot(sweep.arguments());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("4 runs, of which 4 were finished before"));
  EXPECT_EQ(json::parse(again.out), document);
  EXPECT_EQ(files_with_times(one), before);
}

TEST(Sweep, KilledAndStartedAgainItEndsInTheReportOfAnUndisturbedOne) {
  TempFolder temp;
  const Sweep whole{.folder = temp / "whole", .t_max = 600};
  ASSERT_EQ(run_qtot(whole.arguments()).exit_code, 0);
  const std::uintmax_t all = progress_of(whole.folder);

  Sweep killed = whole;
  killed.folder = temp / "killed";
  killed.more = {"save_model=True", "save_model_interval=100"};
  for (const std::uintmax_t share : {std::uintmax_t{10}, std::uintmax_t{2}}) {
    Process process(killed.arguments());
    process.wait_until([&] { return progress_of(killed.folder) >= all / share; });
    process.send(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL);
    EXPECT_TRUE(nobody_works_in(killed.folder));
  }
  const ProcessResult last = run_qtot(killed.arguments());
  ASSERT_EQ(last.exit_code, 0) << last.err;
  const ProcessResult expected = report(whole.folder, {"--json"});
  const ProcessResult found = report(killed.folder, {"--json"});
  ASSERT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(figures(found), figures(expected));
  EXPECT_EQ(figures(found).size(), 2U);
  EXPECT_EQ(figures(found).begin()->second.at("n"), 2);
}

// Orphans that went on would hold the lock until their runs are finished, some seconds later.
TEST(Sweep, OrphansDoNotOutliveIt) {
  TempFolder temp;
  const Sweep longer{.folder = temp / "s", .t_max = 20000};
  Process process(longer.arguments());
  ASSERT_TRUE(process.wait_until([&] { return both_learn_in(longer.folder); }));
  process.send(SIGKILL);
  process.wait();
  EXPECT_TRUE(nobody_works_in(longer.folder));
  for (const char* run : {"two_step-qmix-seed=1", "two_step-qmix-seed=2"}) {
    EXPECT_FALSE(fs::exists(longer.folder / run / "summary.json"));
  }
}

TEST(Sweep, ASignalStopsTheRunsWhichSave) {
  TempFolder temp;
  const Sweep sweep{.folder = temp / "s", .t_max = 2000000000};
  Process process(sweep.arguments());
  ASSERT_TRUE(process.wait_until([&] { return both_learn_in(sweep.folder); }));
  process.send(SIGINT);
  const ProcessResult stopped = process.wait();
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  const json runs = json::parse(stopped.out).at("runs");
  EXPECT_EQ(runs[0].at("state"), "stopped");
  EXPECT_EQ(runs[3].at("state"), "waiting");
  EXPECT_EQ(checkpoints_of(sweep.folder / "two_step-qmix-seed=1").size(), 1U);
}

TEST(Sweep, ARunThatFailsIsReportedAndTheOthersGoOn) {
  TempFolder temp;
  const Sweep sweep{.folder = temp / "s"};
  fs::create_directories(sweep.folder / "two_step-qmix-seed=1");
  overwrite(sweep.folder / "two_step-qmix-seed=1" / "checkpoints", "in the way");
  const ProcessResult result = run_qtot(sweep.arguments());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("failed    two_step-qmix-seed=1: exit code"));
  EXPECT_THAT(result.err, HasSubstr("1 of 4 runs failed"));
  const json runs = json::parse(result.out).at("runs");
  EXPECT_EQ(runs[0].at("state"), "failed");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(runs[i].at("state"), "finished");
}

TEST(Sweep, WhatIsWrongIsSaidBeforeAnythingIsMade) {
  TempFolder temp;
  Sweep sweep{.folder = temp / "s", .more = {"lr=0.1,fast"}};
  ProcessResult result = run_qtot(sweep.arguments());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("lr"));
  sweep.more = {"lr=0.1,0.10"};
  result = run_qtot(sweep.arguments());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("same training keys"));
  EXPECT_FALSE(fs::exists(sweep.folder));

  sweep.more = {};
  ASSERT_EQ(run_qtot(sweep.arguments()).exit_code, 0);
  sweep.more = {"gamma=0.5"};
  result = run_qtot(sweep.arguments());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("expected gamma = 0.5, as asked for, found gamma = 0.99"));
}

class Report : public testing::Test {
 protected:
  void SetUp() override {
    const ProcessResult made = run_qtot(Sweep{.folder = folder_, .seeds = "1-4"}.arguments());
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }

  TempFolder temp_;
  fs::path folder_ = temp_ / "s";
};

TEST_F(Report, ReadsASweepOrItsRunsOrTheirThreeFilesAlike) {
  const ProcessResult of_sweep = report(folder_, {"--json"});
  ASSERT_EQ(of_sweep.exit_code, 0) << of_sweep.err;
  const std::map<std::string, json> expected = figures(of_sweep);
  ASSERT_EQ(expected.size(), 2U);
  EXPECT_EQ(expected.at("qmix").at("n"), 4);

  std::vector<std::string> runs = {"report", "--json", folder_};  // and each once more
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.is_directory()) runs.push_back(entry.path());
  }
  EXPECT_EQ(figures(run_qtot(runs)), expected);

  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (!entry.is_directory()) continue;
    const fs::path light = temp_ / "light" / entry.path().filename();
    fs::create_directories(light);
    for (const char* name : {"config.yaml", "metrics.jsonl", "summary.json"}) {
      fs::copy_file(entry.path() / name, light / name);
    }
  }
  EXPECT_EQ(figures(report(temp_ / "light", {"--json"})), expected);
}

TEST_F(Report, WritesTheSameCurvesEachTime) {
  const auto files = [&](const std::string& name) {
    const ProcessResult result =
        report(folder_, {"--out", temp_ / (name + ".svg"), "--csv", temp_ / (name + ".csv"),
                         "--smooth", "2", "--title", "Two steps"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("qmix   4"));
    return content(temp_ / (name + ".svg")) + content(temp_ / (name + ".csv"));
  };
  const std::string first = files("a");
  EXPECT_EQ(files("b"), first);
  EXPECT_THAT(first, HasSubstr("<svg"));
  EXPECT_THAT(first, HasSubstr("Two steps"));
  EXPECT_THAT(first, HasSubstr("group,t_env,n,mean,median,q25,q75,iqm,lo,hi\nqmix,"));
}

TEST_F(Report, BadInputIsOneSentence) {
  const auto expect_error = [](const ProcessResult& result, const std::string& part) {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(part));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  };
  expect_error(report(folder_, {"--metric", "test_returns"}), "it has");
  expect_error(report(folder_, {"--group-by", "lrr"}), "did you mean lr?");
  expect_error(report(temp_ / "nowhere"), "nothing there");
  const fs::path run = folder_ / "two_step-qmix-seed=1";
  overwrite(run / "metrics.jsonl", "{\"t_env\":1,\n" + content(run / "metrics.jsonl"));
  expect_error(report(folder_), "metrics.jsonl:1: expected a JSON object");
  fs::remove(run / "metrics.jsonl");
  expect_error(report(folder_), "metrics.jsonl");
}

TEST_F(Report, AnUnfinishedRunIsLeftOutUnlessAskedFor) {
  fs::remove(folder_ / "two_step-qmix-seed=1" / "summary.json");
  const ProcessResult without = report(folder_, {"--json"});
  EXPECT_THAT(without.err, HasSubstr("two_step-qmix-seed=1 is left out"));
  EXPECT_EQ(figures(without).at("qmix").at("n"), 3);
  const ProcessResult with = report(folder_, {"--json", "--unfinished"});
  EXPECT_EQ(with.err, "");
  EXPECT_EQ(figures(with).at("qmix").at("n"), 4);
}

}  // namespace
}  // namespace qtot::test
