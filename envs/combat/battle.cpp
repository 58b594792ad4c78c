#include "envs/combat/battle.h"

#include <algorithm>

#include "qtot/base/check.h"

namespace qtot::envs::combat {
namespace {

constexpr std::size_t kPlanesPerObstacle = 4;

Unit unhurt(const Start& start, int index) {
  const UnitType& type = unit_type(start.kind);
  Unit unit;
  unit.kind = start.kind;
  unit.type = &type;
  unit.side = start.side;
  unit.index = index;
  unit.radius = type.radius;
  unit.speed = type.speed;
  unit.hp = type.hp;
  unit.shield = type.shield;
  unit.energy = type.initial_energy;
  unit.x = start.x;
  unit.y = start.y;
  unit.order = start.side == Side::kEnemy ? Order::kAttackMove : Order::kStop;
  return unit;
}

}  // namespace

Battle::Battle(const CombatMap& map, Rules rules)
    : rules_(rules),
      attack_point_{map.attack_x, map.attack_y, false},
      obstacles_(find_obstacles(map)),
      avoidance_({}),
      mixed_avoidance_({.shifts_by_scalar = true, .keeps_left_edge = true}) {}

void Battle::begin(std::span<const Start> starts) {
  units_.clear();
  largest_radius_ = 0;
  std::array<int, 2> n{};
  for (const Start& start : starts) {
    units_.push_back(unhurt(start, n[start.side == Side::kEnemy]++));
    units_.back().velocity.is_single = copies_quirks();
    largest_radius_ = std::max(largest_radius_, units_.back().radius);
  }
  const std::size_t n_planes = units_.size() + kPlanesPerObstacle * obstacles_.size();
  avoidance_.reserve(n_planes);
  mixed_avoidance_.reserve(n_planes);
  began_without_target_.resize(units_.size());
  heeds_healers_.resize(units_.size());
  distances_squared_.resize(units_.size());
  order_.reserve(units_.size());
  places_.reserve(units_.size());
  shots_.reserve(units_.size() * kTicksPerStep);
  shots_.clear();
  refresh();
}

double Battle::tick(int number, env::Chance& chance) {
  clear_targets();
  const int n = static_cast<int>(units_.size());
  for (int id = 0; id < n; ++id) {
    if (!unit(id).is_removed) want_velocity(id);
  }
  avoid_collisions();

  order_.clear();
  for (int id = 0; id < n; ++id) {
    if (!unit(id).is_removed) order_.push_back(id);
  }
  chance.shuffle(kFirstTick + number, order_);
  double reward = 0;
  for (const int id : order_) reward += act(id);
  remove_dead();
  return reward;
}

void Battle::remove_dead() {
  for (Unit& unit : units_) unit.is_removed = unit.is_removed || unit.hp == 0;
  refresh();
}

void Battle::refresh() {
  places_.clear();
  n_living_ = {};
  n_on_plane_ = {};
  for (const Plane plane : {Plane::kGround, Plane::kAir}) {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const Unit& unit = units_[i];
      if (unit.is_removed || unit.type->plane != plane) continue;
      places_.push_back({.id = static_cast<int>(i),
                         .x = static_cast<double>(unit.x),
                         .y = static_cast<double>(unit.y)});
      ++n_living_[unit.side == Side::kEnemy];
      ++n_on_plane_[plane == Plane::kAir];
    }
  }
}

}  // namespace qtot::envs::combat
