#include <algorithm>
#include <cmath>

#include "envs/combat/battle.h"

// What attacks and healing do.

namespace qtot::envs::combat {
namespace {

constexpr double kTick = 1.0 / kTicksPerSecond;
constexpr double kShieldRegen = 2;    // a second
constexpr double kShieldDelay = 10;   // seconds after a hit
constexpr double kHealPerSecond = 9;  // hp
constexpr double kHealPerEnergy = 3;  // hp
constexpr double kEnergyToStart = 5;  // on a new target
constexpr double kRewardKill = 10;
constexpr double kBeamWidth = 0.3;

// Time passes for a unit: it moves, and timers run.
void age(Unit& self) {
  self.velocity = self.next_velocity;
  self.x = static_cast<float>(static_cast<double>(self.x) + self.velocity.x * kTick);
  self.y = static_cast<float>(static_cast<double>(self.y) + self.velocity.y * kTick);
  const UnitType& type = *self.type;
  self.cooldown = std::max(0.0, self.cooldown - kTick);
  self.shield_cooldown = std::max(0.0, self.shield_cooldown - kTick);
  if (self.shield_cooldown == 0 && self.shield < type.shield) {
    self.shield = std::min(self.shield + kShieldRegen / kTicksPerSecond, type.shield);
  }
  if (self.energy < type.max_energy) {
    self.energy = std::min(self.energy + type.energy_regen / kTicksPerSecond, type.max_energy);
  }
  if (type.hp_regen > 0 && self.hp < type.hp) {
    self.hp = std::min(self.hp + type.hp_regen / kTicksPerSecond, type.hp);
  }
}

// One attack: shields first, which ignore armor. Returns what it took.
double take(Unit& self, double amount) {
  if (self.hp == 0) return 0;
  if (self.type->shield > 0) self.shield_cooldown = kShieldDelay;
  double dealt = 0;
  if (self.shield > 0) {
    const double absorbed = std::min(amount, self.shield);
    self.shield -= absorbed;
    amount -= absorbed;
    dealt += absorbed;
  }
  const double wound = std::max(0.0, std::min(amount - self.type->armor, self.hp));
  self.hp -= wound;
  dealt += wound;
  if (self.side == Side::kAlly) return 0;
  return self.hp == 0 ? dealt + kRewardKill : dealt;
}

}  // namespace

double Battle::act(int id) {
  Unit& self = unit(id);
  if (self.hp == 0) return 0;
  age(self);
  if (self.order == Order::kStop) self.target = kNobody;
  const int target_id = self.order == Order::kAct ? self.order_target : self.target;
  const bool acts = self.acts && target_id != kNobody;
  if (!acts) return 0;
  self.acts = false;
  if (self.cooldown > 0) return 0;
  // nobody shoots at the dead, but in SMAClite, where the shot counts as fired
  if (!copies_quirks() && unit(target_id).hp == 0) return 0;
  self.cooldown = self.type->cooldown;
  const Unit& target = unit(target_id);
  shots_.push_back({id, self.x, self.y, target.x, target.y});
  return use_weapon(self, target_id);
}

double Battle::use_weapon(Unit& self, int target_id) {
  Unit& target = unit(target_id);
  switch (self.type->weapon) {
    case Weapon::kHeal:
      heal(self, target);
      return 0;
    case Weapon::kExplode:
      return explode(self);
    case Weapon::kLineSplash:
      return fire_line(self, target);
    case Weapon::kStandard:
      break;
  }
  return hit(self, target);
}

void Battle::heal(Unit& self, Unit& target) {
  if ((self.previous_target != self.target && self.energy < kEnergyToStart) ||
      target.hp == target.type->hp) {
    self.target = kNobody;
    return;
  }
  const double wanted = std::min(target.type->hp - target.hp, kHealPerSecond / kTicksPerSecond);
  if (self.healing_available < wanted) {
    const double spent = std::min(1.0, self.energy);
    self.energy -= spent;
    self.healing_available += spent * kHealPerEnergy;
  }
  const double healed = std::min(wanted, self.healing_available);
  self.healing_available -= healed;
  target.hp += healed;
}

double Battle::hit(const Unit& self, Unit& target) {
  double damage = self.type->damage;
  if ((self.type->bonus_against & target.type->attributes) != 0) damage += self.type->bonus;
  double reward = 0;
  for (int i = 0; i < self.type->n_attacks; ++i) reward += take(target, damage);
  return reward;
}

// SMAClite's splash reaches both planes.
bool Battle::may_be_splashed(const Unit& self, const Unit& other) const {
  return copies_quirks() || self.can_reach(other);
}

// Everybody of the other side around it, and itself. Who is near is known from the end of the last tick.
double Battle::explode(Unit& self) {
  const double own = self.side == Side::kEnemy ? self.hp : 0;
  self.hp = 0;
  const double reach = kExplosionRadius + largest_radius_;
  double reward = 0;
  for (const int other_id : foes_of(self).by_plane) {
    if (squared_distance(self.x, self.y, other_id) > reach * reach) continue;
    Unit& other = unit(other_id);
    if (!may_be_splashed(self, other)) continue;
    const double radius = kExplosionRadius + other.radius;
    if (is_within(other, self, radius)) reward += hit(self, other);
  }
  return reward + own;
}

// Everybody of the other side who touches a rectangle across the line of fire, centred on the target.
double Battle::fire_line(Unit& self, const Unit& target) {
  const Vec aim = {static_cast<double>(target.x) - static_cast<double>(self.x),
                   static_cast<double>(target.y) - static_cast<double>(self.y)};
  const double length = root(inner(aim, aim));
  if (length == 0) return 0;  // on top of each other there is no line
  const Vec along = aim / length;
  const Vec across = {-along.y, along.x};
  const double half_length = kBeamLength / 2;
  const double half_width = kBeamWidth / 2;
  const double reach = root(half_length * half_length + half_width * half_width);
  double reward = 0;
  for (const int other_id : foes_of(self).by_plane) {
    if (squared_distance(target.x, target.y, other_id) > reach * reach) continue;
    Unit& other = unit(other_id);
    if (!may_be_splashed(self, other)) continue;
    const Vec offset = {static_cast<double>(other.x) - static_cast<double>(target.x),
                        static_cast<double>(other.y) - static_cast<double>(target.y)};
    const double dx = std::max(0.0, std::abs(inner(offset, across)) - half_length);
    const double dy = std::max(0.0, std::abs(inner(offset, along)) - half_width);
    if (dx * dx + dy * dy <= other.radius * other.radius) reward += hit(self, other);
  }
  return reward;
}

}  // namespace qtot::envs::combat
