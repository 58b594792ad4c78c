// The elementary functions with their slopes, softmax and layer norm.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string_view>

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/math/elementary.h"
#include "qtot/nn/layer_norm.h"
#include "qtot/nn/softmax.h"

namespace qtot::oracle::unit {
namespace {

using math::Index;

const std::string kSoftplus = "softplus_beta";  // softplus_beta0.5
const std::string kSoftmax = "softmax_";        // softmax_20x10: of the first 200 numbers
const std::string kLayerNorm = "layernorm_";    // likewise
constexpr std::size_t kMaxFunctions = 64;

template <class T>
struct Function {
  std::function<T(T)> value;
  std::function<T(T x, T y)> slope;
};

// Empty when there is no function of this name.
template <class T>
std::optional<Function<T>> function_of(const std::string& name) {
  using F = Function<T>;
  if (name == "relu") {
    return F{[](T x) { return math::relu(x); }, [](T x, T) { return math::relu_slope(x); }};
  }
  if (name == "elu") {
    return F{[](T x) { return math::elu(x); }, [](T x, T y) { return math::elu_slope(x, y); }};
  }
  if (name == "sigmoid") {
    return F{[](T x) { return math::sigmoid(x); }, [](T, T y) { return math::sigmoid_slope(y); }};
  }
  if (name == "tanh") {
    return F{[](T x) { return math::tanh(x); }, [](T, T y) { return math::tanh_slope(y); }};
  }
  if (name == "abs") {
    return F{[](T x) { return math::abs(x); }, [](T x, T) { return math::abs_slope(x); }};
  }
  if (!name.starts_with(kSoftplus)) return std::nullopt;
  double beta = 0;
  const char* const end = name.data() + name.size();
  const auto [after, error] = std::from_chars(name.data() + kSoftplus.size(), end, beta);
  if (error != std::errc() || after != end || !(beta > 0) || std::isinf(beta)) return std::nullopt;
  const T b = static_cast<T>(beta);
  return F{[b](T x) { return math::softplus(x, b); },
           [b](T x, T) { return math::softplus_slope(x, b); }};
}

struct Rows {
  std::size_t rows = 0;
  std::size_t cols = 0;
};

// "20x10", of at most `limit` numbers
std::optional<Rows> rows_of(std::string_view text, std::size_t limit) {
  Rows rows;
  const char* const end = text.data() + text.size();
  const auto [x, row_error] = std::from_chars(text.data(), end, rows.rows);
  if (row_error != std::errc() || x == end || *x != 'x') return std::nullopt;
  const auto [after, col_error] = std::from_chars(x + 1, end, rows.cols);
  if (col_error != std::errc() || after != end) return std::nullopt;
  if (rows.rows == 0 || rows.cols == 0 || rows.rows > limit / rows.cols) return std::nullopt;
  return rows;
}

// What stands before the first slash below f32/ and f64/: a dtype that lacks a function lacks outputs.
std::set<std::string> stored_functions(const arrays::Npz& file) {
  std::set<std::string> names;
  for (const char* dtype : {"f32/", "f64/"}) {
    for (const std::string& name : file.names_under(dtype)) {
      names.insert(name.substr(0, name.find('/')));
    }
  }
  if (names.size() > kMaxFunctions) {
    throw Error(file.source() + ": " + std::to_string(names.size()) + " functions, at most " +
                std::to_string(kMaxFunctions) + " are allowed");
  }
  return names;
}

template <class T>
class Functions {
 public:
  explicit Functions(Unit& unit)
      : unit_(unit),
        x_(values_of<T>(unit.input_of_rank("in/x", 1))),
        d_y_(values_of<T>(unit.input("in/grad_out", {x_.size()}))) {}

  void elementwise(const std::string& name, const Function<T>& f) {
    std::vector<double> y;
    std::vector<double> d_x;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const T value = f.value(x_[i]);
      const T slope = d_y_[i] * f.slope(x_[i], value);
      y.push_back(static_cast<double>(value));
      d_x.push_back(static_cast<double>(slope));
    }
    unit_.set_largest_gradient(largest_of(d_x));
    unit_.compare_each("", name + "/out", Kind::kValue, {x_.size()}, y);
    unit_.compare_each("", name + "/grad_x", Kind::kGradient, {x_.size()}, d_x);
  }

