#include <cmath>

#include "envs/combat/battle.h"

// What each unit wants to do with its feet, and what the others let it do.

namespace qtot::envs::combat {
namespace {

MixedVec position(const Unit& self) {
  return {static_cast<double>(self.x), static_cast<double>(self.y), true};
}

}  // namespace

bool Battle::is_within(const Unit& a, const Unit& b, double distance) const {
  if (!copies_quirks()) {
    const double dx = static_cast<double>(a.x) - static_cast<double>(b.x);
    const double dy = static_cast<double>(a.y) - static_cast<double>(b.y);
    return dx * dx + dy * dy <= distance * distance;
  }
  // SMAClite tries two cheaper bounds first, and all of it in float32
  const MixedVec offset = position(a) - position(b);
  const double dx = std::abs(offset.x);
  const double dy = std::abs(offset.y);
  const auto single = static_cast<double>(to_float(distance));
  if (dx > single || dy > single) return false;
  if (static_cast<double>(to_float(dx) + to_float(dy)) <= distance) return true;
  return inner(offset, offset).value <= distance * distance;
}

bool Battle::is_in_range(const Unit& self, const Unit& other) const {
  return is_within(self, other, self.type->range + other.radius + self.radius);
}

// Full speed along `offset`.
MixedVec Battle::towards(const Unit& self, MixedVec offset, double speed) const {
  if (self.speed == 0) return {};
  if (!copies_quirks()) {
    const Vec plain = {offset.x, offset.y};
    const double distance = root(inner(plain, plain));
    return distance == 0 ? MixedVec{} : to_mixed(plain * speed / distance);
  }
  const Mixed distance = root(inner(offset, offset));
  return distance.value == 0 ? MixedVec{} : offset * Mixed(speed) / distance;
}

void Battle::follow(int id, int target_id) {
  Unit& self = unit(id);
  const Unit& target = unit(target_id);
  if (is_in_range(self, target) && self.can_reach(target)) {
    self.acts = true;
    self.wanted = {};
    return;
  }
  MixedVec offset = position(target) - position(self);
  if (!copies_quirks()) {
    offset = {static_cast<double>(target.x) - static_cast<double>(self.x),
              static_cast<double>(target.y) - static_cast<double>(self.y), false};
  }
  self.wanted = towards(self, offset, walking_speed(self, id));
}

void Battle::want_velocity(int id) {
  Unit& self = unit(id);
  self.wanted = {};
  switch (self.order) {
    case Order::kStop:
      break;
    case Order::kMove:
      self.wanted = towards(self, MixedVec{self.goal.x, self.goal.y, false} - position(self),
                            walking_speed(self, id));
      break;
    case Order::kAct:
      // a command at the dead is a command to stand, though SMAClite goes on shooting
      if (copies_quirks() || unit(self.order_target).hp > 0) follow(id, self.order_target);
      break;
    case Order::kAttackMove:
      choose_target(id);
      if (self.target != kNobody) {
        follow(id, self.target);
      } else {
        self.wanted = towards(self, attack_point_ - position(self), walking_speed(self, id));
      }
      break;
  }
}

void Battle::avoid_collisions() {
  for (const int id : living_) {
    Unit& self = unit(id);
    self.next_velocity = self.wanted;
    if (!self.wants_to_move()) continue;
    if (copies_quirks()) {
      avoid_collisions(id, mixed_avoidance_);
    } else {
      avoid_collisions(id, avoidance_);
    }
  }
}

template <class V>
void Battle::avoid_collisions(int id, CollisionAvoidance<V>& avoidance) {
  Unit& self = unit(id);
  const double x = static_cast<double>(self.x);
  const double y = static_cast<double>(self.y);
  avoidance.begin({.position = to(V{}, position(self)),
                   .velocity = to(V{}, self.velocity),
                   .wanted = to(V{}, self.wanted),
                   .radius = self.radius,
                   .speed = self.speed});
  const bool is_in_the_air = self.type->plane == Plane::kAir;
  if (!is_in_the_air) {
    const double horizon = self.radius + self.speed;
    for (const Obstacle& obstacle : obstacles_.near({x, y})) {
      if (obstacle.is_within(horizon, {x, y})) avoidance.add_obstacle(obstacle);
    }
  }
  const double reach = largest_radius_ + self.radius;
  planes_[is_in_the_air].visit_near(x, y, reach, [&](int other_id) {
    const double squared = squared_distance(self.x, self.y, other_id);
    if (squared > reach * reach || other_id == id) return;
    const Unit& other = unit(other_id);
    const double distance = root(squared);
    avoidance.add_neighbour({.position = to(V{}, position(other)),
                             .velocity = to(V{}, other.velocity),
                             .distance_squared = copies_quirks() ? distance * distance : squared,
                             .radius = other.radius,
                             .wants_to_move = other.wants_to_move()});
  });
  self.next_velocity = to_mixed(avoidance.solve());
}

template void Battle::avoid_collisions<Vec>(int, CollisionAvoidance<Vec>&);
template void Battle::avoid_collisions<MixedVec>(int, CollisionAvoidance<MixedVec>&);

}  // namespace qtot::envs::combat
