#include "qtot/report/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "support/random.h"

namespace qtot::report {
namespace {

std::vector<double> values_of(std::uint64_t seed, std::size_t n) {
  std::vector<double> values;
  math::Draws draws({.seed = seed, .stream = math::Stream::kInit});
  for (std::size_t i = 0; i < n; ++i) values.push_back(draws.uniform() * 20 - 10);
  return values;
}

TEST(StatisticsTest, AreThoseOfNumPyAndSciPy) {
  // numpy.quantile(x, [0, .25, .5, .75, 1]) and scipy.stats.trim_mean(x, .25)
  const std::vector<double> five = {1, 2, 4, 8, 16};
  EXPECT_EQ(mean_of(five), 6.2);
  EXPECT_EQ(quantile(five, 0), 1);
  EXPECT_EQ(quantile(five, 0.25), 2);
  EXPECT_EQ(quantile(five, 0.5), 4);
  EXPECT_EQ(quantile(five, 0.75), 8);
  EXPECT_EQ(quantile(five, 1), 16);
  EXPECT_EQ(interquartile_mean(five), 14.0 / 3);

  const std::vector<double> eight = {1, 2, 3, 4, 5, 6, 7, 16};
  EXPECT_EQ(quantile(eight, 0.25), 2.75);
  EXPECT_EQ(quantile(eight, 0.5), 4.5);
  EXPECT_EQ(quantile(eight, 0.75), 6.25);
  EXPECT_EQ(interquartile_mean(eight), 4.5);
}

TEST(StatisticsTest, TheInterquartileMeanOfThreeIsTheirMean) {
  EXPECT_EQ(interquartile_mean(std::vector<double>{1, 2, 9}), 4);
  EXPECT_EQ(interquartile_mean(std::vector<double>{7}), 7);
}

// The k-th value of n is the quantile k / (n - 1); between them it is linear.
TEST(StatisticsTest, QuantilesGoThroughTheOrderStatistics) {
  for (std::size_t n = 2; n < 20; ++n) {
    std::vector<double> values = values_of(n, n);
    std::ranges::sort(values);
    for (std::size_t k = 0; k < n; ++k) {
      const double p = static_cast<double>(k) / static_cast<double>(n - 1);
      EXPECT_NEAR(quantile(values, p), values[k], 1e-12) << k << " of " << n;
    }
  }
}

TEST(StatisticsTest, TheInterquartileMeanIsThatOfTheMiddleByItsDefinition) {
  for (std::size_t n = 1; n < 40; ++n) {
    std::vector<double> values = values_of(n, n);
    std::ranges::sort(values);
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (i < n / 4 || i >= n - n / 4) continue;
      sum += values[i];
      ++count;
    }
    EXPECT_EQ(interquartile_mean(values), sum / static_cast<double>(count)) << n;
  }
}

TEST(StatisticsTest, PoolingForgetsTheStrata) {
  EXPECT_EQ(pooled({{3, 1}, {2}}), (std::vector<double>{1, 2, 3}));
}

TEST(BootstrapTest, AResampleDrawsFromEachStratumAsManyAsItHas) {
  const Bootstrap bootstrap({3, 1, 5}, 500);
  for (std::size_t r = 0; r < 500; ++r) {
    for (const auto& [stratum, size] : std::map<std::size_t, std::size_t>{{0, 3}, {1, 1}, {2, 5}}) {
      const auto drawn = bootstrap.drawn(r, stratum);
      ASSERT_EQ(drawn.size(), size);
      for (const std::uint32_t run : drawn) ASSERT_LT(run, size);
    }
  }
}

TEST(BootstrapTest, EveryRunIsDrawnEquallyOften) {
  constexpr std::size_t kN = 5, kDraws = 20000;
  const Bootstrap bootstrap({kN}, kDraws);
  std::vector<double> counts(kN);
  for (std::size_t r = 0; r < kDraws; ++r) {
    for (const std::uint32_t run : bootstrap.drawn(r, 0)) ++counts[run];
  }
  for (const double count : counts) {
    EXPECT_NEAR(count / static_cast<double>(kDraws), 1, 0.03);  // 4.7 standard deviations
  }
}

// The interval again, from its definition: every resample drawn, sorted, its quantiles.
TEST(BootstrapTest, IntervalsAreTheQuantilesOverTheResamples) {
  const Strata strata = {values_of(1, 6), values_of(2, 4)};
  constexpr std::size_t kResamples = 400;
  const Bootstrap bootstrap({6, 4}, kResamples);
  std::vector<double> means, medians, iqms;
  for (std::size_t r = 0; r < kResamples; ++r) {
    std::vector<double> values;
    for (std::size_t s = 0; s < 2; ++s) {
      for (const std::uint32_t run : bootstrap.drawn(r, s)) values.push_back(strata[s][run]);
    }
    std::ranges::sort(values);
    means.push_back(mean_of(values));
    medians.push_back(quantile(values, 0.5));
    iqms.push_back(interquartile_mean(values));
  }
  const auto interval = [](std::vector<double> values) {
    std::ranges::sort(values);
    return Interval{.lo = quantile(values, 0.025), .hi = quantile(values, 0.975)};
  };
  const auto found = bootstrap.intervals(strata);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mean, interval(means));
  EXPECT_EQ(found->median, interval(medians));
  EXPECT_EQ(found->iqm, interval(iqms));
}

// The mean of n values with standard deviation s has the 95 % interval +- 1.96 s / sqrt(n), nearly.
TEST(BootstrapTest, TheIntervalOfTheMeanIsThatOfTheNormalApproximation) {
  const std::vector<double> values = values_of(3, 400);
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double mean = sum / 400;
  const double variance = squares / 400 - mean * mean;
  const auto found = Bootstrap({400}, 4000).intervals({values});
  ASSERT_TRUE(found);
  const double half = (found->mean.hi - found->mean.lo) / 2;
  EXPECT_NEAR(half * half, 1.96 * 1.96 * variance / 400, 0.1 * half * half);
  EXPECT_NEAR((found->mean.lo + found->mean.hi) / 2, mean, 0.1 * half);
}

// A golden one: another compiler, machine or order of drawing would show.
TEST(BootstrapTest, IsTheSameToTheBitEverywhere) {
  const auto found = Bootstrap({4, 3}, 1000).intervals({{1, 2, 4, 8}, {3, 5, 7}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mean, (Interval{.lo = 19.0 / 7, .hi = 6}));
  EXPECT_EQ(found->median, (Interval{.lo = 2, .hi = 7}));
  EXPECT_EQ(found->iqm, (Interval{.lo = 2.4, .hi = 6.4}));
}

TEST(BootstrapTest, WhereNothingCanVaryThereIsNoInterval) {
  EXPECT_FALSE(Bootstrap({1, 1}, 100).intervals({{3}, {4}}));
  const auto found = Bootstrap({3}, 100).intervals({{5, 5, 5}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->iqm, (Interval{.lo = 5, .hi = 5}));
}

}  // namespace
}  // namespace qtot::report
