// Eigen's product, compiled with the flags of the level. Eigen is renamed for each level, else the
// linker would keep one level's copy of its inline functions for all.

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns inside its own AVX-512 header
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define QTOT_PASTE_TOKENS(a, b) a##b
#define QTOT_PASTE(a, b) QTOT_PASTE_TOKENS(a, b)
#define Eigen QTOT_PASTE(Eigen_, QTOT_ISA_NAMESPACE)
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include "bench/bench_kernels.h"

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <class T>
void product(bool a_transposed, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t depth,
             const T* a, const T* b, T* out) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Matrix> b_map(b, depth, n);
  Eigen::Map<Matrix> out_map(out, m, n);
  if (a_transposed) {
    out_map.noalias() = Eigen::Map<const Matrix>(a, depth, m).transpose() * b_map;
  } else {
    out_map.noalias() = Eigen::Map<const Matrix>(a, m, depth) * b_map;
  }
}

constexpr EigenProductKernels kKernels = {product<float>, product<double>};

}  // namespace

const EigenProductKernels& eigen_product_kernels();
const EigenProductKernels& eigen_product_kernels() {
  return kKernels;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
