#include "qtot/nn/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace qtot::nn {
namespace {

std::vector<double> softmax_of(std::vector<double> x) {
  const auto n = static_cast<math::Index>(x.size());
  const std::vector<double> input = x;
  softmax<double>(math::view(input.data(), 1, n), math::view(x.data(), 1, n));
  return x;
}

TEST(Softmax, GivesTheGoldenNumbers) {
  const std::vector<double> y = softmax_of({1, 2, 3});
  EXPECT_NEAR(y[0], 0.090030573170380457, 1e-16);  // 1 / (1 + e + e^2)
  EXPECT_NEAR(y[1], 0.24472847105479765, 1e-16);
  EXPECT_NEAR(y[2], 0.66524095577482189, 1e-15);
}

TEST(Softmax, AShiftThatRoundsNothingChangesNoBit) {
  EXPECT_EQ(softmax_of({0.5, -2, 1}), softmax_of({1024.5, 1022, 1025}));
  EXPECT_EQ(softmax_of({0, -1e4}), (std::vector<double>{1, 0}));
  EXPECT_EQ(softmax_of({7}), std::vector<double>{1});
}

TEST(Softmax, RowsAreApartAndMayLieInPlace) {
  std::vector<float> x = {1, 2, 3, 3, 2, 1};
  softmax<float>(math::view(static_cast<const float*>(x.data()), 2, 3), math::view(x.data(), 2, 3));
  EXPECT_EQ(x[0], x[5]);
  EXPECT_EQ(x[2], x[3]);
  EXPECT_NEAR(x[0] + x[1] + x[2], 1, 1e-6);
}

TEST(Softmax, BackwardIsTheDerivative) {
  const std::vector<double> x = {0.3, -1.2, 2, 0.7};
  const std::vector<double> d_y = {1.5, -0.4, 0.2, -2};
  const std::vector<double> y = softmax_of(x);
  std::vector<double> d_x(4);
  softmax_backward<double>(math::view(y.data(), 1, 4), math::view(d_y.data(), 1, 4),
                           math::view(d_x.data(), 1, 4));
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<double> above = x;
    std::vector<double> below = x;
    above[i] += kStep;
    below[i] -= kStep;
    above = softmax_of(above);
    below = softmax_of(below);
    double slope = 0;
    for (std::size_t j = 0; j < 4; ++j) slope += d_y[j] * (above[j] - below[j]) / (2 * kStep);
    EXPECT_NEAR(d_x[i], slope, 1e-9) << i;
  }
}

}  // namespace
}  // namespace qtot::nn
