// What `qtot eval --replay` shows of a policy that was trained a little.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "end_to_end/golden_run.h"
#include "playback/browser.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Replay : public testing::Test {
 protected:
  void SetUp() override { train({.folder = run_, .t_max = 400}); }

  ProcessResult eval(const std::vector<std::string>& words) {
    std::vector<std::string> arguments = {"eval", run_.string()};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return run_qtot(arguments);
  }

  TempFolder folder_;
  fs::path run_ = folder_ / "run";
  fs::path page_ = folder_ / "page.html";
};

TEST_F(Replay, IsAPageThatShowsTheEpisodesOfTheEvaluation) {
  const ProcessResult figures = eval({"--episodes", "3", "--json"});
  const ProcessResult result = eval({"--episodes", "3", "--json", "--replay", page_.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json plain = json::parse(figures.out), replayed = json::parse(result.out);
  EXPECT_EQ(replayed["returns"], plain["returns"]);
  EXPECT_EQ(replayed["test_ep_length_mean"], plain["test_ep_length_mean"]);

  const json first = page_check(page_, "t=5");
  EXPECT_EQ(first["episodes"], 3);
  EXPECT_EQ(first["step"], 5);
  EXPECT_EQ(first["units"].get<int>() + first["dead"].get<int>(), 8);  // 4 hunters, 4 stags
  EXPECT_EQ(first["chosen"], 4);
  EXPECT_EQ(first["values"].size(), 24U);
  EXPECT_EQ(first["plots"], 2);
  EXPECT_EQ(first["faults"], json::array());
  for (int e = 0; e < 3; ++e) {
    const json end = page_check(page_, "e=" + std::to_string(e + 1) + "&keys=End");
    EXPECT_EQ(end["episode"], e);
    EXPECT_EQ(std::stod(end["return"].get<std::string>()),
              plain["returns"][static_cast<std::size_t>(e)].get<double>());
  }
  const json played = page_check(page_, "play&speed=4", 1000);
  EXPECT_GT(played["step"], 3);
  EXPECT_EQ(played["faults"], json::array());
}

TEST_F(Replay, IsTheSameFileEachTime) {
  ASSERT_EQ(eval({"--replay", page_.string(), "--episodes", "2"}).exit_code, 0);
  const std::string once = content(page_);
  ASSERT_EQ(eval({"--replay", page_.string(), "--episodes", "2"}).exit_code, 0);
  EXPECT_TRUE(content(page_) == once);
}

TEST_F(Replay, InTheTerminalIsPlainTextWhereThereIsNone) {
  const ProcessResult result = eval({"--replay", "-"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("episode 1 of 1, step 0 of "));
  EXPECT_THAT(result.out, HasSubstr("agent 3  right "));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(result.out, HasSubstr("test return  "));
}

TEST_F(Replay, WhatCannotBeDoneIsSaidInASentenceAndLeavesNoFile) {
  const ProcessResult both = eval({"--replay", "-", "--json"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_THAT(both.err, HasSubstr("--replay - and --json both write to stdout"));
  const ProcessResult many = eval({"--replay", page_.string(), "--episodes", "1001"});
  EXPECT_EQ(many.exit_code, 2);
  EXPECT_THAT(many.err, HasSubstr("expected at most 1000 with --replay"));
  const fs::path nowhere = folder_ / "no_such_folder" / "page.html";
  const ProcessResult lost = eval({"--replay", nowhere.string(), "--episodes", "1"});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.err, HasSubstr("cannot write " + nowhere.string()));

  ASSERT_EQ(eval({"--replay", page_.string(), "--episodes", "1"}).exit_code, 0);
  const std::string old = content(page_);
  const ProcessResult full =
      run_qtot({"eval", run_.string(), "--replay", page_.string(), "--episodes", "2"},
               {.max_file_bytes = 10000});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(content(page_) == old);
}

}  // namespace
}  // namespace qtot::test
