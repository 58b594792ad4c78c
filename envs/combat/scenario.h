#pragma once

#include <span>
#include <vector>

#include "envs/combat/map.h"
#include "envs/combat/placement.h"
#include "qtot/env/chance.h"

/// Teams and starts that are drawn for each episode, as in SMACv2 (Ellis et al., 2023). docs/combat_maps.md, section
/// Scenarios, says which of the numbers are SMACv2's.
///
///   teams      each ally is of one of the choices, by weight, independently; enemy i is of the kind of ally i, surplus
///              enemies are drawn like allies. Where all of those drawn are never_alone, all are drawn again.
///   surround   allies around the centre; enemies in 1 to 4 groups, each somewhere on a diagonal of its own
///   reflect    allies anywhere in the left half; enemy i is ally i's image in the vertical axis; surplus enemies
///              anywhere in the right half
///
/// A unit starts with its disc on the map, on walkable ground, and apart from all others. Its place is the first of up
/// to 64 draws that is so; if none is, the first such point of a lattice, of which has_room() makes sure.
namespace qtot::envs::combat {

/// Whether a unit of that radius stands at (x, y) wholly on the map and on no blocked cell.
bool is_clear(const Terrain& walkable, double x, double y, double radius);

/// Whether the lattice has a free point for every unit of map.scenario, whatever is drawn: more points on which the
/// widest kind has clear ground than all other units can cover.
bool has_room(const CombatMap& map);

/// Draws the units of one scenario again and again, without allocating.
class Muster {
 public:
  /// `map` is a scenario that has room.
  explicit Muster(const CombatMap& map);

  int n_units() const { return scenario_.n_allies + scenario_.n_enemies; }

  /// Writes starts [n_units()], allies first. What comes out depends on `chance` alone.
  void draw(env::Chance& chance, std::span<Start> starts);

 private:
  // Where a unit is drawn: the rectangle around (x, y), which grows on each side from draw to draw.
  struct Region {
    double x = 0, y = 0;
    double half_width = 0, half_height = 0;
    double growth = 0;
  };

  void draw_teams(env::Chance& chance, std::span<Start> starts) const;
  void draw_team(env::Chance& chance, int site, std::span<Start> team,
                 std::size_t n_decisive) const;
  const Scenario::Choice& draw_choice(env::Chance& chance, int site, int index) const;
  bool may_be_alone(std::span<const Start> team) const;

  void surround(env::Chance& chance, std::span<Start> starts);
  void reflect(env::Chance& chance, std::span<Start> starts);
  void put(env::Chance& chance, std::span<Start> starts, int unit, const Region& region, int image);
  bool put_at(std::span<Start> starts, int unit, double x, double y, int image);
  bool is_free(std::span<const Start> starts, int unit) const;

  Scenario scenario_;
  Terrain walkable_;
  int sum_of_weights_ = 0;
  std::vector<int> placed_;  // units
};

}  // namespace qtot::envs::combat
