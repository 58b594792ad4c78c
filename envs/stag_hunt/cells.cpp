#include "envs/stag_hunt/cells.h"

#include <algorithm>
#include <cstddef>

#include "qtot/base/error.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::stag_hunt {

std::vector<double> coordinates(const std::vector<Cell>& cells) {
  std::vector<double> out;
  for (const Cell& cell : cells) {
    out.push_back(cell.row);
    out.push_back(cell.col);
  }
  return out;
}

std::vector<Cell> read_cells(const env::Snapshot& snapshot, const std::string& name, std::size_t n,
                             int height, int width) {
  const int most = std::max(height, width) - 1;
  const auto flat = env::snapshot_integers(snapshot, name, 2 * n, 0, most);
  std::vector<Cell> cells(n);
  for (std::size_t i = 0; i < n; ++i) {
    cells[i] = {flat[2 * i], flat[2 * i + 1]};
    if (cells[i].row >= height || cells[i].col >= width) {
      throw Error("snapshot: " + name + "[" + std::to_string(i) + "] lies outside the grid");
    }
  }
  return cells;
}

}  // namespace qtot::envs::stag_hunt
