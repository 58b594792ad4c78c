// The GRU cell, put together from the kernels that the recurrent agent uses.

#include "oracle/unit/unit.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "qtot/nn/linear.h"

namespace qtot::oracle::unit {
namespace {

using arrays::Array;
using math::Index;

constexpr std::size_t kSequenceSteps = 5;  // of seq5/

Index dim(const Array& array, std::size_t axis) {
  return static_cast<Index>(array.shape()[axis]);
}

// [rows, cols], owned
template <class T>
struct Matrix {
  Matrix(Index n_rows, Index n_cols)
      : rows(n_rows), cols(n_cols), values(static_cast<std::size_t>(n_rows * n_cols)) {}
  explicit Matrix(const Array& array)
      : rows(dim(array, 0)), cols(dim(array, 1)), values(values_of<T>(array)) {}

  math::MatView<T> view() { return math::view(values.data(), rows, cols); }
  math::ConstMatView<T> view() const { return math::view(values.data(), rows, cols); }
  math::ConstMatView<T> const_view() const { return view(); }

  Index rows;
  Index cols;
  std::vector<T> values;
};

// M rows through `n_steps` steps with the same input, back from a gradient at the last output alone.
template <class T>
class Cell {
 public:
  explicit Cell(Unit& unit)
      : x_(unit.input_of_rank("in/x", 2)),
        h0_(unit.input_of_rank("in/h", 2)),
        d_out_(unit.input("in/grad_out", unit.file().at("in/h").shape())),
        d_x_(x_.rows, x_.cols),
        d_h_(h0_.rows, h0_.cols) {
    unit.input("in/h", {static_cast<std::size_t>(x_.rows), static_cast<std::size_t>(h0_.cols)});
    const Index h = h0_.cols;
    input_.in = x_.cols;
    recurrent_.in = h;
    input_.out = recurrent_.out = 3 * h;
    input_.weight = layout_.add_matrix("weight_ih", 3 * h, x_.cols, {});
    recurrent_.weight = layout_.add_matrix("weight_hh", 3 * h, h, {});
    input_.bias = layout_.add_vector("bias_ih", 3 * h, {});
    recurrent_.bias = layout_.add_vector("bias_hh", 3 * h, {});
    for (const nn::TensorSpec& tensor : layout_.tensors()) {
      const std::vector<T> values =
          values_of<T>(unit.input("param/" + tensor.name, tensor.shape()));
      params_.insert(params_.end(), values.begin(), values.end());
    }
    transposed_.resize(params_.size());
    nn::transpose_params<T>(layout_, params_, transposed_);
  }

  // `folder` is "" or "seq5/"
  void compare(Unit& unit, std::size_t n_steps, const std::string& folder) {
    forward(n_steps);
    backward();
    const Shape x_shape = {static_cast<std::size_t>(x_.rows), static_cast<std::size_t>(x_.cols)};
    const Shape h_shape = {static_cast<std::size_t>(h0_.rows), static_cast<std::size_t>(h0_.cols)};
    const std::vector<double> d_x = widened(d_x_.values);
    const std::vector<double> d_h = widened(d_h_.values);
    const std::vector<double> gradient = widened(gradient_);
    unit.set_largest_gradient(largest_of(gradient, largest_of(d_x, largest_of(d_h))));
    unit.compare("", folder + "out", Kind::kValue, h_shape, widened(hidden_.back().values));
    unit.compare("", folder + "grad_x", Kind::kGradient, x_shape, d_x);
    unit.compare("", folder + "grad_h", Kind::kGradient, h_shape, d_h);
    for (const nn::TensorSpec& tensor : layout_.tensors()) {
      unit.compare("", folder + "grad/" + tensor.name, Kind::kGradient, tensor.shape(),
                   std::span(gradient).subspan(tensor.offset, tensor.size()));
    }
  }

 private:
  nn::Weights<T> weights() const { return {params_.data(), transposed_.data()}; }

  void forward(std::size_t n_steps) {
    const Index m = h0_.rows;
    const Index h = h0_.cols;
    hidden_ = {h0_};
    gates_.clear();
    gh_.clear();
    for (std::size_t t = 0; t < n_steps; ++t) {
      Matrix<T> gi(m, 3 * h), gh(m, 3 * h), gates(m, 3 * h), next(m, h);
      const math::ConstMatView<T> before = hidden_.back().const_view();
      nn::forward(input_, weights(), x_.const_view(), gi.view());
      nn::forward(recurrent_, weights(), before, gh.view());
      math::gru_gates<T>(gi.const_view(), gh.const_view(), before, gates.view(), next.view());
      gates_.push_back(std::move(gates));
      gh_.push_back(std::move(gh));
      hidden_.push_back(std::move(next));
    }
  }

  void backward() {
    const Index m = h0_.rows;
    const Index h = h0_.cols;
    d_h_ = d_out_;
    d_x_ = Matrix<T>(m, x_.cols);
    gradient_.assign(params_.size(), T(0));
    const auto w_hh = math::view(std::as_const(params_).data() + recurrent_.weight, 3 * h, h);
    for (std::size_t t = gates_.size(); t-- > 0;) {
      Matrix<T> d_gi(m, 3 * h), d_gh(m, 3 * h), d_before(m, h);
      const auto gh_n = math::view(std::as_const(gh_[t]).values.data() + 2 * h, m, h, 3 * h);
      math::gru_gates_backward<T>(gates_[t].const_view(), gh_n, hidden_[t].const_view(),
                                  d_h_.const_view(), d_gi.view(), d_gh.view(), d_before.view());
      math::matmul<T>(d_gh.const_view(), w_hh, d_before.view(), math::kAccumulate);
      d_h_ = d_before;
      add_step(d_gi, d_gh, hidden_[t]);
    }
  }

  void add_step(const Matrix<T>& d_gi, const Matrix<T>& d_gh, const Matrix<T>& before) {
    Matrix<T> d_x(x_.rows, x_.cols);
    std::vector<T> step(params_.size());
    nn::backward_input(input_, weights(), d_gi.view(), d_x.view());
    nn::backward_params(input_, x_.const_view(), d_gi.view(), step.data());
    nn::backward_params(recurrent_, before.view(), d_gh.view(), step.data());
    for (std::size_t i = 0; i < d_x.values.size(); ++i) {
      d_x_.values[i] = d_x_.values[i] + d_x.values[i];
    }
    for (std::size_t i = 0; i < step.size(); ++i) gradient_[i] = gradient_[i] + step[i];
  }

  nn::ParamLayout layout_;
  nn::Linear input_;
  nn::Linear recurrent_;
  std::vector<T> params_;
  std::vector<T> transposed_;
  Matrix<T> x_;                    // [M, I]
  Matrix<T> h0_;                   // [M, H]
  Matrix<T> d_out_;                // [M, H]
  std::vector<Matrix<T>> hidden_;  // before step 0, then after each
  std::vector<Matrix<T>> gates_;
  std::vector<Matrix<T>> gh_;
  Matrix<T> d_x_;
  Matrix<T> d_h_;
  std::vector<T> gradient_;
};

}  // namespace

template <class T>
void check_gru_cell(Unit& unit) {
  unit.know("meta");  // a sentence on the order of the gates
  Cell<T> cell(unit);
  cell.compare(unit, 1, "");
  cell.compare(unit, kSequenceSteps, "seq" + std::to_string(kSequenceSteps) + "/");
}

#define QTOT_INSTANTIATE(T) template void check_gru_cell<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
