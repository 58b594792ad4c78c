#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/combat/crowd.h"
#include "envs/combat/map.h"
#include "envs/combat/obstacles.h"
#include "envs/combat/orca.h"
#include "envs/combat/placement.h"
#include "envs/combat/unit_types.h"
#include "qtot/env/env.h"

/// The rules of the battle: units, their commands, and what happens in a tick.
namespace qtot::envs::combat {

inline constexpr int kTicksPerSecond = 16;
inline constexpr int kTicksPerStep = 8;
inline constexpr int kNobody = -1;
inline constexpr double kExplosionRadius = 2.2;  // to the edge of whom it hits
inline constexpr double kBeamLength = 2.8;       // across the line of fire

/// Which decision of the rules a draw of chance is for (env::Chance).
enum Site : int {
  kFirstTick = 1,  // to kFirstTick + 7: in which order the living units act, by tick
  kScenario = 32,  // and above: see scenario.h
};

enum class Rules : std::uint8_t { kCompat, kFixed };

enum class Order : std::uint8_t {
  kStop,        // also of the dead
  kMove,        // to `goal`
  kAct,         // attack or heal `order_target`
  kAttackMove,  // enemies: walk to the attack point, fight whoever is met
};

struct Unit {
  UnitKind kind = UnitKind::kMarine;
  const UnitType* type = nullptr;
  Side side = Side::kAlly;
  int index = 0;  // among its side
  double radius = 0;
  double speed = 0;

  bool is_removed = false;  // since the tick in which it died
  double hp = 0;
  double shield = 0;
  double energy = 0;
  double healing_available = 0;  // hp that energy already paid for
  float x = 0;
  float y = 0;
  MixedVec velocity;
  double cooldown = 0;
  double shield_cooldown = 0;
  int target = kNobody;

  Order order = Order::kStop;
  int order_target = kNobody;
  Vec goal;

  // of the present tick
  int previous_target = kNobody;
  bool began_without_target = false;
  bool acts = false;  // stands and attacks or heals
  MixedVec wanted;
  MixedVec next_velocity;

  bool wants_to_move() const { return wanted.x != 0 || wanted.y != 0; }
  bool is_healer() const { return type->weapon == Weapon::kHeal; }
  bool can_reach(const Unit& other) const {
    return other.type->plane == Plane::kAir ? type->hits_air : type->hits_ground;
  }
};

/// An attack or a healing of the last step, for drawings: who, and from where to where.
struct Shot {
  int from = 0;
  float from_x = 0, from_y = 0;
  float to_x = 0, to_y = 0;
};

/// All units of a battle, numbered in the order of the map, and the rules that move them.
class Battle {
 public:
  Battle(const CombatMap& map, Rules rules);

  /// Puts the units where they start, unhurt.
  void begin(std::span<const Start> starts);

  /// One tick, a sixteenth of a second. Returns the reward: damage dealt to enemies' shields and hp, and 10 for each
  /// that died of it.
  double tick(int number, env::Chance& chance);

  std::span<Unit> units() { return units_; }
  std::span<const Unit> units() const { return units_; }
  /// Whose hp is gone are removed at the end of a tick.
  int n_living(Side side) const { return static_cast<int>(on_side(side).size()); }
  /// After units were changed from outside: counts who lives.
  void refresh();

  std::span<const Shot> shots() const { return shots_; }
  void clear_shots() { shots_.clear(); }

 private:
  bool copies_quirks() const { return rules_ == Rules::kCompat; }
  Unit& unit(int id) { return units_[static_cast<std::size_t>(id)]; }
  const Unit& unit(int id) const { return units_[static_cast<std::size_t>(id)]; }
  const Crowd& on_side(Side side) const { return sides_[side == Side::kEnemy]; }
  const Crowd& friends_of(const Unit& self) const { return on_side(self.side); }
  const Crowd& foes_of(const Unit& self) const { return sides_[self.side == Side::kAlly]; }

  // targeting.cpp
  void clear_targets();
  void choose_target(int id);
  int pick_to_attack(const Unit& self, int id, bool remembers_attackers) const;
  int pick_to_heal(const Unit& self) const;
  double walking_speed(const Unit& self, int id) const;

  // movement.cpp
  void want_velocity(int id);
  void follow(int id, int target_id);
  MixedVec towards(const Unit& self, MixedVec offset, double speed) const;
  void avoid_collisions();
  template <class V>
  void avoid_collisions(int id, CollisionAvoidance<V>& avoidance);
  bool is_within(const Unit& a, const Unit& b, double distance) const;
  bool is_in_range(const Unit& self, const Unit& other) const;

  // weapons.cpp
  double act(int id);
  double use_weapon(Unit& self, int target_id);
  void heal(Unit& self, Unit& target);
  double explode(Unit& self);
  double fire_line(Unit& self, const Unit& target);
  double hit(const Unit& self, Unit& target);
  bool may_be_splashed(const Unit& self, const Unit& other) const;

  /// From (x, y) to where a unit stood at the end of the last tick.
  double squared_distance(float x, float y, int id) const {
    const double dx = static_cast<double>(x) - places_.x[static_cast<std::size_t>(id)];
    const double dy = static_cast<double>(y) - places_.y[static_cast<std::size_t>(id)];
    return dx * dx + dy * dy;
  }

  void remove_dead();
  void note_places();

  Rules rules_;
  double largest_radius_ = 0;
  MixedVec attack_point_;
  NearObstacles obstacles_;
  std::vector<Unit> units_;
  std::vector<int> living_;              // by number
  std::array<Crowd, 2> sides_;           // allies, enemies
  std::array<Neighbourhood, 2> planes_;  // on the ground, in the air
  Places places_;                        // of the living at the end of the last tick
  bool an_ally_heals_ = false;           // at the beginning of the tick
  bool an_enemy_looks_ = false;          // some fighting enemy began the tick without a target
  std::vector<int> order_;
  std::vector<Shot> shots_;
  CollisionAvoidance<Vec> avoidance_;
  CollisionAvoidance<MixedVec> mixed_avoidance_;
};

}  // namespace qtot::envs::combat
