#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qtot/math/views.h"

/// Parameters are values: one flat vector a network, in PyTorch's state-dict order and shapes (weights
/// [out, in]). The layout names its parts; networks hold offsets into it and no numbers. Online
/// parameters, targets, gradients and optimiser state are vectors of the same layout, so everything
/// that walks them (initialisation, optimiser, checkpoint, fingerprint, oracle) walks one list.
namespace qtot::nn {

using math::ConstMatView;
using math::Index;
using math::MatView;

/// How a tensor begins. All draws: u = uniform of (seed, Stream::kInit, number of the tensor, element),
/// value = bound * (2 u - 1) in double, rounded once. Orthogonal matrices begin with Gaussian numbers, which
/// Marsaglia's polar method makes of 2 u - 1 of the same draws, in pairs until one fits.
struct Init {
  enum Kind { kUniform, kZero, kOne, kOrthogonal } kind = kZero;
  double scale = 0;  // bound of the uniform; gain of the orthogonal matrix
};

struct TensorSpec {
  std::string name;  // "agent.fc1.weight"
  Index rows = 0;    // out; the length of a vector
  Index cols = 1;    // in; 1 for a vector
  bool is_matrix = false;
  std::size_t offset = 0;
  Init init;

  std::size_t size() const { return static_cast<std::size_t>(rows * cols); }
  std::vector<std::size_t> shape() const;  // [rows, cols] or [rows]
};

class ParamLayout {
 public:
  /// Appends a matrix [rows, cols] or a vector [size]; returns its offset.
  std::size_t add_matrix(const std::string& name, Index rows, Index cols, Init init);
  std::size_t add_vector(const std::string& name, Index size, Init init);

  const std::vector<TensorSpec>& tensors() const { return tensors_; }
  std::size_t size() const { return size_; }
  /// nullptr when there is no such tensor.
  const TensorSpec* find(const std::string& name) const;

 private:
  std::size_t add(TensorSpec spec);

  std::vector<TensorSpec> tensors_;
  std::size_t size_ = 0;
};

/// What a forward or backward pass reads: the parameters, and the same with every matrix transposed
/// ([in, out], at the same offset), which is what the forward product streams through.
template <class T>
struct Weights {
  const T* values = nullptr;
  const T* transposed = nullptr;
};

/// Fills `transposed` from `values`; both of layout.size().
template <class T>
void transpose_params(const ParamLayout& layout, std::span<const T> values,
                      std::span<T> transposed);

/// Initial parameters of `layout` for a seed. Element e of tensor k uses the draws of (seed, kInit,
/// ticket = k, step = e / 256, index = e mod 256).
template <class T>
void initialise(const ParamLayout& layout, std::uint64_t seed, std::span<T> values);

}  // namespace qtot::nn
