#include "envs/rware/picture.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::envs::rware {
namespace {

constexpr double kHalfCell = 0.5;
constexpr double kRadius = 0.36;
constexpr std::array<Cell, kNDirections> kFacing = {{{0, -1}, {0, 1}, {-1, 0}, {1, 0}}};

bool is_requested(const Warehouse& warehouse, int shelf) {
  return warehouse.is_requested[static_cast<std::size_t>(shelf)] != 0;
}

}  // namespace

void draw(const Warehouse& warehouse, int sensor_range, env::Drawing& out) {
  const Layout& layout = warehouse.layout;
  out = {.width = static_cast<double>(layout.width),
         .height = static_cast<double>(layout.height),
         .has_grid = true,
         .cells = {},
         .units = {},
         .deeds = {}};
  for (int y = 0; y < layout.height; ++y) {
    for (int x = 0; x < layout.width; ++x) {
      const Cell cell = {x, y};
      const int shelf = warehouse.shelf_at[warehouse.index_of(cell)];
      const bool is_goal =
          std::find(layout.goals.begin(), layout.goals.end(), cell) != layout.goals.end();
      if (is_goal) {
        out.cells.push_back({x, y, env::Ground::kGoal, "G"});
      } else if (shelf != 0 && is_requested(warehouse, shelf)) {
        out.cells.push_back({x, y, env::Ground::kMark, "R"});
      } else if (shelf != 0) {
        out.cells.push_back({x, y, env::Ground::kWall, ""});
      }
    }
  }
  for (std::size_t a = 0; a < warehouse.robots.size(); ++a) {
    const Robot& robot = warehouse.robots[a];
    const Cell& facing = kFacing[static_cast<std::size_t>(robot.direction)];
    env::DrawnUnit unit;
    unit.x = robot.cell.x + kHalfCell;
    unit.y = robot.cell.y + kHalfCell;
    unit.radius = kRadius;
    unit.team = env::Team::kAllies;
    unit.kind = "robot";
    unit.agent = static_cast<int>(a);
    unit.energy = robot.shelf != 0 ? 1 : 0;
    unit.max_energy = 1;
    unit.facing_x = facing.x;
    unit.facing_y = facing.y;
    unit.sight_is_window = true;
    unit.sight_x = unit.sight_y = sensor_range + kHalfCell;
    out.units.push_back(unit);
  }
}

std::string action_name(env::Action action) {
  constexpr std::array<const char*, 5> kNames = {"stay", "forward", "left", "right", "toggle"};
  QTOT_CHECK(action >= 0 && action < static_cast<env::Action>(kNames.size()));
  return kNames[static_cast<std::size_t>(action)];
}

std::string grid_text(const Warehouse& warehouse) {
  const Layout& layout = warehouse.layout;
  std::string out;
  for (int y = 0; y < layout.height; ++y) {
    if (y > 0) out += '/';
    for (int x = 0; x < layout.width; ++x) {
      const Cell cell = {x, y};
      const int robot = warehouse.robot_at[warehouse.index_of(cell)];
      const int shelf = warehouse.shelf_at[warehouse.index_of(cell)];
      if (robot != 0) {
        const Robot& who = warehouse.robots[static_cast<std::size_t>(robot - 1)];
        out += (who.shelf != 0 ? "AV()" : "^v<>")[who.direction];
      } else if (shelf != 0) {
        out += is_requested(warehouse, shelf) ? 'R' : 'S';
      } else {
        const auto& goals = layout.goals;
        out += std::find(goals.begin(), goals.end(), cell) != goals.end() ? 'G' : '.';
      }
    }
  }
  return out;
}

}  // namespace qtot::envs::rware
