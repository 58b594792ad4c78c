#include "qtot/nn/params.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "qtot/nn/layer_norm.h"
#include "qtot/nn/linear.h"
#include "qtot/nn/workspace.h"
#include "support/random.h"

namespace qtot::nn {
namespace {

TEST(ParamLayout, KeepsTheOrderOfPyTorchsStateDict) {
  ParamLayout layout;
  Linear::add(layout, "fc", 3, 2);
  LayerNorm::add(layout, "norm", 2);
  std::vector<std::string> names;
  for (const TensorSpec& tensor : layout.tensors()) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"fc.weight", "fc.bias", "norm.weight", "norm.bias"}));
  EXPECT_EQ(layout.size(), 12U);
  EXPECT_EQ(layout.find("fc.weight")->shape(), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(layout.find("fc.bias")->shape(), (std::vector<std::size_t>{2}));
  EXPECT_EQ(layout.find("fc"), nullptr);
}

TEST(ParamLayoutDeathTest, RefusesANameTwice) {
  ParamLayout layout;
  Linear::add(layout, "fc", 3, 2);
  EXPECT_DEATH(Linear::add(layout, "fc", 3, 2), "check failed");
}

TEST(TransposeParams, TurnsMatricesAndCopiesVectors) {
  ParamLayout layout;
  Linear::add(layout, "fc", 3, 2);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> transposed(8);
  transpose_params<float>(layout, values, transposed);
  EXPECT_EQ(transposed, (std::vector<float>{1, 4, 2, 5, 3, 6, 7, 8}));
}

TEST(Initialise, IsUniformWithinOneOverTheRootOfTheInputs) {
  ParamLayout layout;
  Linear::add(layout, "fc", 100, 400);
  std::vector<double> values(layout.size());
  initialise<double>(layout, 7, values);
  double largest = 0, sum = 0, squares = 0;
  for (const double value : values) {
    largest = std::max(largest, std::abs(value));
    sum += value;
    squares += value * value;
  }
  const double n = static_cast<double>(values.size());
  EXPECT_LE(largest, 0.1);
  EXPECT_GT(largest, 0.0999);
  // five standard deviations of the mean, and of the mean square, of n uniform numbers
  EXPECT_NEAR(sum / n, 0, 5 * 0.1 / std::sqrt(3 * n));
  EXPECT_NEAR(squares / n, 0.01 / 3, 5 * 0.01 * std::sqrt(4.0 / 45 / n));
}

TEST(Initialise, DependsOnSeedTensorAndElementAlone) {
  ParamLayout small, large;
  Linear::add(small, "a", 20, 30);
  Linear::add(large, "a", 20, 30);
  Linear::add(large, "b", 20, 30);
  std::vector<float> first(small.size()), both(large.size()), other(large.size());
  initialise<float>(small, 7, first);
  initialise<float>(large, 7, both);
  initialise<float>(large, 8, other);
  EXPECT_EQ(first,
            std::vector<float>(both.begin(), both.begin() + static_cast<long>(first.size())));
  EXPECT_NE(std::vector<float>(both.begin(), both.begin() + 600),
            std::vector<float>(both.begin() + 630, both.begin() + 1230));
  EXPECT_NE(both, other);
}

TEST(Initialise, OrthogonalMatricesHaveOrthonormalRowsOrColumnsTimesTheGain) {
  for (const auto& [in, out] : {std::pair<Index, Index>{5, 9}, {9, 5}, {6, 6}}) {
    ParamLayout layout;
    Linear::add(layout, "fc", in, out, 0.5);
    std::vector<double> w(layout.size());
    initialise<double>(layout, 7, w);
    const bool by_columns = out >= in;
    const Index n = by_columns ? in : out;
    const Index length = by_columns ? out : in;
    const auto at = [&, columns = in](Index vector, Index i) {
      const Index k = by_columns ? i * columns + vector : vector * columns + i;
      return w[static_cast<std::size_t>(k)];
    };
    for (Index u = 0; u < n; ++u) {
      for (Index v = 0; v < n; ++v) {
        double inner = 0;
        for (Index i = 0; i < length; ++i) inner += at(u, i) * at(v, i);
        EXPECT_NEAR(inner, u == v ? 0.25 : 0, 1e-15) << out << "x" << in;
      }
    }
    for (Index j = 0; j < out; ++j) EXPECT_EQ(w[static_cast<std::size_t>(in * out + j)], 0);
  }
}

