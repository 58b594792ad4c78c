#pragma once

#include <cstdint>
#include <vector>

#include "envs/rware/options.h"

/// The warehouse: what stays in its place, and what stands where.
namespace qtot::envs::rware {

struct Cell {
  int x = 0;  // from left to right
  int y = 0;  // from top to bottom
  bool operator==(const Cell&) const = default;
};

/// What stays. Where no highway is a shelf has its place: shelf id is 1 + its index here.
struct Layout {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> highway;  // [height * width], 1 where shelves may not be put down
  std::vector<Cell> goals;            // left, right
  std::vector<Cell> shelves;          // row by row

  bool is_highway(const Cell& cell) const {
    return highway[static_cast<std::size_t>(cell.y * width + cell.x)] != 0;
  }
};

/// The highways are every third column, the rows between the blocks, the last row, and the two middle
/// columns above the goals as high as one block and the row above it.
Layout make_layout(const RwareOptions& options);

enum Direction : int { kUp, kDown, kLeft, kRight };
inline constexpr int kNDirections = 4;

struct Robot {
  Cell cell;
  int direction = kUp;
  int shelf = 0;  // the id of the one it carries; 0: none
  bool has_delivered = false;
};

/// What stands where. The grids have a margin of the sensor range, so that a window needs no bounds.
struct Warehouse {
  Warehouse(const RwareOptions& options);

  std::size_t index_of(const Cell& cell) const {
    return static_cast<std::size_t>((cell.y + margin) * stride + cell.x + margin);
  }
  /// The cell ahead of the robot, or its own at the wall.
  Cell ahead_of(const Robot& robot) const;

  /// Fills the grids from robots, shelves and queue.
  void mark_all();

  Layout layout;
  std::vector<Robot> robots;               // by agent
  std::vector<Cell> shelves;               // by id - 1
  std::vector<int> queue;                  // ids of the requested shelves
  std::vector<std::uint8_t> is_requested;  // by id; [0] is 0
  int margin;
  int stride;
  std::vector<int> robot_at;  // 1 + agent, 0: none
  std::vector<int> shelf_at;  // id, 0: none
};

}  // namespace qtot::envs::rware
