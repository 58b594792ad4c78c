#include "nn/orthogonal.h"

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::nn {
namespace {

using math::Index;

// `count` vectors of `length` elements inside a matrix, by strides.
struct Vectors {
  double* data;
  Index count;
  Index length;
  Index vector_stride;
  Index element_stride;

  double& at(Index v, Index i) const { return data[v * vector_stride + i * element_stride]; }
};

double inner(const Vectors& vectors, Index u, Index v) {
  double sum = 0;
  for (Index i = 0; i < vectors.length; ++i) {
    sum = math::fma(vectors.at(u, i), vectors.at(v, i), sum);
  }
  return sum;
}

}  // namespace

void orthogonalise(Index rows, Index cols, std::span<double> values) {
  QTOT_CHECK_EQ(static_cast<Index>(values.size()), rows * cols);
  const Vectors vectors = rows >= cols ? Vectors{values.data(), cols, rows, 1, cols}
                                       : Vectors{values.data(), rows, cols, cols, 1};
  for (Index v = 0; v < vectors.count; ++v) {
    for (int pass = 0; pass < 2; ++pass) {
      for (Index u = 0; u < v; ++u) {
        const double along = inner(vectors, u, v);
        for (Index i = 0; i < vectors.length; ++i) {
          vectors.at(v, i) = math::fma(-along, vectors.at(u, i), vectors.at(v, i));
        }
      }
    }
    const double norm = math::sqrt(inner(vectors, v, v));
    QTOT_CHECK_GT(norm, 0.0);
    for (Index i = 0; i < vectors.length; ++i) vectors.at(v, i) = vectors.at(v, i) / norm;
  }
}

}  // namespace qtot::nn
