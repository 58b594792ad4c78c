// RAdam, and what peers and mistakes do differently in the others, against the formulas written out.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "qtot/nn/optimiser.h"

namespace qtot::nn {
namespace {

// a few roundings of numbers of order 1
constexpr double kTolerance = 1e-15;
// the length of RAdam's average is the difference of two numbers near 2000 and about 5: r has three
// digits less, and moves the parameter by a hundredth of itself
constexpr double kRadamTolerance = 1e-14;

// Parameters after each of the steps with the gradients g(1), g(2), ..., from 1.
std::vector<double> run(const OptimiserConfig& config, int n_steps,
                        const std::function<double(int)>& gradient) {
  std::vector<double> params = {1};
  OptimiserState<double> state = make_optimiser_state<double>(config, 1);
  std::vector<double> path;
  for (int k = 1; k <= n_steps; ++k) {
    const std::vector<double> g = {gradient(k)};
    optimiser_step<double>(config, k, 1, g, params, state.first, state.second);
    path.push_back(params[0]);
  }
  return path;
}

double wave(int k) {
  return k % 3 - 0.7 + 0.1 * k;
}

void expect_path(const std::vector<double>& path, const std::function<double(int, double)>& step,
                 double tolerance = kTolerance) {
  double p = 1;
  for (std::size_t i = 0; i < path.size(); ++i) {
    p = step(static_cast<int>(i) + 1, p);
    EXPECT_NEAR(path[i], p, tolerance) << "step " << i + 1;
  }
}

// Moments as Adam defines them.
struct Moments {
  double b1 = 0.9;
  double b2 = 0.999;
  double m = 0;
  double v = 0;

  void add(double g) {
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
  }
  double c1(int k) const { return 1 - std::pow(b1, k); }
  double c2(int k) const { return 1 - std::pow(b2, k); }
};

TEST(Radam, IsItsFormulaInTheFirstEightSteps) {
  const OptimiserConfig config{.optimiser = "radam", .lr = 0.01, .eps = 1e-3};
  Moments moments;
  int n_rectified = 0;
  expect_path(
      run(config, 8, wave),
      [&](int k, double p) {
        moments.add(wave(k));
        const double b2k = std::pow(moments.b2, k);
        const double longest = 2 / (1 - moments.b2) - 1;  // 1999
        const double length = longest - 2 * k * b2k / (1 - b2k);
        const double mean = moments.m / moments.c1(k);
        if (length < 5) return p - config.lr * mean;
        ++n_rectified;
        const double r = std::sqrt((length - 4) * (length - 2) * longest /
                                   ((longest - 4) * (longest - 2) * length));
        return p - config.lr * r * mean / (std::sqrt(moments.v / moments.c2(k)) + config.eps);
      },
      kRadamTolerance);
  EXPECT_EQ(n_rectified, 3);  // steps 6, 7, 8
}

TEST(Radam, NeverRectifiesWhereTheAverageIsAlwaysShort) {
  OptimiserConfig config{.optimiser = "radam", .lr = 0.01, .beta2 = 0.5};  // length at most 3
  Moments moments{.b2 = 0.5};
  expect_path(run(config, 8, wave), [&](int k, double p) {
    moments.add(wave(k));
    return p - config.lr * moments.m / moments.c1(k);
  });
}

TEST(Adam, WithoutBiasCorrectionDividesByNothing) {
  const OptimiserConfig config{
      .optimiser = "adam", .lr = 0.01, .eps = 1e-3, .bias_correction = false};
  Moments moments;
  expect_path(run(config, 5, wave), [&](int k, double p) {
    moments.add(wave(k));
    return p - config.lr * moments.m / (std::sqrt(moments.v) + config.eps);
  });
}

TEST(Adam, EpsMayStandInsideTheRoot) {
  const OptimiserConfig config{
      .optimiser = "adam", .lr = 0.01, .eps = 1e-3, .eps_place = EpsPlace::kInsideRoot};
  Moments moments;
  expect_path(run(config, 5, wave), [&](int k, double p) {
    moments.add(wave(k));
    return p - config.lr * (moments.m / moments.c1(k)) /
                   std::sqrt(moments.v / moments.c2(k) + config.eps);
  });
}

TEST(Rmsprop, EpsMayStandInsideTheRoot) {
  const OptimiserConfig config{.lr = 0.01, .eps = 1e-3, .eps_place = EpsPlace::kInsideRoot};
  double v = 0;
  expect_path(run(config, 5, wave), [&](int k, double p) {
    v = config.alpha * v + (1 - config.alpha) * wave(k) * wave(k);
    return p - config.lr * wave(k) / std::sqrt(v + config.eps);
  });
}

// AdamW: the decay multiplies the parameter and enters neither moment.
TEST(WeightDecay, MayBeDecoupled) {
  OptimiserConfig config{.optimiser = "adam", .lr = 0.01, .eps = 1e-3, .weight_decay = 0.3};
  config.decoupled_weight_decay = true;
  Moments moments;
  expect_path(run(config, 5, wave), [&](int k, double p) {
    moments.add(wave(k));
    p *= 1 - config.lr * config.weight_decay;
    return p - config.lr * (moments.m / moments.c1(k)) /
                   (std::sqrt(moments.v / moments.c2(k)) + config.eps);
  });
}

TEST(WeightDecay, IsAddedToTheGradientByDefault) {
  const OptimiserConfig config{.lr = 0.01, .eps = 1e-3, .weight_decay = 0.3};
  double v = 0;
  expect_path(run(config, 5, wave), [&](int k, double p) {
    const double g = wave(k) + config.weight_decay * p;
    v = config.alpha * v + (1 - config.alpha) * g * g;
    return p - config.lr * g / (std::sqrt(v) + config.eps);
  });
}

}  // namespace
}  // namespace qtot::nn
