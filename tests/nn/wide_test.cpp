// What nn computes in math::Wide: nothing of it passes through double.
#ifdef QTOT_WIDE

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "qtot/math/elementary.h"
#include "qtot/nn/layer_norm.h"
#include "qtot/nn/linear.h"
#include "qtot/nn/optimiser.h"
#include "qtot/nn/workspace.h"
#include "support/random.h"

namespace qtot::nn {
namespace {

using math::Wide;

// A few dozen roundings of 2^-113, where a single one of double would be 2^-53.
const Wide kTolerance = 1e-32;

void expect_near(const Wide& found, const Wide& expected) {
  EXPECT_LT(math::abs(found - expected), kTolerance) << found << " vs " << expected;
}

TEST(WideOptimiser, ComputesItsCoefficientsInWide) {
  for (const char* name : {"rmsprop", "adam", "radam"}) {
    const OptimiserConfig config{.optimiser = name, .lr = 0.1, .alpha = 0.9, .eps = 0.3};
    const Wide lr = config.lr;
    const Wide b1 = config.beta1;
    const Wide b2 = config.beta2;
    const Wide alpha = config.alpha;
    OptimiserState<Wide> state = make_optimiser_state<Wide>(config, 1);
    std::vector<Wide> params = {1};
    Wide p = 1;
    Wide m = 0;
    Wide v = 0;
    Wide power1 = 1;
    Wide power2 = 1;
    for (int k = 1; k <= 7; ++k) {
      const Wide g = Wide(k) / 7 - Wide(1) / 3;
      const std::vector<Wide> gradient = {g};
      optimiser_step<Wide>(config, k, Wide(1), gradient, params, state.first, state.second);

      power1 *= b1;
      power2 *= b2;
      const Wide c1 = 1 - power1;
      const Wide c2 = 1 - power2;
      m = b1 * m + (1 - b1) * g;
      if (config.optimiser == "rmsprop") {
        v = alpha * v + (1 - alpha) * g * g;
        p -= lr * g / (math::sqrt(v) + config.eps);
      } else {
        v = b2 * v + (1 - b2) * g * g;
        const Wide longest = 2 / (1 - b2) - 1;
        const Wide length = longest - 2 * k * power2 / c2;
        const Wide r = math::sqrt((length - 4) * (length - 2) * longest /
                                  ((longest - 4) * (longest - 2) * length));
        const Wide deviation = math::sqrt(v / c2) + config.eps;
        if (config.optimiser == "adam") p -= lr * (m / c1) / deviation;
        if (config.optimiser == "radam")
          p -= lr * (k < 6 ? Wide(m / c1) : r * (m / c1) / deviation);
      }
      expect_near(params[0], p);
    }
  }
}

TEST(WideOptimiser, ClipsByANormInWide) {
  const Wide norm = math::sqrt(Wide(500));
  expect_near(clip_coefficient(norm, 10), 10 / (norm + 1e-6));
  expect_near(clip_coefficient(norm, 10, false), 10 / norm);
  EXPECT_EQ(clip_coefficient(Wide(3), 10), 1);
  expect_near(power(Wide(0.9), 10), math::exp(10 * math::log1p(Wide(0.9) - 1)));
}

// mean, variance and slopes against their definitions
TEST(WideLayerNorm, SumsInWide) {
  constexpr Index kDim = 3;
  ParamLayout layout;
  const LayerNorm norm = LayerNorm::add(layout, "norm", kDim);
  const std::vector<Wide> params = {2, 3, 5, Wide(1) / 7, 0, -1};
  const std::vector<Wide> x = {Wide(1) / 3, Wide(2) / 7, -Wide(1) / 11};
  std::vector<Wide> normal(kDim), inverse(1), y(kDim);
  forward<Wide>(norm, {.values = params.data(), .transposed = params.data()},
                math::view(x.data(), 1, kDim), math::view(normal.data(), 1, kDim),
                math::view(inverse.data(), 1, 1), math::view(y.data(), 1, kDim));
  const Wide mean = (x[0] + x[1] + x[2]) / 3;
  Wide variance = 0;
  for (const Wide& value : x) variance += (value - mean) * (value - mean) / 3;
  expect_near(inverse[0], 1 / math::sqrt(variance + 1e-5));
  for (std::size_t i = 0; i < kDim; ++i) {
    expect_near(y[i], (x[i] - mean) / math::sqrt(variance + 1e-5) * params[i] + params[3 + i]);
  }
}

TEST(WideParams, BeginAsThoseOfDouble) {
  ParamLayout layout;
  Linear::add(layout, "fc", 7, 5);
  Linear::add(layout, "orthogonal", 5, 3, 0.5);
  LayerNorm::add(layout, "norm", 4);
  std::vector<double> of_double(layout.size());
  std::vector<Wide> of_wide(layout.size());
  std::vector<Wide> transposed(layout.size());
  initialise<double>(layout, 3, of_double);
  initialise<Wide>(layout, 3, of_wide);
  for (std::size_t i = 0; i < layout.size(); ++i) EXPECT_EQ(of_wide[i], of_double[i]) << i;
  transpose_params<Wide>(layout, of_wide, transposed);
  EXPECT_EQ(transposed[1], of_wide[7]);  // [5, 7] became [7, 5]
}

// Wide has a constructor and is aligned like a cache line all the same.
TEST(WideWorkspace, GivesAlignedMemoryThatDoesNotOverlap) {
  Workspace<Wide> workspace;
  for (int round = 0; round < 3; ++round) {
    workspace.reset();
    std::vector<Buffer<Wide>> taken;
    for (const Index rows : {1, 3, 100, 7, 4000, 1}) taken.push_back(workspace.take(rows, 5));
    for (std::size_t i = 0; i < taken.size(); ++i) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(taken[i].data) % 64, 0U);
      taken[i].view().setConstant(static_cast<double>(i));
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
      for (Index k = 0; k < 5 * taken[i].rows; ++k) ASSERT_EQ(taken[i].data[k], i);
    }
  }
  const Buffer<Wide> zeros = workspace.take_zero(3, 3);
  for (Index k = 0; k < 9; ++k) EXPECT_EQ(zeros.data[k], 0);
}

}  // namespace
}  // namespace qtot::nn

#endif  // QTOT_WIDE
