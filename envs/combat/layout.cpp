#include "envs/combat/layout.h"

#include <algorithm>
#include <set>

namespace qtot::envs::combat {
namespace {

constexpr int kNumOwnActions = 6;  // no-op, stop, 4 moves
constexpr int kNumMoves = 4;

struct Army {
  int n_units = 0;
  bool has_shields = false;
  bool has_healers = false;
  std::set<UnitKind> kinds;
};

void add_kind(Army& army, UnitKind kind) {
  const UnitType& type = unit_type(kind);
  army.has_shields |= type.shield > 0;
  army.has_healers |= type.weapon == Weapon::kHeal;
  army.kinds.insert(kind);
}

// In a scenario of all kinds that may be drawn, so that no size depends on the draw.
Army army_of(const CombatMap& map, Side side) {
  Army army;
  if (map.scenario) {
    army.n_units = side == Side::kAlly ? map.scenario->n_allies : map.scenario->n_enemies;
    for (const Scenario::Choice& choice : map.scenario->choices) add_kind(army, choice.kind);
  }
  for (const Group& group : map.groups) {
    if (group.side != side) continue;
    for (const Squad& squad : group.squads) {
      army.n_units += squad.count;
      add_kind(army, squad.kind);
    }
  }
  return army;
}

std::vector<UnitKind> unit_types_of(const CombatMap& map, const Army& allies, const Army& enemies) {
  if (allies.kinds.size() <= 1 && enemies.kinds.size() <= 1) return {};
  const std::set<UnitKind> kinds = kinds_of(map);
  std::vector<UnitKind> types(kinds.begin(), kinds.end());
  std::sort(types.begin(), types.end(),
            [](UnitKind a, UnitKind b) { return unit_type(a).name < unit_type(b).name; });
  return types;
}

}  // namespace

Layout layout_of(const CombatMap& map) {
  const Army allies = army_of(map, Side::kAlly);
  const Army enemies = army_of(map, Side::kEnemy);
  Layout layout;
  layout.n_agents = allies.n_units;
  layout.n_enemies = enemies.n_units;
  // a healer's action 6 + k heals ally k, whatever k
  const int n_targets =
      allies.has_healers ? std::max(allies.n_units, enemies.n_units) : enemies.n_units;
  layout.n_actions = kNumOwnActions + n_targets;
  layout.allies_have_shields = allies.has_shields;
  layout.enemies_have_shields = enemies.has_shields;
  layout.unit_types = unit_types_of(map, allies, enemies);

  const int n_types = static_cast<int>(layout.unit_types.size());
  const int ally_extras = (allies.has_shields ? 1 : 0) + n_types;
  const int enemy_extras = (enemies.has_shields ? 1 : 0) + n_types;
  layout.enemy_obs = 5 + enemy_extras;
  layout.ally_obs = 5 + ally_extras;
  layout.own_obs = 1 + ally_extras;
  layout.ally_state = 4 + ally_extras;
  layout.enemy_state = 3 + enemy_extras;
  layout.obs_dim = kNumMoves + layout.n_enemies * layout.enemy_obs +
                   (layout.n_agents - 1) * layout.ally_obs + layout.own_obs;
  layout.state_dim = layout.n_agents * layout.ally_state + layout.n_enemies * layout.enemy_state +
                     layout.n_agents * layout.n_actions;
  return layout;
}

}  // namespace qtot::envs::combat
