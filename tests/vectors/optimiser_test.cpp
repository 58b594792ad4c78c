// RMSprop, Adam and clipping by the global norm against PyTorch's.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"
#include "qtot/nn/optimiser.h"
#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

constexpr int kTensors = 3;
constexpr int kSteps = 10;

// The concatenation of <prefix>0<suffix>, <prefix>1<suffix>, ... as T: one flat vector, as in a network.
template <class T>
std::vector<T> flat(const Npz& file, const std::string& prefix, const std::string& suffix = "") {
  std::vector<T> all;
  for (int i = 0; i < kTensors; ++i) {
    const std::vector<double> part = file.at(prefix + std::to_string(i) + suffix).as_doubles();
    for (const double x : part) all.push_back(static_cast<T>(x));  // exact: no wider than T
  }
  return all;
}

nn::OptimiserConfig optimiser_config(const nlohmann::json& meta) {
  nn::OptimiserConfig config;
  config.optimiser = meta.at("optimiser").get<std::string>();
  config.lr = meta.at("lr").get<double>();
  config.alpha = meta.value("alpha", 0.99);
  config.eps = meta.value("eps", 1e-8);  // PyTorch's default, for both
  config.weight_decay = meta.value("weight_decay", 0.0);
  if (meta.contains("betas")) {
    config.beta1 = meta.at("betas").at(0).get<double>();
    config.beta2 = meta.at("betas").at(1).get<double>();
  }
  return config;
}

// Where the run in T began. PyTorch's float run worked in place on the arrays that were saved as
// inputs afterwards: `in/p` is what that run ended with and where the double run began. The float
// run's own beginning is one step back from its parameters after one step. The step hardly depends on
// the parameters (through weight decay alone), so it may be taken from where it ended.
template <class T>
std::vector<T> initial_params(const Npz& file, const std::string& number,
                              const nn::OptimiserConfig& config) {
  if (std::is_same_v<T, double>) return flat<T>(file, number + "/in/p");
  const std::vector<T> after = flat<T>(file, number + "/f32/p", "_after1");
  std::vector<T> further = after;
  nn::OptimiserState<T> state = nn::make_optimiser_state<T>(config, after.size());
  nn::optimiser_step<T>(config, 1, T(1), flat<T>(file, number + "/in/g0_"), further, state.first,
                        state.second);
  std::vector<T> before;
  for (std::size_t i = 0; i < after.size(); ++i)
    before.push_back(after[i] - (further[i] - after[i]));
  return before;
}

template <class T>
void check_optimiser(const Npz& file, const std::string& number, const nlohmann::json& meta) {
  SCOPED_TRACE("configuration " + number + ": " + meta.dump());
  const std::string in = number + "/in/";
  const std::string out = number + "/" + outputs_of<T>();
  const nn::OptimiserConfig config = optimiser_config(meta);
  std::vector<T> params = initial_params<T>(file, number, config);
  nn::OptimiserState<T> state = nn::make_optimiser_state<T>(config, params.size());
  Agreement agreement = agreement_of<T>();
  const auto compare = [&](const std::string& name, Kind kind, const std::vector<T>& ours,
                           const std::string& prefix, const std::string& suffix) {
    agreement.compare(name, kind, widen(std::span<const T>(ours)),
                      flat<double>(file, prefix, suffix));
  };
  for (int step = 0; step < kSteps; ++step) {
    const std::vector<T> gradient = flat<T>(file, in + "g" + std::to_string(step) + "_");
    nn::optimiser_step<T>(config, step + 1, T(1), gradient, params, state.first, state.second);
    if (step == 0 || step == 4 || step == 9) {
      const std::string suffix = "_after" + std::to_string(step + 1);
      compare("p" + suffix, Kind::kParam, params, out + "p", suffix);
    }
  }
  if (config.optimiser == "adam") {
    compare("exp_avg", Kind::kValue, state.first, out + "state", "_exp_avg");
    compare("exp_avg_sq", Kind::kValue, state.second, out + "state", "_exp_avg_sq");
  } else {
    compare("square_avg", Kind::kValue, state.second, out + "state", "_square_avg");
  }
  expect_agreement(agreement);
}

// Here, too, the float run worked in place: `in/g` is its clipped gradient, and the double run's input.
template <class T>
std::vector<T> unclipped_gradient(const Npz& file, const std::string& number, double max_norm) {
  std::vector<T> gradient = flat<T>(file, number + "in/g");
  if (std::is_same_v<T, double>) return gradient;
  const double norm = file.at(number + "f32/norm").as_doubles().at(0);
  const double coefficient = nn::clip_coefficient(norm, max_norm);
  for (T& g : gradient) g = static_cast<T>(static_cast<double>(g) / coefficient);
  return gradient;
}

template <class T>
class OptimiserVectors : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(OptimiserVectors, Scalars);

TYPED_TEST(OptimiserVectors, TenStepsOfAdamAndRmsprop) {
  const Npz file = Npz::load(committed_vector("unit_optimisers"));
  const nlohmann::json cases = file.json("meta").at("cases");
  ASSERT_EQ(cases.size(), 5u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    check_optimiser<TypeParam>(file, std::to_string(i), cases[i]);
  }
}

TYPED_TEST(OptimiserVectors, ClippingByTheGlobalNorm) {
  using T = TypeParam;
  const Npz file = Npz::load(committed_vector("unit_clip_grad_norm"));
  const nlohmann::json cases = file.json("meta").at("cases");
  ASSERT_EQ(cases.size(), 5u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    const std::string number = std::to_string(i) + "/";
    const std::string out = number + outputs_of<T>();
    const double max_norm = cases[i].at("max_norm").get<double>();
    const std::vector<T> gradient = unclipped_gradient<T>(file, number, max_norm);
    const double norm = math::sqrt(math::sum_of_squares<T>(gradient));
    const T coefficient = static_cast<T>(nn::clip_coefficient(norm, max_norm));
    std::vector<double> clipped;
    for (const T g : gradient) clipped.push_back(g * coefficient);

    Agreement agreement = agreement_of<T>();
    agreement.compare("norm", Kind::kScalar, norm, file.at(out + "norm").as_doubles().at(0));
    agreement.compare("clipped", Kind::kValue, clipped, flat<double>(file, out + "clipped"));
    expect_agreement(agreement);
  }
}

}  // namespace
}  // namespace qtot::test
