#pragma once

#include <cstddef>

namespace qtot::test {

/// How often this program has called operator new. A test program that links allocations.cpp counts
/// by replacing it. (Eigen's own matrices bypass it.)
std::size_t n_allocations();

}  // namespace qtot::test
