#pragma once

#include <span>

#include "qtot/math/views.h"

namespace qtot::nn {

/// Turns a random [rows, cols] matrix into one with orthonormal columns (rows >= cols) or rows, by
/// modified Gram-Schmidt, done twice so that rounding leaves nothing behind. Inner products are summed
/// with ascending index and fma.
///
/// The rows or columns of uniform numbers are not spread evenly over the sphere as those of Gaussians
/// are; orthogonality and scale, which the option is for, are the same.
void orthogonalise(math::Index rows, math::Index cols, std::span<double> values);

}  // namespace qtot::nn
