#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "envs/stag_hunt/cells.h"
#include "envs/stag_hunt/options.h"
#include "qtot/env/drawing.h"

/// What people see of a hunt.
namespace qtot::envs::stag_hunt {

/// A hunter who tried to catch a prey beside it in the last step, and whether enough others did, too.
struct Attempt {
  Cell hunter;
  Cell prey;
  bool succeeded = false;
};

/// Where a hunt stands. Views.
struct Scene {
  const StagHuntOptions& options;
  std::span<const Cell> agents;
  std::span<const std::uint8_t> active;
  std::span<const Cell> prey;  // stags, then hares
  std::span<const std::uint8_t> alive;
  std::span<const Attempt> attempts;
};

void draw(const Scene& scene, env::Drawing& out);

/// "right", "down", "left", "up", "stay", "catch".
std::string action_name(env::Action action);

}  // namespace qtot::envs::stag_hunt
