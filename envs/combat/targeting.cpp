#include <algorithm>
#include <limits>

#include "envs/combat/battle.h"

// Who aims at whom. Distances are those at the beginning of the tick: nobody has moved yet.

namespace qtot::envs::combat {
namespace {

constexpr double kAttackerDistance = 2e9;  // behind everybody who is in sight

}  // namespace

void Battle::clear_targets() {
  an_enemy_looks_ = false;
  an_ally_heals_ = false;
  for (const int id : living_) {
    Unit& self = unit(id);
    self.previous_target = self.target;
    switch (self.order) {
      case Order::kAct:
        self.target = unit(self.order_target).hp > 0 ? self.order_target : kNobody;
        break;
      case Order::kAttackMove:
        if (self.target != kNobody) {
          const Unit& target = unit(self.target);
          const bool attacks_me = target.target >= 0 && &unit(target.target) == &self;
          if (target.hp == 0 || (!attacks_me && !is_in_range(self, target))) self.target = kNobody;
        }
        break;
      case Order::kStop:
      case Order::kMove:
        self.target = kNobody;
        break;
    }
    self.began_without_target = self.target == kNobody;
    if (self.side == Side::kAlly) {
      an_ally_heals_ = an_ally_heals_ || self.is_healer();
    } else {
      an_enemy_looks_ = an_enemy_looks_ || (!self.is_healer() && self.target == kNobody);
    }
  }
}

// An attack-moving unit without a target looks for one; with an ally that heals about, one that has another target
// looks again.
void Battle::choose_target(int id) {
  Unit& self = unit(id);
  if (self.target == kNobody) {
    self.target = self.is_healer() ? pick_to_heal(self) : pick_to_attack(self, id, true);
  } else if (an_ally_heals_ && !self.is_healer() && !unit(self.target).is_healer()) {
    const int better = pick_to_attack(self, id, false);
    if (better != kNobody) self.target = better;
  }
}

// Of the other side the nearest in sight, healers before all others. Whoever attacks the unit is in sight, and, if the
// unit `remembers_attackers`, even when far away.
int Battle::pick_to_attack(const Unit& self, int id, bool remembers_attackers) const {
  const double reach = self.type->scan + largest_radius_;
  int best = kNobody;
  bool best_heals = false;
  double best_distance = std::numeric_limits<double>::infinity();
  const auto consider = [&](int other_id, double distance) {
    const bool heals = unit(other_id).is_healer();
    if (best != kNobody && (heals == best_heals ? distance >= best_distance : best_heals)) return;
    best = other_id;
    best_heals = heals;
    best_distance = distance;
  };
  for (const int other_id : foes_of(self).reached_by(*self.type)) {
    const double squared = squared_distance(self.x, self.y, other_id);
    if (squared > reach * reach) continue;
    const Unit& other = unit(other_id);
    const double distance = root(squared);
    if (distance < self.type->scan + other.radius || other.target == id)
      consider(other_id, distance);
  }
  if (!remembers_attackers) return best;
  for (const int other_id : foes_of(self).by_number) {
    const Unit& other = unit(other_id);
    if (other.target != id) continue;
    if (self.can_reach(other)) consider(other_id, kAttackerDistance);
  }
  return best;
}

// Of its own side in sight the one with least hp among those that are hurt or fight.
int Battle::pick_to_heal(const Unit& self) const {
  const double reach = self.type->scan + largest_radius_;
  int best = kNobody;
  for (const int other_id : friends_of(self).reached_by(*self.type)) {
    const double squared = squared_distance(self.x, self.y, other_id);
    if (squared > reach * reach) continue;
    const Unit& other = unit(other_id);
    if (other.hp == 0 || !(root(squared) < self.type->scan + other.radius)) continue;
    if (other.hp >= other.type->hp && other.target == kNobody) continue;
    if (best == kNobody || other.hp < unit(best).hp) best = other_id;
  }
  return best;
}

// A healer does not overtake those it goes with: whom it has in sight while it looks for a target, or, once it has
// one, who attacks it (the latter only while an enemy looks for a target; SMAClite's lists work so).
double Battle::walking_speed(const Unit& self, int id) const {
  if (!self.is_healer() || self.side == Side::kAlly) return self.speed;
  double slowest = std::numeric_limits<double>::infinity();
  if (self.began_without_target) {
    const double reach = self.type->scan + largest_radius_;
    for (const int other_id : friends_of(self).reached_by(*self.type)) {
      if (squared_distance(self.x, self.y, other_id) <= reach * reach) {
        slowest = std::min(slowest, unit(other_id).speed);
      }
    }
  } else if (an_enemy_looks_) {
    for (const int other_id : foes_of(self).by_number) {
      const Unit& other = unit(other_id);
      if (other.target != id) continue;
      if (self.can_reach(other)) slowest = std::min(slowest, other.speed);
    }
  }
  return slowest < std::numeric_limits<double>::infinity() ? slowest : self.speed;
}

}  // namespace qtot::envs::combat
