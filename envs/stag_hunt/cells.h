#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "qtot/env/env.h"

/// The words of the stag hunt: its actions, its cells and what stands in them.
namespace qtot::envs::stag_hunt {

inline constexpr int kNDirections = 4;
inline constexpr env::Action kStay = 4;
inline constexpr env::Action kCatch = 5;
inline constexpr int kNActions = 6;
inline constexpr int kNLayers = 3;

struct Cell {
  int row = 0;
  int col = 0;
  bool operator==(const Cell&) const = default;
};

inline constexpr std::array<Cell, kNDirections> kSteps = {{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}};

// What a cell holds. Entities are 1 + their layer.
enum Content : std::uint8_t { kFree, kAgent, kStag, kHare, kOutside };

inline bool is_prey(std::uint8_t content) {
  return content == kStag || content == kHare;
}

inline bool are_neighbours(const Cell& a, const Cell& b) {
  return std::abs(a.row - b.row) + std::abs(a.col - b.col) == 1;
}

/// Row and column of each, as in a snapshot.
std::vector<double> coordinates(const std::vector<Cell>& cells);

/// Inverse of coordinates() for the array `name` of `n` cells. Throws Error where one lies outside.
std::vector<Cell> read_cells(const env::Snapshot& snapshot, const std::string& name, std::size_t n,
                             int height, int width);

}  // namespace qtot::envs::stag_hunt
