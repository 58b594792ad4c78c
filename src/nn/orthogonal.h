#pragma once

#include <span>

#include "qtot/math/views.h"

namespace qtot::nn {

/// Turns a random [rows, cols] matrix into one with orthonormal columns (rows >= cols) or rows, by
/// modified Gram-Schmidt, done twice so that rounding leaves nothing behind. Inner products are summed
/// with ascending index and fma.
/// Of a Gaussian matrix it makes one that is uniform among all such matrices (Haar's measure).
void orthogonalise(math::Index rows, math::Index cols, std::span<double> values);

}  // namespace qtot::nn
