#include "envs/stag_hunt/picture.h"

#include <array>
#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::envs::stag_hunt {
namespace {

constexpr double kHalfCell = 0.5;
constexpr double kAgentRadius = 0.34;
constexpr double kPreyRadius = 0.36;

env::DrawnUnit unit_at(const Cell& cell) {
  env::DrawnUnit unit;
  unit.x = cell.col + kHalfCell;
  unit.y = cell.row + kHalfCell;
  return unit;
}

}  // namespace

void draw(const Scene& scene, env::Drawing& out) {
  out = {.width = static_cast<double>(scene.options.width()),
         .height = static_cast<double>(scene.options.height()),
         .has_grid = true,
         .cells = {},
         .units = {},
         .deeds = {}};
  for (std::size_t a = 0; a < scene.agents.size(); ++a) {
    env::DrawnUnit unit = unit_at(scene.agents[a]);
    unit.radius = kAgentRadius;
    unit.team = env::Team::kAllies;
    unit.state = scene.active[a] != 0 ? env::UnitState::kActive : env::UnitState::kOut;
    unit.kind = "hunter";
    unit.agent = static_cast<int>(a);
    unit.sight_is_window = true;
    unit.sight_y = scene.options.agent_obs[0] + kHalfCell;
    unit.sight_x = scene.options.agent_obs[1] + kHalfCell;
    out.units.push_back(unit);
  }
  for (std::size_t p = 0; p < scene.prey.size(); ++p) {
    env::DrawnUnit unit = unit_at(scene.prey[p]);
    unit.radius = kPreyRadius;
    unit.team = env::Team::kNeutral;
    unit.state = scene.alive[p] != 0 ? env::UnitState::kActive : env::UnitState::kDead;
    unit.kind = p < static_cast<std::size_t>(scene.options.n_stags) ? "stag" : "hare";
    out.units.push_back(unit);
  }
  for (const Attempt& attempt : scene.attempts) {
    out.deeds.push_back({.deed = attempt.succeeded ? env::Deed::kCapture : env::Deed::kMiss,
                         .team = env::Team::kAllies,
                         .from_x = attempt.hunter.col + kHalfCell,
                         .from_y = attempt.hunter.row + kHalfCell,
                         .to_x = attempt.prey.col + kHalfCell,
                         .to_y = attempt.prey.row + kHalfCell});
  }
}

std::string action_name(env::Action action) {
  constexpr std::array<const char*, kNActions> kNames = {"right", "down", "left",
                                                         "up",    "stay", "catch"};
  QTOT_CHECK(action >= 0 && action < kNActions);
  return kNames[static_cast<std::size_t>(action)];
}

}  // namespace qtot::envs::stag_hunt
