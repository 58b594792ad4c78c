#include "qtot/nn/optimiser.h"

#include <gtest/gtest.h>

#include <vector>

#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"

namespace qtot::nn {
namespace {

// Two steps with clipping at 10, against numbers from PyTorch 1.13 in double.
void expect_golden(const OptimiserConfig& config, const std::vector<double>& after_one,
                   const std::vector<double>& after_two) {
  std::vector<double> params = {1, -2, .5};
  OptimiserState<double> state = make_optimiser_state<double>(config, 3);
  const std::vector<std::vector<double>> gradients = {{.3, -4, 0}, {20, 1, 1e-6}};
  const std::vector<double> norms = {4.011234224026, 20.024984394501};
  for (std::size_t k = 0; k < 2; ++k) {
    const double norm = math::sqrt(math::sum_of_squares<double>(gradients[k]));
    EXPECT_NEAR(norm, norms[k], 6e-13);  // the golden numbers have 12 decimals
    optimiser_step<double>(config, static_cast<std::int64_t>(k) + 1, clip_coefficient(norm, 10),
                           gradients[k], params, state.first, state.second);
    const std::vector<double>& golden = k == 0 ? after_one : after_two;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(params[i], golden[i], 6e-13) << k << " " << i;
  }
}

TEST(Rmsprop, GivesTheGoldenNumbersOfPyTorch) {
  expect_golden({.optimiser = "rmsprop", .lr = 5e-4, .alpha = .99, .eps = 1e-5},
                {.995001666111, -1.995000124997, .5},
                {.990003947703, -1.995622593472, .499975155261});
}

TEST(Adam, GivesTheGoldenNumbersOfPyTorch) {
  expect_golden({.optimiser = "adam", .lr = 1e-3, .eps = 1e-8},
                {.999000000033, -1.999000000003, .5},
                {.998236090613, -1.998427339213, .499276351493});
}

TEST(OptimiserStep, OfPartsIsTheStepOfTheWhole) {
  for (const char* name : {"rmsprop", "adam", "radam"}) {
    const OptimiserConfig config{.optimiser = name, .weight_decay = 0.01};
    const std::vector<float> gradient = {.3F, -4, 0, 7, 1e-3F};
    std::vector<float> whole = {1, 2, 3, 4, 5};
    std::vector<float> parts = whole;
    OptimiserState<float> state = make_optimiser_state<float>(config, 5);
    OptimiserState<float> part_state = state;
    optimiser_step<float>(config, 1, .5F, gradient, whole, state.first, state.second);
    for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 2}, {2, 3}}) {
      const auto part = [f = first, n = count](std::vector<float>& all) {
        return all.empty() ? std::span<float>() : std::span(all).subspan(f, n);
      };
      optimiser_step<float>(config, 1, .5F, std::span(gradient).subspan(first, count), part(parts),
                            part(part_state.first), part(part_state.second));
    }
    EXPECT_EQ(parts, whole) << name;
  }
}

TEST(ClipCoefficient, LeavesSmallNormsAndShrinksLargeOnes) {
  EXPECT_EQ(clip_coefficient(9, 10), 1);
  EXPECT_EQ(clip_coefficient(0, 10), 1);
  EXPECT_EQ(clip_coefficient(20, 10), 10 / (20 + 1e-6));
}

TEST(ClipCoefficient, WithoutEpsilonIsOptaxs) {
  EXPECT_EQ(clip_coefficient(20, 10, false), 0.5);
  EXPECT_EQ(clip_coefficient(10, 10, false), 1);
  EXPECT_EQ(clip_coefficient(3, 10, false), 1);
  EXPECT_EQ(clip_coefficient(10, 10), 10 / (10 + 1e-6));
}

TEST(Power, IsExactWhereThePowerIs) {
  EXPECT_EQ(power(0.5, 10), 1.0 / 1024);
  EXPECT_EQ(power(3, 20), 3486784401.0);
  EXPECT_EQ(power(0.9, 0), 1);
}

}  // namespace
}  // namespace qtot::nn
