#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace qtot::env {

/// Which numbers of a recording may differ from ours, and how far. By default none: all are equal.
struct Tolerance {
  /// A field with entries that are compared up to a bound.
  struct Field {
    std::string name;  // "s.<array>", "obs", "state" or "r"
    double bound = 0;  // of the absolute error times the entry's weight
    std::vector<double>
        weights;  // of the entries of a row, the same in every row; 0: the entry must
                  // be equal; none: 1 for all

    double weight(std::size_t i) const { return weights.empty() ? 1 : weights[i % weights.size()]; }
  };
  std::vector<Field> fields;

  /// What the one-ulp test moves: an array of `s`, and its entries that are float32 positions. A
  /// kind that has this may have steps beyond the bounds, as PositionReport says; of others, every
  /// number beyond its bound is a mismatch.
  struct Nudge {
    std::string array;
    std::vector<bool> columns;
    std::size_t alive_column = 0;  // rows with a 0 there are not moved
  };
  std::optional<Nudge> nudge;

  const Field* find(const std::string& name) const {
    for (const Field& field : fields) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }
};

}  // namespace qtot::env
