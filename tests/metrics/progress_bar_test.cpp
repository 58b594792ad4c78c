#include "qtot/metrics/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "metrics/fake_clock.h"

namespace qtot::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ProgressStyle kTerminal{.on_terminal = true, .use_color = false, .width = 120};
constexpr ProgressStyle kPlain{.on_terminal = false, .use_color = false, .width = 80};

class ProgressBarTest : public testing::Test {
 protected:
  test::FakeClock clock_;
  std::ostringstream out_;
};

TEST_F(ProgressBarTest, ShowsReturnsLossSpeedAndTheTimeLeft) {
  ProgressBar bar(out_, kTerminal, clock_);
  bar.show({.t_env = 0, .t_max = 150'000});
  clock_.seconds += 10;
  EXPECT_EQ(bar.text({.t_env = 37'500,
                      .t_max = 150'000,
                      .return_mean = 12.345,
                      .test_return_mean = 18,
                      .loss = 0.01234}),
            "[#####---------------] 25%  37.5k/150.0k steps  return 12.35  test 18  loss 0.0123"
            "  3750 steps/s  0:30 left");
}

TEST_F(ProgressBarTest, TheShareOfWonEpisodesStandsBehindTheTestReturn) {
  ProgressBar bar(out_, kTerminal, clock_);
  EXPECT_THAT(
      bar.text({.t_env = 0, .t_max = 10, .test_return_mean = 5, .test_battle_won_mean = 0.375}),
      HasSubstr("  test 5  won 38%"));
}

TEST_F(ProgressBarTest, FiguresThatAreNotThereYetAreLeftOut) {
  ProgressBar bar(out_, kTerminal, clock_);
  EXPECT_EQ(bar.text({.t_env = 0, .t_max = 500}), "[--------------------] 0%  0/500 steps");
}

TEST_F(ProgressBarTest, AResumedRunsSpeedCountsItsOwnStepsOnly) {
  ProgressBar bar(out_, kPlain, clock_);
  bar.show({.t_env = 1000, .t_max = 2000});
  clock_.seconds += 2;
  EXPECT_THAT(bar.text({.t_env = 1100, .t_max = 2000}), HasSubstr("50 steps/s  0:18 left"));
}

TEST_F(ProgressBarTest, DrawsTenTimesASecondOnATerminal) {
  ProgressBar bar(out_, kTerminal, clock_);
  for (int i = 0; i < 100; ++i) {
    bar.show({.t_env = i, .t_max = 100});
    clock_.seconds += 1.0 / 64;
  }
  const std::string text = out_.str();
  EXPECT_EQ(std::ranges::count(text, '\r'), 15);  // every seventh of 100
  EXPECT_EQ(std::ranges::count(text, '\n'), 0);
}

TEST_F(ProgressBarTest, WritesAPlainLineEveryThirtySecondsElsewhere) {
  ProgressBar bar(out_, kPlain, clock_);
  for (int i = 0; i < 100; ++i) {
    bar.show({.t_env = i, .t_max = 100});
    clock_.seconds += 1;
  }
  const std::string text = out_.str();
  EXPECT_EQ(std::ranges::count(text, '\n'), 4);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST_F(ProgressBarTest, ColourChangesTheColoursOnly) {
  ProgressStyle colored = kTerminal;
  colored.use_color = true;
  ProgressBar(out_, colored, clock_).show({.t_env = 5, .t_max = 10});
  EXPECT_EQ(out_.str(), "\r\x1b[32m[##########----------]\x1b[0m 50%  5/10 steps\x1b[K");
}

TEST_F(ProgressBarTest, ALineNeverReachesTheLastColumn) {
  ProgressStyle narrow = kTerminal;
  narrow.width = 30;
  const ProgressBar bar(out_, narrow, clock_);
  EXPECT_EQ(bar.text({.t_env = 5, .t_max = 10, .return_mean = 1}).size(), 29u);
}

TEST_F(ProgressBarTest, AMessageStandsAboveTheBar) {
  ProgressBar bar(out_, kTerminal, clock_);
  bar.show({.t_env = 5, .t_max = 10});
  out_.str("");
  bar.message("saved");
  EXPECT_EQ(out_.str(), "\r\x1b[Ksaved\n[##########----------] 50%  5/10 steps");
}

TEST_F(ProgressBarTest, FinishLeavesTheLastStateStanding) {
  ProgressBar bar(out_, kTerminal, clock_);
  bar.show({.t_env = 5, .t_max = 10});
  out_.str("");
  bar.finish({.t_env = 10, .t_max = 10});
  EXPECT_EQ(out_.str(), "\r[####################] 100%  10/10 steps\x1b[K\n");
}

TEST_F(ProgressBarTest, OddProgressIsShownWithoutHarm) {
  ProgressBar bar(out_, kTerminal, clock_);
  bar.show({.t_env = 0, .t_max = 0});
  clock_.seconds += 1e9;
  EXPECT_THAT(bar.text({.t_env = 20, .t_max = 10}), HasSubstr("100%  20/10 steps"));
  EXPECT_THAT(bar.text({.t_env = 1, .t_max = 1'000'000'000}), HasSubstr("99:59:59 left"));
}

TEST(ProgressStyleTest, NoColorSwitchesColourOff) {
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(ProgressStyle::of_stderr().use_color);
  ::unsetenv("NO_COLOR");
}

TEST(MachineClockTest, TheSteadyClockDoesNotGoBack) {
  const double before = machine_clock().steady_seconds();
  EXPECT_GE(machine_clock().steady_seconds(), before);
  EXPECT_GT(machine_clock().wall_seconds(), 1.6e9);  // later than 2020
}

}  // namespace
}  // namespace qtot::metrics
