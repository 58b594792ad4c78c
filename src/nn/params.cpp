#include "qtot/nn/params.h"

#include "nn/orthogonal.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/philox.h"
#include "qtot/math/scalars.h"

namespace qtot::nn {

std::vector<std::size_t> TensorSpec::shape() const {
  if (!is_matrix) return {static_cast<std::size_t>(rows)};
  return {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
}

std::size_t ParamLayout::add_matrix(const std::string& name, Index rows, Index cols, Init init) {
  return add(
      {.name = name, .rows = rows, .cols = cols, .is_matrix = true, .offset = 0, .init = init});
}

std::size_t ParamLayout::add_vector(const std::string& name, Index size, Init init) {
  return add(
      {.name = name, .rows = size, .cols = 1, .is_matrix = false, .offset = 0, .init = init});
}

std::size_t ParamLayout::add(TensorSpec spec) {
  QTOT_CHECK(find(spec.name) == nullptr);
  spec.offset = size_;
  size_ += spec.size();
  tensors_.push_back(std::move(spec));
  return tensors_.back().offset;
}

const TensorSpec* ParamLayout::find(const std::string& name) const {
  for (const TensorSpec& tensor : tensors_) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

template <class T>
void transpose_params(const ParamLayout& layout, std::span<const T> values,
                      std::span<T> transposed) {
  QTOT_CHECK_EQ(values.size(), layout.size());
  QTOT_CHECK_EQ(transposed.size(), layout.size());
  for (const TensorSpec& tensor : layout.tensors()) {
    const auto from = math::view(values.data() + tensor.offset, tensor.rows, tensor.cols);
    auto to = math::view(transposed.data() + tensor.offset, tensor.cols, tensor.rows);
    for (Index i = 0; i < tensor.rows; ++i) {
      for (Index j = 0; j < tensor.cols; ++j) to(j, i) = from(i, j);
    }
  }
}

namespace {

constexpr std::size_t kElementsPerStep = 256;  // part of the definition of initialise()

math::Draws draws_of(std::uint64_t seed, std::size_t tensor, std::size_t element) {
  return math::Draws({.seed = seed,
                      .stream = math::Stream::kInit,
                      .ticket = tensor,
                      .step = static_cast<std::uint32_t>(element / kElementsPerStep),
                      .site = 0,
                      .index = static_cast<std::uint16_t>(element % kElementsPerStep)});
}

double symmetric_uniform(math::Draws& draws) {
  return 2 * draws.uniform() - 1;  // exact: a multiple of 2^-52 in [-1, 1)
}

// Marsaglia's polar method (1964) with our own logarithm: a point in the unit disc, and the first of the
// two normal numbers that it gives. One in five points lies outside and is drawn again.
double gaussian(math::Draws& draws) {
  for (;;) {
    const double x = symmetric_uniform(draws);
    const double y = symmetric_uniform(draws);
    const double squares = math::fma(x, x, y * y);
    if (squares > 0 && squares < 1) return x * math::sqrt(-2 * math::log(squares) / squares);
  }
}

}  // namespace

template <class T>
void initialise(const ParamLayout& layout, std::uint64_t seed, std::span<T> values) {
  QTOT_CHECK_EQ(values.size(), layout.size());
  for (std::size_t k = 0; k < layout.tensors().size(); ++k) {
    const TensorSpec& tensor = layout.tensors()[k];
    const std::span<T> part = values.subspan(tensor.offset, tensor.size());
    switch (tensor.init.kind) {
      case Init::kZero:
        for (T& value : part) value = T(0);
        break;
      case Init::kOne:
        for (T& value : part) value = T(1);
        break;
      case Init::kUniform:
        for (std::size_t e = 0; e < part.size(); ++e) {
          math::Draws draws = draws_of(seed, k, e);
          part[e] = static_cast<T>(tensor.init.scale * symmetric_uniform(draws));
        }
        break;
      case Init::kOrthogonal: {
        std::vector<double> random(part.size());
        for (std::size_t e = 0; e < random.size(); ++e) {
          math::Draws draws = draws_of(seed, k, e);
          random[e] = gaussian(draws);
        }
        orthogonalise(tensor.rows, tensor.cols, random);
        for (std::size_t e = 0; e < part.size(); ++e) {
          part[e] = static_cast<T>(tensor.init.scale * random[e]);
        }
        break;
      }
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                \
  template void transpose_params<T>(const ParamLayout&, std::span<const T>, std::span<T>); \
  template void initialise<T>(const ParamLayout&, std::uint64_t, std::span<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
