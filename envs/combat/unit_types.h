#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace qtot::envs::combat {

/// Every kind of unit, in the order of the table in docs/combat_maps.md. Not the order of type ids:
/// see Layout::unit_types.
enum class UnitKind : std::uint8_t {
  kMarine,
  kMarauder,
  kMedivac,
  kStalker,
  kZealot,
  kColossus,
  kZergling,
  kBaneling,
  kSpineCrawler,
  kHydralisk,
};
inline constexpr int kNumUnitKinds = 10;

/// Who can meet whom: units collide within their plane, and a weapon reaches the planes it says.
/// SMAClite has a third plane, for a colossus that cliffs do not stop, but puts its colossi on the
/// ground; so do we.
enum class Plane : std::uint8_t { kGround, kAir };

/// What a unit is, as a set of bits: bonus damage goes by it.
enum Attribute : unsigned {
  kLight = 1,
  kArmored = 2,
  kMassive = 4,
  kBiological = 8,
  kMechanical = 16,
  kStructure = 32,
};

/// What happens when the unit acts on its target.
enum class Weapon : std::uint8_t {
  kStandard,    // damages the target
  kHeal,        // heals the target, no damage
  kLineSplash,  // damages whoever stands on a short line across the line of fire
  kExplode,     // damages everybody around and dies
};

/// The facts of a kind of unit. Lengths are in cells, times in seconds (16 ticks each). The numbers
/// are SMAClite's, from the headers of its recordings, which CombatUnits.TableIsSMAClites compares;
/// the hydralisk's, which SMAClite lacks, are StarCraft II's as published.
struct UnitType {
  std::string_view name;       // "spine_crawler": the name in map files
  double hp = 0;               // at the start, and at most
  double shield = 0;           // at the start, and at most; 0: has none
  double armor = 0;            // subtracted from each attack on hp; shields ignore it
  double damage = 0;           // of one attack
  int n_attacks = 1;           // attacks at a time; armor counts for each
  double bonus = 0;            // added to damage, per attack, against
  unsigned bonus_against = 0;  // a target that has one of these Attributes
  double cooldown = 0;         // from one attack to the next
  double speed = 0;            // cells a second; 0: cannot move
  double range = 0;            // from edge to edge: centres may be both radii further apart
  double radius = 0;           // half of SMAClite's `size`
  double scan = 5;        // from centre to centre: where an attack-moving unit looks for targets
  double hp_regen = 0;    // a second
  double max_energy = 0;  // healing costs energy; 0: has none
  double initial_energy = 0;
  double energy_regen = 0;  // a second
  Plane plane = Plane::kGround;
  bool hits_ground = true;
  bool hits_air = false;
  unsigned attributes = 0;  // the Attributes it has
  Weapon weapon = Weapon::kStandard;
};

const UnitType& unit_type(UnitKind kind);

/// The kind of that name, or nothing.
std::optional<UnitKind> unit_kind(std::string_view name);

}  // namespace qtot::envs::combat
