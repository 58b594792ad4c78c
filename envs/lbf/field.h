#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "qtot/env/env.h"

/// The words of level-based foraging: its actions, its field and what stands on it.
namespace qtot::envs::lbf {

inline constexpr env::Action kNone = 0, kNorth = 1, kSouth = 2, kWest = 3, kEast = 4, kLoad = 5;
inline constexpr int kNActions = 6;

/// A player; or a food, whose level stays when it has been eaten.
struct Piece {
  int row = 0;
  int col = 0;
  int level = 0;
  bool eaten = false;
  bool operator==(const Piece&) const = default;
};

/// The levels of the food, cell by cell, in a frame of kOutside so that no neighbour needs a test of
/// bounds. A cell is a number; cell + step(direction) is its neighbour.
class Field {
 public:
  static constexpr int kOutside = -1;

  Field(int rows, int cols)
      : rows_(rows), cols_(cols), levels_(static_cast<std::size_t>((rows + 2) * stride())) {
    clear();
  }

  int rows() const { return rows_; }
  int cols() const { return cols_; }
  std::size_t n_cells() const { return levels_.size(); }  // with the frame
  int cell(int row, int col) const { return (row + 1) * stride() + col + 1; }

  int row(int cell) const { return cell / stride() - 1; }
  int col(int cell) const { return cell % stride() - 1; }

  int& operator[](int cell) { return levels_[static_cast<std::size_t>(cell)]; }
  int operator[](int cell) const { return levels_[static_cast<std::size_t>(cell)]; }

  /// By how much kNorth .. kEast changes a cell; 0 for kNone and kLoad.
  int step(env::Action action) const {
    const std::array<int, kNActions> steps = {0, -stride(), stride(), -1, 1, 0};
    return steps[static_cast<std::size_t>(action)];
  }

  /// The neighbour with food that a player in `cell` loads, the first in the order north, south,
  /// west, east; 0 when there is none.
  int food_beside(int cell) const {
    for (const int by : {-stride(), stride(), -1, 1}) {
      if ((*this)[cell + by] > 0) return cell + by;
    }
    return 0;
  }

  bool are_neighbours(int a, int b) const {
    const int by = a < b ? b - a : a - b;
    return by == 1 || by == stride();
  }

  /// Takes all food away.
  void clear() {
    std::fill(levels_.begin(), levels_.end(), kOutside);
    for (int row = 0; row < rows_; ++row) {
      const auto first = levels_.begin() + cell(row, 0);
      std::fill(first, first + cols_, 0);
    }
  }

 private:
  int stride() const { return cols_ + 2; }

  int rows_;
  int cols_;
  std::vector<int> levels_;  // 0: none
};

}  // namespace qtot::envs::lbf
