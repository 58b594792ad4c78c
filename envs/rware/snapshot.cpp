#include "envs/rware/snapshot.h"

#include <algorithm>
#include <string>

#include "qtot/base/error.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::rware {
namespace {

constexpr std::size_t kNOfRobot = 5;

[[noreturn]] void refuse(const std::string& array, std::size_t i, const std::string& what) {
  throw Error("snapshot: " + array + "[" + std::to_string(i) + "] " + what);
}

// Cells already taken, by any of one kind.
class Taken {
 public:
  explicit Taken(const Layout& layout)
      : layout_(layout), taken_(static_cast<std::size_t>(layout.height * layout.width)) {}

  void take(const Cell& cell, const std::string& array, std::size_t i) {
    if (cell.x >= layout_.width || cell.y >= layout_.height) refuse(array, i, "lies outside");
    const auto at = static_cast<std::size_t>(cell.y * layout_.width + cell.x);
    if (taken_[at] != 0) refuse(array, i, "shares its cell with another");
    taken_[at] = 1;
  }

 private:
  const Layout& layout_;
  std::vector<std::uint8_t> taken_;
};

std::vector<Cell> read_shelves(const env::Snapshot& snapshot, const Layout& layout) {
  const int most = std::max(layout.width, layout.height) - 1;
  std::vector<Cell> shelves(layout.shelves.size());
  const auto numbers = env::snapshot_integers(snapshot, "shelves", 2 * shelves.size(), 0, most);
  Taken taken(layout);
  for (std::size_t s = 0; s < shelves.size(); ++s) {
    shelves[s] = {numbers[2 * s], numbers[2 * s + 1]};
    taken.take(shelves[s], "shelves", s);
  }
  return shelves;
}

std::vector<Robot> read_robots(const env::Snapshot& snapshot, const Layout& layout,
                               const std::vector<Cell>& shelves, std::size_t n_agents) {
  const int n_shelves = static_cast<int>(shelves.size());
  const int most = std::max({layout.width, layout.height, kNDirections, n_shelves + 1}) - 1;
  const auto numbers = env::snapshot_integers(snapshot, "agents", kNOfRobot * n_agents, 0, most);
  std::vector<Robot> robots(n_agents);
  Taken taken(layout);
  for (std::size_t a = 0; a < n_agents; ++a) {
    const int* of_robot = &numbers[kNOfRobot * a];
    Robot& robot = robots[a];
    robot = {.cell = {of_robot[0], of_robot[1]},
             .direction = of_robot[2],
             .shelf = of_robot[3],
             .has_delivered = of_robot[4] == 1};
    if (robot.direction >= kNDirections) refuse("agents", a, "has a direction above 3");
    if (robot.shelf > n_shelves) refuse("agents", a, "carries a shelf that does not exist");
    if (of_robot[4] > 1) refuse("agents", a, "must end with 0 or 1");
    taken.take(robot.cell, "agents", a);
    if (robot.shelf != 0 && shelves[static_cast<std::size_t>(robot.shelf - 1)] != robot.cell) {
      refuse("agents", a, "carries a shelf that stands elsewhere");
    }
  }
  return robots;
}

}  // namespace

env::Snapshot write_snapshot(const Warehouse& warehouse, const Counters& counters) {
  env::Snapshot out = {{"step", {static_cast<double>(counters.step)}},
                       {"inactive", {static_cast<double>(counters.inactive)}},
                       {"agents", {}},
                       {"shelves", {}},
                       {"queue", {warehouse.queue.begin(), warehouse.queue.end()}}};
  for (const Robot& robot : warehouse.robots) {
    for (const int number :
         {robot.cell.x, robot.cell.y, robot.direction, robot.shelf, robot.has_delivered ? 1 : 0}) {
      out[2].second.push_back(number);
    }
  }
  for (const Cell& cell : warehouse.shelves) {
    out[3].second.push_back(cell.x);
    out[3].second.push_back(cell.y);
  }
  return out;
}

Counters read_snapshot(const env::Snapshot& snapshot, int episode_limit, Warehouse& warehouse) {
  const Counters counters = {
      .step = env::snapshot_integer(snapshot, "step", 0, episode_limit),
      .inactive = env::snapshot_integer(snapshot, "inactive", 0, episode_limit)};
  std::vector<Cell> shelves = read_shelves(snapshot, warehouse.layout);
  std::vector<Robot> robots =
      read_robots(snapshot, warehouse.layout, shelves, warehouse.robots.size());
  std::vector<int> queue = env::snapshot_integers(snapshot, "queue", warehouse.queue.size(), 1,
                                                  static_cast<int>(shelves.size()));
  std::vector<int> sorted = queue;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    throw Error("snapshot: queue has a shelf twice");
  }
  warehouse.robots = std::move(robots);
  warehouse.shelves = std::move(shelves);
  warehouse.queue = std::move(queue);
  return counters;
}

}  // namespace qtot::envs::rware
