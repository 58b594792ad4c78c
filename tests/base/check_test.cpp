#include "qtot/base/check.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/base/executor.h"
#include "qtot/base/function_ref.h"

namespace qtot {
namespace {

TEST(CheckDeathTest, AViolatedComparisonPrintsPlaceConditionAndBothValues) {
  const int rows = 3;
  const std::string name = "gates";
  EXPECT_DEATH(QTOT_CHECK_EQ(rows, 4), "check_test.cpp:[0-9]+: check failed: rows == 4 .3 vs 4.");
  EXPECT_DEATH(QTOT_CHECK_NE(name, "gates"), "name != \"gates\" .gates vs gates.");
  EXPECT_DEATH(QTOT_CHECK_LT(rows, 3), "rows < 3 .3 vs 3.");
  EXPECT_DEATH(QTOT_CHECK_LE(rows, 2), "rows <= 2 .3 vs 2.");
  EXPECT_DEATH(QTOT_CHECK_GT(rows, 3), "rows > 3 .3 vs 3.");
  EXPECT_DEATH(QTOT_CHECK_GE(rows, 4), "rows >= 4 .3 vs 4.");
  EXPECT_DEATH(QTOT_CHECK(rows == 5), "check failed: rows == 5");
}

TEST(Check, EvaluatesItsOperandsOnce) {
  int n_calls = 0;
  const auto next = [&n_calls] { return ++n_calls; };
  QTOT_CHECK_EQ(next(), 1);
  QTOT_CHECK_LE(2, next());
  EXPECT_EQ(n_calls, 2);
}

TEST(Check, IsOneStatement) {
  bool reached = false;
  if (reached)
    QTOT_CHECK_EQ(1, 2);
  else
    reached = true;
  EXPECT_TRUE(reached);
}

TEST(Error, CarriesItsSentenceAndItsExitCode) {
  EXPECT_STREQ(Error("no such file").what(), "no such file");
  EXPECT_EQ(Error("bad").exit_code(), ExitCode::kBadInput);
  EXPECT_EQ(static_cast<int>(Error("peer lost", ExitCode::kStopped).exit_code()), 75);
}

int twice(FunctionRef<int(int)> f, int x) {
  return f(f(x));
}

TEST(FunctionRef, CallsWhatItIsGivenAndCopiesNothing) {
  int n_calls = 0;
  auto counting = [&n_calls](int x) {
    ++n_calls;
    return 3 * x;
  };
  EXPECT_EQ(twice(counting, 2), 18);
  EXPECT_EQ(n_calls, 2);

  struct Stateful {
    int sum = 0;
    int operator()(int x) { return sum += x; }
  } stateful;
  EXPECT_EQ(twice(stateful, 5), 10);
  EXPECT_EQ(stateful.sum, 10) << "a copy was called";
  EXPECT_EQ(twice(FunctionRef<int(int)>(counting), 1), 9);
}

TEST(FunctionRef, PassesReferencesThrough) {
  const auto append = [](std::vector<int>& x, int value) { x.push_back(value); };
  const FunctionRef<void(std::vector<int>&, int)> f = append;
  std::vector<int> x;
  f(x, 7);
  EXPECT_EQ(x, std::vector<int>{7});
}

TEST(SerialExecutor, RunsEveryIndexOnceInAscendingOrderOnWorkerZero) {
  SerialExecutor executor;
  EXPECT_EQ(executor.n_workers(), 1u);
  std::vector<std::pair<std::size_t, std::size_t>> calls;
  executor.for_each(4, [&](std::size_t i, std::size_t worker) { calls.emplace_back(i, worker); });
  EXPECT_EQ(calls,
            (std::vector<std::pair<std::size_t, std::size_t>>{{0, 0}, {1, 0}, {2, 0}, {3, 0}}));
  executor.for_each(0, [&](std::size_t, std::size_t) { FAIL(); });
}

}  // namespace
}  // namespace qtot
