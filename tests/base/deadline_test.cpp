#include "qtot/base/deadline.h"

#include <gtest/gtest.h>

#include <limits>

namespace qtot {
namespace {

TEST(DeadlineTest, PassesAfterItsSecondsAndAgainAfterARestart) {
  Deadline deadline(1e-3);
  while (!deadline.has_passed()) yield_processor();
  EXPECT_GE(deadline.seconds_gone(), 1e-3);
  EXPECT_EQ(deadline.seconds_left(), 0);
  Deadline far(1e6);
  EXPECT_FALSE(far.has_passed());
  EXPECT_LE(far.seconds_left(), 1e6);
  const double before = deadline.seconds_gone();
  while (!(deadline.seconds_gone() > before)) yield_processor();
  deadline.restart();
  EXPECT_LT(deadline.seconds_gone(), 1e6);
}

TEST(DeadlineTest, OfZeroSecondsNeverPasses) {
  const Deadline never(0);
  EXPECT_FALSE(never.has_passed());
  EXPECT_EQ(never.seconds_left(), std::numeric_limits<double>::infinity());
}

TEST(DeadlineTest, AWaitThatNobodyEndsEndsByItself) {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  const Deadline clock(0);
  while (clock.seconds_gone() < 2e-3) wait_for(condition, lock, 1e-3);
  EXPECT_TRUE(lock.owns_lock());
}

}  // namespace
}  // namespace qtot
