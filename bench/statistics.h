#pragma once

#include <algorithm>
#include <vector>

namespace qtot::bench {

/// The middle sample and the quartiles around it.
struct Spread {
  double median = 0;
  double lower_quartile = 0;
  double upper_quartile = 0;
};

inline Spread spread_of(std::vector<double> samples) {
  std::ranges::sort(samples);
  const auto at = [&](std::size_t quarter) { return samples[quarter * (samples.size() - 1) / 4]; };
  return {.median = at(2), .lower_quartile = at(1), .upper_quartile = at(3)};
}

}  // namespace qtot::bench
