// The elementary functions, their slopes and layer norm against PyTorch's on the same inputs.
#include <gtest/gtest.h>

#include <functional>

#include "qtot/math/elementary.h"
#include "qtot/nn/layer_norm.h"
#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using math::Index;

template <class T>
class ElementwiseVectors : public testing::Test {
 protected:
  // Compares f and its slope times grad_out, elementwise.
  void check(const std::string& name, const std::function<T(T)>& f,
             const std::function<T(T x, T y)>& slope) {
    const Npz file = Npz::load(committed_vector("unit_elementwise"));
    const std::vector<T> x = input_as<T>(file.at("in/x"));
    const std::vector<T> d_y = input_as<T>(file.at("in/grad_out"));
    std::vector<double> y;
    std::vector<double> d_x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T value = f(x[i]);
      y.push_back(value);
      d_x.push_back(d_y[i] * slope(x[i], value));
    }
    Agreement agreement = agreement_of<T>();
    compare_each(agreement, name + "/out", y, file.at(outputs_of<T>() + name + "/out"));
    compare_each(agreement, name + "/grad_x", d_x, file.at(outputs_of<T>() + name + "/grad_x"));
    expect_agreement(agreement);
  }

 private:
  static void compare_each(Agreement& agreement, const std::string& name,
                           const std::vector<double>& ours, const Array& theirs) {
    // each for itself: the maximum of 100 would allow too much in the small ones
    const std::vector<double> expected = theirs.as_doubles();
    ASSERT_EQ(ours.size(), expected.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      agreement.compare(name + "[" + std::to_string(i) + "]", Kind::kValue, ours[i], expected[i]);
    }
  }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ElementwiseVectors, Scalars);

TYPED_TEST(ElementwiseVectors, Relu) {
  using T = TypeParam;
  this->check(
      "relu", [](T x) { return math::relu(x); }, [](T x, T) { return math::relu_slope(x); });
}

TYPED_TEST(ElementwiseVectors, Elu) {
  using T = TypeParam;
  this->check(
      "elu", [](T x) { return math::elu(x); }, [](T x, T y) { return math::elu_slope(x, y); });
}

TYPED_TEST(ElementwiseVectors, Sigmoid) {
  using T = TypeParam;
  this->check(
      "sigmoid", [](T x) { return math::sigmoid(x); },
      [](T, T y) { return math::sigmoid_slope(y); });
}

TYPED_TEST(ElementwiseVectors, Tanh) {
  using T = TypeParam;
  this->check(
      "tanh", [](T x) { return math::tanh(x); }, [](T, T y) { return math::tanh_slope(y); });
}

TYPED_TEST(ElementwiseVectors, Abs) {
  using T = TypeParam;
  this->check(
      "abs", [](T x) { return math::abs(x); }, [](T x, T) { return math::abs_slope(x); });
}

TYPED_TEST(ElementwiseVectors, SoftplusOfBetaOneAndTwo) {
  using T = TypeParam;
  for (const int beta : {1, 2}) {
    const T b = static_cast<T>(beta);
    this->check(
        "softplus_beta" + std::to_string(beta), [b](T x) { return math::softplus(x, b); },
        [b](T x, T) { return math::softplus_slope(x, b); });
  }
}

TYPED_TEST(ElementwiseVectors, LayerNorm) {
  using T = TypeParam;
  constexpr Index kRows = 20;
  constexpr Index kDim = 10;
  const Npz file = Npz::load(committed_vector("unit_elementwise"));
  const std::vector<T> x = input_as<T>(file.at("in/x"));  // the first 200
  const std::vector<T> d_y = input_as<T>(file.at("in/grad_out"));
  const std::string prefix = outputs_of<T>() + "layernorm_20x10/";

  nn::ParamLayout layout;
  const nn::LayerNorm norm = nn::LayerNorm::add(layout, "norm", kDim);
  std::vector<T> params = input_as<T>(file.at("param/layernorm.weight"));
  const std::vector<T> shift = input_as<T>(file.at("param/layernorm.bias"));
  params.insert(params.end(), shift.begin(), shift.end());
  ASSERT_EQ(params.size(), layout.size());
  const nn::Weights<T> w{params.data(), params.data()};

  math::Mat<T> normal(kRows, kDim), inverse(kRows, 1), y(kRows, kDim), d_x(kRows, kDim);
  std::vector<T> gradient(layout.size());
  const auto in = math::view(x.data(), kRows, kDim);
  nn::forward(norm, w, in, math::view(normal), math::view(inverse), math::view(y));
  nn::backward(norm, w, math::as_const(math::view(normal)), math::as_const(math::view(inverse)),
               math::view(d_y.data(), kRows, kDim), math::view(d_x), gradient.data());

  Agreement agreement = agreement_of<T>();
  const auto compare = [&](const char* name, Kind kind, std::span<const T> ours) {
    agreement.compare(name, kind, widen(ours), file.at(prefix + name).as_doubles());
  };
  compare("out", Kind::kValue, {y.data(), 200});
  compare("grad_x", Kind::kGradient, {d_x.data(), 200});
  compare("grad_weight", Kind::kGradient, {gradient.data(), 10});
  compare("grad_bias", Kind::kGradient, {gradient.data() + 10, 10});
  expect_agreement(agreement);
}

}  // namespace
}  // namespace qtot::test
