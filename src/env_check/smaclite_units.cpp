#include <array>
#include <utility>

#include "env_check/smaclite.h"
#include "envs/combat/unit_types.h"

namespace qtot::env {
namespace {

namespace combat = envs::combat;

std::string attribute_name(unsigned attribute) {
  constexpr std::array<std::pair<unsigned, const char*>, 6> kNames = {
      {{combat::kLight, "LIGHT"},
       {combat::kArmored, "ARMORED"},
       {combat::kMassive, "MASSIVE"},
       {combat::kBiological, "BIOLOGICAL"},
       {combat::kMechanical, "MECHANICAL"},
       {combat::kStructure, "STRUCTURE"}}};
  for (const auto& [bit, name] : kNames) {
    if (bit == attribute) return name;
  }
  return "";
}

// Our unit in the words of the recordings.
Json described(const combat::UnitType& unit) {
  Json attributes = Json::array();  // sorted, as std::map is
  for (const unsigned bit : {combat::kArmored, combat::kBiological, combat::kLight,
                             combat::kMassive, combat::kMechanical, combat::kStructure}) {
    if ((unit.attributes & bit) != 0) attributes.push_back(attribute_name(bit));
  }
  Json targets = Json::array();
  if (unit.hits_air) targets.push_back("AIR");
  if (unit.hits_ground) targets.push_back("GROUND");
  Json bonuses = Json::object();
  if (unit.bonus != 0) bonuses[attribute_name(unit.bonus_against)] = unit.bonus;
  return {{"hp", unit.hp},
          {"armor", unit.armor},
          {"damage", unit.damage},
          {"cooldown", unit.cooldown},
          {"speed", unit.speed},
          {"attack_range", unit.range},
          {"size", 2 * unit.radius},
          {"shield", unit.shield},
          {"energy", unit.max_energy},
          {"starting_energy", unit.initial_energy},
          {"attacks", unit.n_attacks},
          {"combat", unit.weapon == combat::Weapon::kHeal ? "HEALING" : "DAMAGE"},
          {"scan", unit.scan},
          {"plane", unit.plane == combat::Plane::kAir ? "AIR" : "GROUND"},
          {"hp_regen", unit.hp_regen},
          {"attributes", attributes},
          {"valid_targets", targets},
          {"bonuses", bonuses}};
}

}  // namespace

void check_smaclite_units(const Json& units, const Place& place) {
  if (!units.is_object()) place.fail("config.units: expected an object");
  constexpr std::size_t kShown = 64;
  for (const auto& [name, theirs] : units.items()) {
    const std::string shown = "config.units." + name.substr(0, kShown);
    const auto kind = combat::unit_kind(name);
    if (!kind) place.fail(shown + ": a unit that combat does not have");
    const Json ours = described(combat::unit_type(*kind));
    for (const auto& [key, value] : ours.items()) {
      if (need(theirs, key, place) != value) {
        place.fail(shown + "." + key + ": expected " + value.dump() + ", as combat has it");
      }
    }
  }
}

}  // namespace qtot::env