// A unit vector of the plane in a uniform direction has E[x^4] = 3/8; one that began in a square leans to
// the corners and has 0.35. The standard error of 4000 is 0.002.
TEST(Initialise, OrthogonalMatricesPreferNoDirection) {
  ParamLayout layout;
  layout.add_matrix("w", 1, 2, {.kind = Init::kOrthogonal, .scale = 1});
  constexpr int kSeeds = 4000;
  double fourth_moment = 0;
  std::vector<double> w(layout.size());
  for (int seed = 1; seed <= kSeeds; ++seed) {
    initialise<double>(layout, static_cast<std::uint64_t>(seed), w);
    fourth_moment += w[0] * w[0] * w[0] * w[0] / kSeeds;
  }
  EXPECT_NEAR(fourth_moment, 0.375, 0.008);
}

TEST(LayerNorm, BackwardEqualsCentralDifferences) {
  ParamLayout layout;
  const LayerNorm norm = LayerNorm::add(layout, "norm", 5);
  test::Random random(4);
  std::vector<double> params(10), x(15), d_y(15), d_x(15), gradient(10);
  random.fill(std::span(params));
  random.fill(std::span(x));
  random.fill(std::span(d_y));
  std::vector<double> normal(15), inverse(3), y(15);
  const auto run = [&] {
    forward<double>(norm, {.values = params.data(), .transposed = params.data()},
                    math::view(std::as_const(x).data(), 3, 5), math::view(normal.data(), 3, 5),
                    math::view(inverse.data(), 3, 1), math::view(y.data(), 3, 5));
    double loss = 0;
    for (std::size_t i = 0; i < 15; ++i) loss += y[i] * d_y[i];
    return loss;
  };
  run();
  backward<double>(norm, {.values = params.data(), .transposed = params.data()},
                   math::view(std::as_const(normal).data(), 3, 5),
                   math::view(std::as_const(inverse).data(), 3, 1),
                   math::view(std::as_const(d_y).data(), 3, 5), math::view(d_x.data(), 3, 5),
                   gradient.data());
  constexpr double kStep = 1e-5;  // truncation error ~ step^2, rounding error ~ 1e-16 / step
  const auto expect_slope = [&](double& value, double found, const char* what) {
    const double kept = value;
    value = kept + kStep;
    const double above = run();
    value = kept - kStep;
    const double below = run();
    value = kept;
    EXPECT_NEAR(found, (above - below) / (2 * kStep), 1e-8) << what;
  };
  for (std::size_t i = 0; i < 15; ++i) expect_slope(x[i], d_x[i], "x");
  for (std::size_t i = 0; i < 10; ++i) expect_slope(params[i], gradient[i], "parameter");
}

TEST(Workspace, GivesAlignedMemoryThatDoesNotOverlap) {
  Workspace<float> workspace;
  for (int round = 0; round < 3; ++round) {
    workspace.reset();
    std::vector<Buffer<float>> taken;
    for (const Index rows : {1, 3, 100, 7, 4000, 1}) taken.push_back(workspace.take(rows, 5));
    for (std::size_t i = 0; i < taken.size(); ++i) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(taken[i].data) % 64, 0U);
      taken[i].view().setConstant(static_cast<float>(i));
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
      EXPECT_TRUE((taken[i].view() == static_cast<float>(i)).all()) << i;
    }
  }
}

}  // namespace
}  // namespace qtot::nn
