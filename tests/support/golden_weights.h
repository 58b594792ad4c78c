#pragma once

#include <cstddef>
#include <span>

namespace qtot::test {

/// The weights of docs/algorithms.md's worked examples: w_k = ((7 k mod 11) - 5) / 10, k counting over
/// all parameters of a module in their order.
inline void fill_golden(std::span<double> values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = (static_cast<double>(7 * k % 11) - 5) / 10;
  }
}

}  // namespace qtot::test
