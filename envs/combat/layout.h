#pragma once

#include <vector>

#include "envs/combat/map.h"

namespace qtot::envs::combat {

/// The sizes that follow from a map. They are SMAC's (get_obs_size, get_state_size at its defaults)
/// for all of SMAC's maps: CombatLayout.RealSmacSizes.
///
///   obs   = 4 moves | per enemy enemy_obs | per other ally ally_obs | own_obs
///   state = per ally ally_state | per enemy enemy_state | per ally its last action, one-hot
struct Layout {
  int n_agents = 0;  // allies
  int n_enemies = 0;
  int n_actions = 0;  // no-op, stop, 4 moves, and one for each enemy or, if more, ally to be healed
  bool allies_have_shields = false;
  bool enemies_have_shields = false;
  /// The kinds on the map by name, whose index is the unit's type id; empty when neither side has
  /// more than one kind, so that the type says nothing.
  std::vector<UnitKind> unit_types;

  int enemy_obs = 0;    // attackable, distance, dx, dy, hp, [shield], [type]
  int ally_obs = 0;     // visible, distance, dx, dy, hp, [shield], [type]
  int own_obs = 0;      // hp, [shield], [type]
  int ally_state = 0;   // hp, cooldown or energy, x, y, [shield], [type]
  int enemy_state = 0;  // hp, x, y, [shield], [type]
  int obs_dim = 0;
  int state_dim = 0;
};

Layout layout_of(const CombatMap& map);

}  // namespace qtot::envs::combat
