#pragma once

#include <span>

#include "envs/rware/layout.h"
#include "envs/rware/options.h"

namespace qtot::envs::rware {

/// What an agent sees: the forms of the reference's observations. The window has 2 range + 1 cells a
/// side, row by row, with the agent in its middle; outside the warehouse nothing is seen.
///
///   flattened   x, y, carries, direction one-hot (4), on a highway; then for each cell of the window
///               whether there is an agent, its direction one-hot ([1, 0, 0, 0] without one), whether
///               there is a shelf, whether that is requested
///   image       five layers of the window: shelves, requested shelves, agents, goals, accessible (in
///               the warehouse and without an agent); turned so that the agent looks up, if directional
///   image_dict  direction one-hot (4), on a highway, carries; then the image
class Sight {
 public:
  explicit Sight(const RwareOptions& options);

  /// Numbers of one agent.
  int dim() const;

  /// out [dim()], overwritten.
  void observe(const Warehouse& warehouse, const Robot& robot, std::span<float> out) const;

 private:
  int side() const { return 2 * range_ + 1; }
  void flatten(const Warehouse& warehouse, const Robot& robot, float* out) const;
  void paint(const Warehouse& warehouse, const Robot& robot, float* out) const;
  /// Where the cell (row, col) of the window lies in a layer of the image.
  int turned(int row, int col, int direction) const;

  bool has_image_;
  bool has_features_;
  bool is_directional_;
  bool normalises_;
  int range_;
};

}  // namespace qtot::envs::rware
