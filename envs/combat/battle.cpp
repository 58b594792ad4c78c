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

// How far from a unit on the ground an obstacle can be that it heeds.
double largest_horizon(const CombatMap& map) {
  double horizon = 0;
  for (const UnitKind kind : kinds_of(map)) {
    horizon = std::max(horizon, unit_type(kind).radius + unit_type(kind).speed);
  }
  return horizon;
}

}  // namespace

Battle::Battle(const CombatMap& map, Rules rules)
    : rules_(rules),
      attack_point_{map.attack_x, map.attack_y, false},
      obstacles_(map, largest_horizon(map)),
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
  order_.reserve(units_.size());
  living_.reserve(units_.size());
  for (Crowd& crowd : sides_) crowd.reserve(units_.size());
  for (Neighbourhood& plane : planes_) plane.reserve(units_.size());
  places_.x.resize(units_.size());
  places_.y.resize(units_.size());
  shots_.reserve(units_.size() * kTicksPerStep);
  shots_.clear();
  refresh();
}

double Battle::tick(int number, env::Chance& chance) {
  clear_targets();
  for (const int id : living_) want_velocity(id);
  avoid_collisions();

  order_ = living_;
  chance.shuffle(kFirstTick + number, order_);
  double reward = 0;
  for (const int id : order_) reward += act(id);
  remove_dead();
  return reward;
}

void Battle::remove_dead() {
  bool somebody_died = false;
  for (const int id : living_) {
    if (unit(id).hp != 0) continue;
    unit(id).is_removed = true;
    somebody_died = true;
  }
  if (somebody_died) {
    refresh();
  } else {
    note_places();
  }
}

void Battle::refresh() {
  living_.clear();
  for (Crowd& side : sides_) side.clear();
  for (Neighbourhood& plane : planes_) plane.clear();
  for (const Plane plane : {Plane::kGround, Plane::kAir}) {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const Unit& unit = units_[i];
      if (unit.is_removed || unit.type->plane != plane) continue;
      const int id = static_cast<int>(i);
      living_.push_back(id);
      sides_[unit.side == Side::kEnemy].add(id, plane);
      planes_[plane == Plane::kAir].add(id);
    }
  }
  std::ranges::sort(living_);
  note_places();
}

void Battle::note_places() {
  for (const int id : living_) {
    places_.x[static_cast<std::size_t>(id)] = static_cast<double>(unit(id).x);
    places_.y[static_cast<std::size_t>(id)] = static_cast<double>(unit(id).y);
  }
  for (Neighbourhood& plane : planes_) plane.note(places_);
}

}  // namespace qtot::envs::combat
