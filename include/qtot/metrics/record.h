#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace qtot::metrics {

using Number = std::variant<std::int64_t, double>;

/// Figures that were taken at one point of the run, in the order in which they are written. Names are
/// those that PyMARL logs: return_mean, test_return_mean, loss_td, grad_norm, ep_length_mean, ...
/// (docs/metrics.md).
struct Record {
  std::int64_t t_env = 0;    // environment steps so far
  std::int64_t episode = 0;  // episodes so far
  std::int64_t update = 0;   // learner updates so far
  std::vector<std::pair<std::string, Number>> values = {};

  /// A name that stands twice, or is one of the three above, is a bug.
  void add(const std::string& name, double value) { add_number(name, value); }
  template <std::integral T>
  void add(const std::string& name, T value) {
    add_number(name, static_cast<std::int64_t>(value));
  }

 private:
  void add_number(const std::string& name, Number number);
};

}  // namespace qtot::metrics
