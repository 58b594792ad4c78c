#include "envs/rware/sight.h"

#include <algorithm>
#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::envs::rware {
namespace {

constexpr int kNSelf = 4 + kNDirections;      // x, y, carries, direction, on a highway
constexpr int kNOfCell = 3 + kNDirections;    // agent, its direction, shelf, requested
constexpr int kNFeatures = 2 + kNDirections;  // direction, on a highway, carries
enum Layer { kShelves, kRequests, kAgents, kGoals, kAccessible, kNLayers };

float* write_direction(int direction, float* out) {
  std::fill_n(out, kNDirections, 0.0F);
  out[direction] = 1;
  return out + kNDirections;
}

// Coordinates in [0, 1] are quotients of doubles in the reference, then stored as float32.
float fraction(int x, int size) {
  return static_cast<float>(static_cast<double>(x) / (size - 1));
}

}  // namespace

Sight::Sight(const RwareOptions& options)
    : has_image_(options.observation != "flattened"),
      has_features_(options.observation == "image_dict"),
      is_directional_(options.image_directional),
      normalises_(options.normalised_coordinates),
      range_(options.sensor_range) {}

int Sight::dim() const {
  const int n_cells = side() * side();
  if (!has_image_) return kNSelf + n_cells * kNOfCell;
  return (has_features_ ? kNFeatures : 0) + n_cells * kNLayers;
}

void Sight::observe(const Warehouse& warehouse, const Robot& robot, std::span<float> out) const {
  QTOT_CHECK_EQ(out.size(), static_cast<std::size_t>(dim()));
  if (!has_image_) {
    flatten(warehouse, robot, out.data());
    return;
  }
  float* image = out.data();
  if (has_features_) {
    image = write_direction(robot.direction, image);
    *image++ = warehouse.layout.is_highway(robot.cell) ? 1.0F : 0.0F;
    *image++ = robot.shelf != 0 ? 1.0F : 0.0F;
  }
  paint(warehouse, robot, image);
}

void Sight::flatten(const Warehouse& warehouse, const Robot& robot, float* out) const {
  const Layout& layout = warehouse.layout;
  *out++ = normalises_ ? fraction(robot.cell.x, layout.width) : static_cast<float>(robot.cell.x);
  *out++ = normalises_ ? fraction(robot.cell.y, layout.height) : static_cast<float>(robot.cell.y);
  *out++ = robot.shelf != 0 ? 1.0F : 0.0F;
  out = write_direction(robot.direction, out);
  *out++ = layout.is_highway(robot.cell) ? 1.0F : 0.0F;
  for (int row = -range_; row <= range_; ++row) {
    std::size_t at = warehouse.index_of({robot.cell.x - range_, robot.cell.y + row});
    for (int col = 0; col < side(); ++col, ++at) {
      const int other = warehouse.robot_at[at];
      const int shelf = warehouse.shelf_at[at];
      *out++ = other != 0 ? 1.0F : 0.0F;
      const int direction =
          other != 0 ? warehouse.robots[static_cast<std::size_t>(other - 1)].direction : kUp;
      out = write_direction(direction, out);
      *out++ = shelf != 0 ? 1.0F : 0.0F;
      *out++ = static_cast<float>(warehouse.is_requested[static_cast<std::size_t>(shelf)]);
    }
  }
}

void Sight::paint(const Warehouse& warehouse, const Robot& robot, float* out) const {
  const Layout& layout = warehouse.layout;
  const std::ptrdiff_t n_cells = std::ptrdiff_t{side()} * side();
  for (int row = 0; row < side(); ++row) {
    for (int col = 0; col < side(); ++col) {
      const Cell cell = {robot.cell.x - range_ + col, robot.cell.y - range_ + row};
      const std::size_t at = warehouse.index_of(cell);
      const int shelf = warehouse.shelf_at[at];
      const bool has_robot = warehouse.robot_at[at] != 0;
      const bool is_inside =
          cell.x >= 0 && cell.x < layout.width && cell.y >= 0 && cell.y < layout.height;
      const bool is_goal =
          std::find(layout.goals.begin(), layout.goals.end(), cell) != layout.goals.end();
      float* pixel = out + turned(row, col, is_directional_ ? robot.direction : int{kUp});
      pixel[kShelves * n_cells] = shelf != 0 ? 1.0F : 0.0F;
      pixel[kRequests * n_cells] =
          static_cast<float>(warehouse.is_requested[static_cast<std::size_t>(shelf)]);
      pixel[kAgents * n_cells] = has_robot ? 1.0F : 0.0F;
      pixel[kGoals * n_cells] = is_goal ? 1.0F : 0.0F;
      pixel[kAccessible * n_cells] = is_inside && !has_robot ? 1.0F : 0.0F;
    }
  }
}

int Sight::turned(int row, int col, int direction) const {
  const int last = side() - 1;
  switch (direction) {
    case kDown:
      return (last - row) * side() + last - col;
    case kLeft:
      return col * side() + last - row;
    case kRight:
      return (last - col) * side() + row;
    default:
      return row * side() + col;
  }
}

}  // namespace qtot::envs::rware
