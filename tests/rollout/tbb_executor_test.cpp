#include "qtot/rollout/tbb_executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "qtot/base/error.h"

namespace qtot::rollout {
namespace {

constexpr std::size_t kWork = 500;

void be_busy(std::size_t index) {
  std::atomic<std::size_t> sink = 0;
  const std::size_t n = (index * 2654435761u >> 7) % 3000;
  for (std::size_t i = 0; i < n; ++i) sink.store(i);
}

class TbbExecutorTest : public testing::TestWithParam<std::size_t> {};

TEST_P(TbbExecutorTest, RunsEveryIndexOnce) {
  TbbExecutor executor(GetParam());
  EXPECT_EQ(executor.n_workers(), GetParam());
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, kWork}) {
    std::vector<int> n_calls(n);
    executor.for_each(n, [&](std::size_t index, std::size_t) {
      be_busy(index);
      ++n_calls[index];
    });
    EXPECT_EQ(n_calls, std::vector<int>(n, 1));
  }
}

TEST_P(TbbExecutorTest, NoTwoRunningCallsHaveOneWorker) {
  TbbExecutor executor(GetParam());
  std::vector<std::atomic<bool>> taken(GetParam());
  std::atomic<int> n_shared = 0;
  executor.for_each(kWork, [&](std::size_t index, std::size_t worker) {
    ASSERT_LT(worker, taken.size());
    if (taken[worker].exchange(true)) ++n_shared;
    be_busy(index);
    taken[worker].store(false);
  });
  EXPECT_EQ(n_shared.load(), 0);
}

// A worker takes the lowest index that nobody has taken, so what it sees ascends.
TEST_P(TbbExecutorTest, EveryWorkerSeesAscendingIndices) {
  TbbExecutor executor(GetParam());
  std::vector<std::vector<std::size_t>> seen(GetParam());
  executor.for_each(kWork, [&](std::size_t index, std::size_t worker) {
    be_busy(index);
    seen[worker].push_back(index);
  });
  for (const auto& indices : seen) EXPECT_TRUE(std::ranges::is_sorted(indices));
}

// All workers must be inside at one time for any of them to go on: the threads are really there.
TEST_P(TbbExecutorTest, HasAsManyThreadsAsItSays) {
  TbbExecutor executor(GetParam());
  std::atomic<std::size_t> n_inside = 0;
  executor.for_each(GetParam(), [&](std::size_t, std::size_t) {
    n_inside.fetch_add(1);
    n_inside.notify_all();
    for (std::size_t seen; (seen = n_inside.load()) < GetParam();) n_inside.wait(seen);
  });
  EXPECT_EQ(n_inside.load(), GetParam());
}

TEST_P(TbbExecutorTest, AnErrorReachesTheCallerAfterAllRunningWork) {
  TbbExecutor executor(GetParam());
  std::atomic<int> n_inside = 0;
  const auto work = [&](std::size_t index, std::size_t) {
    ++n_inside;
    be_busy(index);
    --n_inside;
    if (index == 40) throw Error("index 40");
  };
  EXPECT_THROW(executor.for_each(kWork, work), Error);
  EXPECT_EQ(n_inside.load(), 0);
  EXPECT_NO_THROW(executor.for_each(40, work));
}

INSTANTIATE_TEST_SUITE_P(Threads, TbbExecutorTest, testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace qtot::rollout
