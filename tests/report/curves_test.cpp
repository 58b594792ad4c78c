#include "qtot/report/curves.h"

#include <gtest/gtest.h>

#include "report/axis.h"
#include "report/text.h"

namespace qtot::report {
namespace {

using Steps = std::vector<std::int64_t>;

TEST(CurvesTest, TheFinalFigureIsTheMeanOfTheLastEvaluations) {
  const Samples samples = {{10, 100}, {20, 1}, {30, 2}, {40, 6}};
  EXPECT_EQ(final_figure(samples, 1), 6);
  EXPECT_EQ(final_figure(samples, 3), 3);
  EXPECT_EQ(final_figure(samples, 9), 109.0 / 4);
}

TEST(CurvesTest, TheRunningMeanLooksBackAndKeepsTheSteps) {
  const Samples samples = {{10, 3}, {20, 5}, {30, 1}, {40, 3}};
  EXPECT_EQ(running_mean(samples, 1), samples);
  EXPECT_EQ(running_mean(samples, 2), (Samples{{10, 3}, {20, 4}, {30, 3}, {40, 2}}));
  EXPECT_EQ(running_mean(samples, 100), (Samples{{10, 3}, {20, 4}, {30, 3}, {40, 3}}));
}

TEST(CurvesTest, TheGridReachesAsFarAsAllCurvesDo) {
  const CurveStrata curves = {{{{4, 0}, {100, 0}, {210, 0}, {300, 0}, {401, 0}}},
                              {{{8, 0}, {105, 0}, {203, 0}, {400, 0}}}};
  EXPECT_EQ(common_grid(curves), (Steps{8, 105, 203, 400}));
  EXPECT_EQ(common_grid({{{{4, 0}, {9, 0}}, {{10, 0}, {20, 0}}}}), Steps{});
  EXPECT_EQ(common_grid({{{{7, 0}}}}), Steps{7});
}

TEST(CurvesTest, BetweenEvaluationsTheValueIsLinear) {
  const Samples samples = {{10, 1}, {20, 3}, {40, 7}};
  EXPECT_EQ(value_at(samples, 10), 1);
  EXPECT_EQ(value_at(samples, 15), 2);
  EXPECT_EQ(value_at(samples, 20), 3);
  EXPECT_EQ(value_at(samples, 35), 6);
  EXPECT_EQ(value_at(samples, 40), 7);
}

TEST(CurvesTest, APointSumsUpWhatTheCurvesAreThere) {
  const CurveStrata curves = {{{{0, 0}, {10, 4}},
                               {{0, 2}, {10, 2}},
                               {{0, 1}, {10, 3}},
                               {{0, 9}, {10, 9}},
                               {{0, 0}, {5, 20}, {10, 20}}}};
  const std::vector<CurvePoint> points = summary_curve(curves, Bootstrap({5}, 100));
  ASSERT_EQ(points.size(), 2U);
  const CurvePoint& last = points.back();
  EXPECT_EQ(last.t_env, 10);
  EXPECT_EQ(last.n, 5U);
  EXPECT_EQ(last.mean, 38.0 / 5);
  EXPECT_EQ(last.median, 4);
  EXPECT_EQ(last.q25, 3);
  EXPECT_EQ(last.q75, 9);
  EXPECT_EQ(last.lowest, 2);
  EXPECT_EQ(last.highest, 20);
  EXPECT_EQ(last.iqm, 16.0 / 3);
  ASSERT_TRUE(last.iqm_interval);
  EXPECT_EQ(*last.iqm_interval, Bootstrap({5}, 100).intervals({{4, 2, 3, 9, 20}})->iqm);
}

std::string labels(const Axis& axis) {
  std::string text;
  for (const Tick& tick : axis.ticks) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

TEST(AxisTest, TicksAreRoundNumbersAroundTheValues) {
  EXPECT_EQ(labels(value_axis(0, 1, 7)), "0.0 0.2 0.4 0.6 0.8 1.0");
  EXPECT_EQ(labels(value_axis(0, 19.3, 7)), "0 5 10 15 20");
  EXPECT_EQ(labels(value_axis(-3.2, 7.5, 7)), "-4 -2 0 2 4 6 8");
  EXPECT_EQ(labels(value_axis(0.01, 0.014, 7)), "0.010 0.011 0.012 0.013 0.014");
  EXPECT_EQ(labels(value_axis(5, 5, 7)), "4.4 4.6 4.8 5.0 5.2 5.4 5.6");
  EXPECT_EQ(labels(value_axis(0, 1e-25, 7)), "0.000000000000 0.000000000001");
  EXPECT_EQ(labels(value_axis(0, 43000, 7)), "0 10000 20000 30000 40000 50000");
}

TEST(AxisTest, CoversTheValuesWhateverTheirSize) {
  for (const double scale : {1e-9, 1e-3, 1.0, 7.0, 1e5, 1e12, 1e200}) {
    for (const double low : {-1.0, 0.0, 0.3}) {
      const Axis axis = value_axis(low * scale, scale, 7);
      EXPECT_LE(axis.low, low * scale + 1e-9 * scale) << scale;
      EXPECT_GE(axis.high, scale * (1 - 1e-9)) << scale;
      EXPECT_GE(axis.ticks.size(), 2U) << scale;
      EXPECT_LE(axis.ticks.size(), 7U) << scale;
    }
  }
}

TEST(AxisTest, StepsAreCountedInThousandsAndMillions) {
  EXPECT_EQ(labels(step_axis(500, 6)), "0 100 200 300 400 500");
  EXPECT_EQ(labels(step_axis(150012, 6)), "0 50k 100k 150k");
  EXPECT_EQ(labels(step_axis(2050000, 6)), "0 0.5M 1M 1.5M 2M");
}

TEST(TextTest, NumbersHaveNoMoreDigitsThanTheyNeed) {
  EXPECT_EQ(trimmed(1.50, 3), "1.5");
  EXPECT_EQ(trimmed(-0.0004, 3), "0");
  EXPECT_EQ(trimmed(100, 2), "100");
  EXPECT_EQ(fixed(2.345, 1), "2.3");
  EXPECT_EQ(exact(0.1), "0.1");
}

}  // namespace
}  // namespace qtot::report
