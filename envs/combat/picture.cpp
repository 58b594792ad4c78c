#include "envs/combat/picture.h"

#include <algorithm>
#include <string>

#include "envs/combat/sight.h"

namespace qtot::envs::combat {
namespace {

env::Team team_of(Side side) {
  return side == Side::kAlly ? env::Team::kAllies : env::Team::kEnemies;
}

env::DrawnUnit drawn(const Unit& unit) {
  env::DrawnUnit out;
  out.x = std::clamp(static_cast<double>(unit.x), 0.0, static_cast<double>(kMapSize));
  out.y = std::clamp(static_cast<double>(unit.y), 0.0, static_cast<double>(kMapSize));
  out.radius = unit.radius;
  out.team = team_of(unit.side);
  out.state = unit.is_removed ? env::UnitState::kDead : env::UnitState::kActive;
  out.kind = unit.type->name;
  if (unit.side == Side::kAlly) {
    out.agent = unit.index;
    out.sight_x = out.sight_y = kSight;
    out.range = kReach;
  } else {
    out.label = std::to_string(unit.index);
  }
  out.health = unit.is_removed ? 0 : unit.hp;
  out.max_health = unit.type->hp;
  out.shield = unit.is_removed ? 0 : unit.shield;
  out.max_shield = unit.type->shield;
  out.energy = unit.energy;
  out.max_energy = unit.type->max_energy;
  out.facing_x = unit.velocity.x;
  out.facing_y = unit.velocity.y;
  return out;
}

env::DrawnDeed drawn(const Shot& shot, const Unit& from) {
  env::DrawnDeed deed;
  deed.team = team_of(from.side);
  deed.from_x = static_cast<double>(shot.from_x);
  deed.from_y = static_cast<double>(shot.from_y);
  deed.to_x = static_cast<double>(shot.to_x);
  deed.to_y = static_cast<double>(shot.to_y);
  switch (from.type->weapon) {
    case Weapon::kHeal:
      deed.deed = env::Deed::kHeal;
      break;
    case Weapon::kExplode:
      deed.deed = env::Deed::kSplash;
      deed.radius = kExplosionRadius;
      deed.to_x = deed.from_x;
      deed.to_y = deed.from_y;
      break;
    case Weapon::kLineSplash:
      deed.deed = env::Deed::kSplash;
      deed.radius = kBeamLength / 2;
      break;
    case Weapon::kStandard:
      break;
  }
  return deed;
}

}  // namespace

void draw(const Battle& battle, const CombatMap& map, env::Drawing& out) {
  out = {};
  out.width = out.height = kMapSize;
  out.y_is_up = true;
  for (int y = 0; y < kMapSize; ++y) {
    for (int x = 0; x < kMapSize; ++x) {
      if (map.walkable[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)]) continue;
      out.cells.push_back({.x = x, .y = y, .ground = env::Ground::kWall, .label = {}});
    }
  }
  for (const Unit& unit : battle.units()) out.units.push_back(drawn(unit));
  for (const Shot& shot : battle.shots()) {
    out.deeds.push_back(drawn(shot, battle.units()[static_cast<std::size_t>(shot.from)]));
  }
}

}  // namespace qtot::envs::combat
