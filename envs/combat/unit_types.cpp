#include "envs/combat/unit_types.h"

#include <array>
#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::envs::combat {
namespace {

constexpr double kMeleeRange = 0.1;
constexpr double kZergRegen = 0.38;      // hp a second
constexpr double kEnergyRegen = 0.5625;  // a second

constexpr std::array<UnitType, kNumUnitKinds> kUnitTypes = {{
    {.name = "marine",
     .hp = 45,
     .damage = 6,
     .cooldown = 0.61,
     .speed = 3.15,
     .range = 5,
     .radius = 0.375,
     .hits_air = true,
     .attributes = kLight | kBiological},
    {.name = "marauder",
     .hp = 125,
     .armor = 1,
     .damage = 10,
     .bonus = 10,
     .bonus_against = kArmored,
     .cooldown = 1.07,
     .speed = 3.15,
     .range = 6,
     .radius = 0.5625,
     .attributes = kArmored | kBiological},
    {.name = "medivac",
     .hp = 150,
     .armor = 1,
     .speed = 3.5,
     .range = 4,
     .radius = 0.75,
     .max_energy = 200,
     .initial_energy = 50,
     .energy_regen = kEnergyRegen,
     .plane = Plane::kAir,
     .attributes = kArmored | kMechanical,
     .weapon = Weapon::kHeal},
    {.name = "stalker",
     .hp = 80,
     .shield = 80,
     .armor = 1,
     .damage = 13,
     .bonus = 5,
     .bonus_against = kArmored,
     .cooldown = 1.34,
     .speed = 4.13,
     .range = 6,
     .radius = 0.625,
     .hits_air = true,
     .attributes = kArmored | kMechanical},
    {.name = "zealot",
     .hp = 100,
     .shield = 50,
     .armor = 1,
     .damage = 8,
     .n_attacks = 2,
     .cooldown = 0.86,
     .speed = 3.15,
     .range = kMeleeRange,
     .radius = 0.5,
     .attributes = kLight | kBiological},
    {.name = "colossus",
     .hp = 200,
     .shield = 150,
     .armor = 1,
     .damage = 10,
     .n_attacks = 2,
     .bonus = 5,
     .bonus_against = kLight,
     .cooldown = 1.07,
     .speed = 3.15,
     .range = 7,
     .radius = 1,
     .attributes = kArmored | kMassive | kMechanical,
     .weapon = Weapon::kLineSplash},
    {.name = "zergling",
     .hp = 35,
     .damage = 5,
     .cooldown = 0.497,
     .speed = 4.13,
     .range = kMeleeRange,
     .radius = 0.375,
     .hp_regen = kZergRegen,
     .attributes = kLight | kBiological},
    {.name = "baneling",
     .hp = 30,
     .damage = 80,
     .cooldown = 1,
     .speed = 3.15,
     .range = 0.25,
     .radius = 0.375,
     .hp_regen = kZergRegen,
     .attributes = kBiological,
     .weapon = Weapon::kExplode},
    {.name = "spine_crawler",
     .hp = 300,
     .armor = 2,
     .damage = 25,
     .bonus = 5,
     .bonus_against = kArmored,
     .cooldown = 1.32,
     .range = 7,
     .radius = 0.5,
     .scan = 10,
     .hp_regen = kZergRegen,
     .attributes = kArmored | kBiological | kStructure},
    // ours, not in SMAClite: StarCraft II's as published for patch 4, without upgrades. Hit points, damage,
    // range and speed: sc2swarm.com's unit spotlight (2017); cooldown and radius: as in SMAX.
    {.name = "hydralisk",
     .hp = 90,
     .damage = 12,
     .cooldown = 0.59,
     .speed = 3.15,
     .range = 5,
     .radius = 0.625,
     .hp_regen = kZergRegen,
     .hits_air = true,
     .attributes = kLight | kBiological},
}};

}  // namespace

const UnitType& unit_type(UnitKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  QTOT_CHECK_LT(index, kUnitTypes.size());
  return kUnitTypes[index];
}

std::optional<UnitKind> unit_kind(std::string_view name) {
  for (std::size_t i = 0; i < kUnitTypes.size(); ++i) {
    if (kUnitTypes[i].name == name) return static_cast<UnitKind>(i);
  }
  return std::nullopt;
}

}  // namespace qtot::envs::combat
