// The GRU cell, put together from the kernels that the recurrent agent uses, against PyTorch's.
#include <gtest/gtest.h>

#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "qtot/nn/linear.h"
#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using math::Index;
using math::Mat;

template <class T>
Mat<T> matrix(const Array& array) {
  const std::vector<T> values = input_as<T>(array);
  return math::view(values.data(), static_cast<Index>(array.shape().at(0)),
                    static_cast<Index>(array.shape().at(1)));
}

// M rows through `n_steps` steps with the same input, back from a gradient at the last output alone.
template <class T>
class Cell {
 public:
  explicit Cell(const Npz& file) : x_(matrix<T>(file.at("in/x"))), h0_(matrix<T>(file.at("in/h"))) {
    const Index h = h0_.cols();
    input_.in = x_.cols();
    recurrent_.in = h;
    input_.out = recurrent_.out = 3 * h;
    input_.weight = layout_.add_matrix("weight_ih", 3 * h, x_.cols(), {});
    recurrent_.weight = layout_.add_matrix("weight_hh", 3 * h, h, {});
    input_.bias = layout_.add_vector("bias_ih", 3 * h, {});
    recurrent_.bias = layout_.add_vector("bias_hh", 3 * h, {});
    for (const nn::TensorSpec& tensor : layout_.tensors()) {
      const std::vector<T> values =
          input_as<T>(file.at("param/" + tensor.name).require_shape(tensor.shape()));
      params_.insert(params_.end(), values.begin(), values.end());
    }
    transposed_.resize(params_.size());
    nn::transpose_params<T>(layout_, params_, transposed_);
  }

  void compare(const Npz& file, int n_steps, const std::string& prefix, Agreement& agreement) {
    forward(n_steps);
    backward(matrix<T>(file.at("in/grad_out")));
    const auto check = [&](const std::string& name, Kind kind, std::span<const T> ours) {
      agreement.compare(prefix + name, kind, widen(ours), file.at(prefix + name).as_doubles());
    };
    const auto all = [](const Mat<T>& m) {
      return std::span<const T>(m.data(), static_cast<std::size_t>(m.size()));
    };
    check("out", Kind::kValue, all(hidden_.back()));
    check("grad_x", Kind::kGradient, all(d_x_));
    check("grad_h", Kind::kGradient, all(d_h_));
    for (const nn::TensorSpec& tensor : layout_.tensors()) {
      check("grad/" + tensor.name, Kind::kGradient,
            std::span<const T>(gradient_).subspan(tensor.offset, tensor.size()));
    }
  }

 private:
  nn::Weights<T> weights() const { return {params_.data(), transposed_.data()}; }

  void forward(int n_steps) {
    const Index m = h0_.rows();
    const Index h = h0_.cols();
    hidden_ = {h0_};
    gates_.clear();
    gh_.clear();
    for (int t = 0; t < n_steps; ++t) {
      Mat<T> gi(m, 3 * h), gh(m, 3 * h), gates(m, 3 * h), next(m, h);
      nn::forward(input_, weights(), math::view(std::as_const(x_)), math::view(gi));
      nn::forward(recurrent_, weights(), math::view(std::as_const(hidden_.back())), math::view(gh));
      math::gru_gates<T>(math::view(std::as_const(gi)), math::view(std::as_const(gh)),
                         math::view(std::as_const(hidden_.back())), math::view(gates),
                         math::view(next));
      gates_.push_back(gates);
      gh_.push_back(gh);
      hidden_.push_back(next);
    }
  }

  void backward(const Mat<T>& d_out) {
    const Index m = h0_.rows();
    const Index h = h0_.cols();
    d_h_ = d_out;
    d_x_ = Mat<T>::Zero(m, x_.cols());
    gradient_.assign(params_.size(), T(0));
    for (std::size_t t = gates_.size(); t-- > 0;) {
      Mat<T> d_gi(m, 3 * h), d_gh(m, 3 * h), d_before(m, h);
      const auto gh_n = math::view(static_cast<const T*>(gh_[t].data()) + 2 * h, m, h, 3 * h);
      math::gru_gates_backward<T>(math::view(std::as_const(gates_[t])), gh_n,
                                  math::view(std::as_const(hidden_[t])),
                                  math::view(std::as_const(d_h_)), math::view(d_gi),
                                  math::view(d_gh), math::view(d_before));
      math::matmul<T>(math::view(std::as_const(d_gh)),
                      math::view(std::as_const(params_).data() + recurrent_.weight, 3 * h, h),
                      math::view(d_before), math::kAccumulate);
      d_h_ = d_before;
      add_step(std::as_const(d_gi), std::as_const(d_gh), std::as_const(hidden_[t]));
    }
  }

  void add_step(const Mat<T>& d_gi, const Mat<T>& d_gh, const Mat<T>& before) {
    Mat<T> d_x(x_.rows(), x_.cols());
    std::vector<T> step(params_.size());
    nn::backward_input(input_, weights(), math::view(d_gi), math::view(d_x));
    nn::backward_params(input_, math::view(std::as_const(x_)), math::view(d_gi), step.data());
    nn::backward_params(recurrent_, math::view(before), math::view(d_gh), step.data());
    d_x_ += d_x;
    for (std::size_t i = 0; i < step.size(); ++i) gradient_[i] += step[i];
  }

  nn::ParamLayout layout_;
  nn::Linear input_;
  nn::Linear recurrent_;
  std::vector<T> params_;
  std::vector<T> transposed_;
  Mat<T> x_;
  Mat<T> h0_;
  std::vector<Mat<T>> hidden_;  // before step 0, then after each
  std::vector<Mat<T>> gates_;
  std::vector<Mat<T>> gh_;
  Mat<T> d_x_;
  Mat<T> d_h_;
  std::vector<T> gradient_;
};

template <class T>
void check_file(const std::filesystem::path& path) {
  SCOPED_TRACE(path.string());
  const Npz file = Npz::load(path);
  Agreement agreement = agreement_of<T>();
  Cell<T> cell(file);
  cell.compare(file, 1, outputs_of<T>(), agreement);
  cell.compare(file, 5, outputs_of<T>() + "seq5/", agreement);
  expect_agreement(agreement);
}

template <class T>
class GruCellVectors : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(GruCellVectors, Scalars);

TYPED_TEST(GruCellVectors, OneStepAndFiveStepsForwardAndBackward) {
  check_file<TypeParam>(committed_vector("unit_grucell_0"));
}

TYPED_TEST(GruCellVectors, FullSet) {
  for_full_vectors("unit_grucell_",
                   [](const std::filesystem::path& path) { check_file<TypeParam>(path); });
}

}  // namespace
}  // namespace qtot::test
