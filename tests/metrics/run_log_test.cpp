#include "qtot/metrics/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/fake_clock.h"
#include "qtot/metrics/summary.h"
#include "support/temp_folder.h"

namespace qtot::metrics {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t kMaxBytes = 1 << 20;
constexpr RunLogOptions kAllFiles{.use_csv = true, .use_tensorboard = true};

class RunLogTest : public testing::Test {
 protected:
  std::string text(const std::string& name) const { return read_file(folder_ / name, kMaxBytes); }

  test::TempFolder folder_;
  test::FakeClock clock_;
};

Record record_at(std::int64_t t_env) {
  Record record{.t_env = t_env, .episode = t_env / 10, .update = t_env / 20};
  record.add("loss_td", 0.5);
  return record;
}

DigestRecord digest_at(std::int64_t update) {
  const Fingerprint part{.high = 1, .low = static_cast<std::uint64_t>(update)};
  return {.update = update, .t_env = 20 * update, .fingerprint = part, .parts = {{"a", part}}};
}

void write_both(RunLog& log, std::int64_t t_env) {
  log.write(record_at(t_env));
  log.write(digest_at(t_env / 20));
}

TEST_F(RunLogTest, WritesTheFilesOfTheRunFolder) {
  RunLog log(folder_.path(), kAllFiles, {}, clock_);
  write_both(log, 20);
  EXPECT_THAT(folder_.names(), ElementsAre("digests.jsonl", "events.out.tfevents.qtot",
                                           "metrics.csv", "metrics.jsonl", "timing.jsonl"));
}

TEST_F(RunLogTest, TheClockReachesTimingAlone) {
  std::vector<std::string> texts;
  for (const double step : {1.0, 17.0}) {
    RunLog log(folder_.path(), {}, {}, clock_);
    clock_.seconds += step;
    write_both(log, 20);
    clock_.seconds += step;
    write_both(log, 60);
    texts.push_back(text("metrics.jsonl") + text("metrics.csv") + text("digests.jsonl"));
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(text("timing.jsonl"),
            "{\"t_env\":20,\"episode\":2,\"update\":1,\"seconds\":17}\n"
            "{\"t_env\":60,\"episode\":6,\"update\":3,\"seconds\":34,"
            "\"steps_per_second\":2.3529411764705883}\n");
}

TEST_F(RunLogTest, AResumedLogHasTheBytesOfTheUninterruptedOne) {
  const test::FakeClock stopped;
  const auto texts = [&] {
    return text("metrics.jsonl") + text("metrics.csv") + text("digests.jsonl") +
           text("events.out.tfevents.qtot") + text("timing.jsonl");
  };
  {
    RunLog log(folder_.path(), kAllFiles, {}, stopped);
    for (const int t : {20, 40, 60}) write_both(log, t);
  }
  const std::string uninterrupted = texts();
  SinkPositions at_checkpoint;
  {
    RunLog log(folder_.path(), kAllFiles, {}, stopped);
    write_both(log, 20);
    at_checkpoint = log.sync();
    write_both(log, 40);
  }
  {
    RunLog log(folder_.path(), kAllFiles, at_checkpoint, stopped);
    write_both(log, 40);
    write_both(log, 60);
  }
  EXPECT_EQ(texts(), uninterrupted);
}

TEST_F(RunLogTest, PositionsOfFilesThatAreSwitchedOffAreHandedOn) {
  SinkPositions with_csv;
  {
    RunLog log(folder_.path(), {.use_csv = true}, {}, clock_);
    write_both(log, 20);
    with_csv = log.sync();
  }
  SinkPositions without_csv;
  {
    RunLog log(folder_.path(), {.use_csv = false}, with_csv, clock_);
    write_both(log, 40);
    without_csv = log.sync();
  }
  EXPECT_EQ(without_csv.at("metrics.csv"), with_csv.at("metrics.csv"));
  EXPECT_GT(without_csv.at("metrics.jsonl"), with_csv.at("metrics.jsonl"));
}

TEST_F(RunLogTest, AFileShorterThanItsCheckpointSaysIsAnErrorThatNamesIt) {
  const Error error = test::error_of([&] {
    RunLog(folder_.path(), kAllFiles, {{"digests.jsonl", 7}}, clock_);
  });
  EXPECT_THAT(error.what(), testing::HasSubstr("digests.jsonl: expected at least the 7 bytes"));
}

TEST(SummaryTest, IsTheGoldenText) {
  Summary summary;
  summary.add("test_return_mean", 8.0);
  summary.add("t_env", 10'000);
  summary.add("finished", true);
  summary.add("env", "two_step");
  summary.add("bad", std::numeric_limits<double>::quiet_NaN());
  summary.add("payoffs", Summary::Table{{8, -12.5}, {0, 1}});
  summary.add_tables("q_tot", {{"state_b", {{1}}}, {"state_a", {{2}}}});
  EXPECT_EQ(summary.json(), R"({
  "test_return_mean": 8.0,
  "t_env": 10000,
  "finished": true,
  "env": "two_step",
  "bad": null,
  "payoffs": [
    [
      8.0,
      -12.5
    ],
    [
      0.0,
      1.0
    ]
  ],
  "q_tot": {
    "state_b": [
      [
        1.0
      ]
    ],
    "state_a": [
      [
        2.0
      ]
    ]
  }
}
)");
}

TEST(SummaryTest, IsReplacedInOneStep) {
  const test::TempFolder folder;
  Summary summary;
  summary.add("a", 1);
  summary.save(folder / "summary.json");
  summary.add("b", 2);
  summary.save(folder / "summary.json");
  EXPECT_EQ(read_file(folder / "summary.json", kMaxBytes), summary.json());
  EXPECT_THAT(folder.names(), ElementsAre("summary.json"));
}

}  // namespace
}  // namespace qtot::metrics