  void softmax(const std::string& name, Rows size) {
    std::vector<T> y(size.rows * size.cols);
    std::vector<T> d_x(y.size());
    nn::softmax<T>(view(std::as_const(x_), size), view(y, size));
    nn::softmax_backward<T>(view(std::as_const(y), size), view(std::as_const(d_y_), size),
                            view(d_x, size));
    unit_.set_largest_gradient(largest_of(widened(d_x)));
    unit_.compare("", name + "/out", Kind::kValue, {size.rows, size.cols}, widened(y));
    unit_.compare("", name + "/grad_x", Kind::kGradient, {size.rows, size.cols}, widened(d_x));
  }

  void layer_norm(const std::string& name, Rows size) {
    nn::ParamLayout layout;
    const auto norm = nn::LayerNorm::add(layout, "norm", static_cast<Index>(size.cols));
    std::vector<T> params = values_of<T>(unit_.input("param/layernorm.weight", {size.cols}));
    const std::vector<T> shift = values_of<T>(unit_.input("param/layernorm.bias", {size.cols}));
    params.insert(params.end(), shift.begin(), shift.end());
    const nn::Weights<T> w{params.data(), params.data()};

    std::vector<T> normal(size.rows * size.cols), inverse(size.rows), y(normal.size()),
        d_x(normal.size()), gradient(params.size());
    const Rows one_column{size.rows, 1};
    nn::forward(norm, w, view(std::as_const(x_), size), view(normal, size),
                view(inverse, one_column), view(y, size));
    nn::backward(norm, w, view(std::as_const(normal), size),
                 view(std::as_const(inverse), one_column), view(std::as_const(d_y_), size),
                 view(d_x, size), gradient.data());

    const std::vector<double> d_params = widened(gradient);
    unit_.set_largest_gradient(largest_of(d_params, largest_of(widened(d_x))));
    unit_.compare("", name + "/out", Kind::kValue, {size.rows, size.cols}, widened(y));
    unit_.compare("", name + "/grad_x", Kind::kGradient, {size.rows, size.cols}, widened(d_x));
    unit_.compare("", name + "/grad_weight", Kind::kGradient, {size.cols},
                  std::span(d_params).first(size.cols));
    unit_.compare("", name + "/grad_bias", Kind::kGradient, {size.cols},
                  std::span(d_params).last(size.cols));
  }

  // Each stored function whose name is `family` and a size, or a note that there is none.
  template <class Check>
  void each_sized(const std::set<std::string>& stored, const std::string& family, Check check) {
    bool is_there = false;
    for (const std::string& name : stored) {
      if (!name.starts_with(family)) continue;
      const auto size = rows_of(std::string_view(name).substr(family.size()), x_.size());
      if (!size) continue;  // finish() names its members
      check(name, *size);
      is_there = true;
    }
    if (!is_there) unit_.report_missing(family + "20x10/out");
  }

 private:
  static math::MatView<T> view(std::vector<T>& values, Rows size) {
    return math::view(values.data(), static_cast<Index>(size.rows), static_cast<Index>(size.cols));
  }
  static math::ConstMatView<T> view(const std::vector<T>& values, Rows size) {
    return math::view(values.data(), static_cast<Index>(size.rows), static_cast<Index>(size.cols));
  }

  Unit& unit_;
  std::vector<T> x_;
  std::vector<T> d_y_;
};

}  // namespace

template <class T>
void check_functions(Unit& unit) {
  unit.know("meta");  // a sentence on the slopes at the kinks
  Functions<T> functions(unit);
  const std::set<std::string> stored = stored_functions(unit.file());
  std::vector<std::string> names = {"relu", "elu", "sigmoid", "tanh", "abs"};
  std::set<std::string> softplus = {kSoftplus + "1", kSoftplus + "2"};
  std::ranges::copy_if(stored, std::inserter(softplus, softplus.end()),
                       [](const std::string& name) { return name.starts_with(kSoftplus); });
  names.insert(names.end(), softplus.begin(), softplus.end());
  for (const std::string& name : names) {
    if (const auto function = function_of<T>(name)) functions.elementwise(name, *function);
  }
  functions.each_sized(stored, kSoftmax,
                       [&](const std::string& name, Rows size) { functions.softmax(name, size); });
  functions.each_sized(stored, kLayerNorm, [&](const std::string& name, Rows size) {
    functions.layer_norm(name, size);
  });
}

#define QTOT_INSTANTIATE(T) template void check_functions<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
