#include "envs/rware/layout.h"

#include <algorithm>

namespace qtot::envs::rware {

Layout make_layout(const RwareOptions& options) {
  Layout layout = {.height = options.height(),
                   .width = options.width(),
                   .highway = {},
                   .goals = {},
                   .shelves = {}};
  const int middle = layout.width / 2;
  const int bottom = layout.height - 1;
  layout.goals = {{middle - 1, bottom}, {middle, bottom}};
  for (int y = 0; y < layout.height; ++y) {
    for (int x = 0; x < layout.width; ++x) {
      const bool is_aisle = x % 3 == 0 || y % (options.column_height + 1) == 0 || y == bottom;
      const bool leads_to_goal =
          (x == middle - 1 || x == middle) && y > layout.height - (options.column_height + 3);
      layout.highway.push_back(is_aisle || leads_to_goal);
      if (layout.highway.back() == 0) layout.shelves.push_back({x, y});
    }
  }
  return layout;
}

Warehouse::Warehouse(const RwareOptions& options)
    : layout(make_layout(options)),
      robots(static_cast<std::size_t>(options.n_agents)),
      shelves(layout.shelves),
      queue(static_cast<std::size_t>(options.request_queue_size)),
      is_requested(shelves.size() + 1),
      margin(options.sensor_range),
      stride(layout.width + 2 * margin),
      robot_at(static_cast<std::size_t>(stride * (layout.height + 2 * margin))),
      shelf_at(robot_at.size()) {}

Cell Warehouse::ahead_of(const Robot& robot) const {
  Cell cell = robot.cell;
  switch (robot.direction) {
    case kUp:
      cell.y = std::max(0, cell.y - 1);
      break;
    case kDown:
      cell.y = std::min(layout.height - 1, cell.y + 1);
      break;
    case kLeft:
      cell.x = std::max(0, cell.x - 1);
      break;
    default:
      cell.x = std::min(layout.width - 1, cell.x + 1);
      break;
  }
  return cell;
}

void Warehouse::mark_all() {
  std::fill(robot_at.begin(), robot_at.end(), 0);
  std::fill(shelf_at.begin(), shelf_at.end(), 0);
  std::fill(is_requested.begin(), is_requested.end(), std::uint8_t{0});
  for (std::size_t s = 0; s < shelves.size(); ++s) {
    shelf_at[index_of(shelves[s])] = static_cast<int>(s) + 1;
  }
  for (std::size_t a = 0; a < robots.size(); ++a) {
    robot_at[index_of(robots[a].cell)] = static_cast<int>(a) + 1;
  }
  for (const int id : queue) is_requested[static_cast<std::size_t>(id)] = 1;
}

}  // namespace qtot::envs::rware
