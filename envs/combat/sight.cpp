#include "envs/combat/sight.h"

#include <algorithm>
#include <array>

#include "qtot/base/check.h"

namespace qtot::envs::combat {
namespace {

constexpr double kCentre = kMapSize / 2.0;

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

double squared_distance(const Unit& a, const Unit& b) {
  const double dx = static_cast<double>(a.x) - static_cast<double>(b.x);
  const double dy = static_cast<double>(a.y) - static_cast<double>(b.y);
  return dx * dx + dy * dy;
}

float ratio(double part, double whole) {
  return static_cast<float>(part / whole);
}

}  // namespace

Vec direction_of(env::Action action) {
  constexpr std::array<Vec, 4> kDirections = {{{0, 1}, {0, -1}, {1, 0}, {-1, 0}}};
  return kDirections[static_cast<std::size_t>(action - kNorth)];
}

Sight::Sight(const CombatMap& map, Rules rules)
    : layout_(layout_of(map)), walkable_(map.walkable), rules_(rules) {}

void Sight::number_units(const Battle& battle) {
  agents_.clear();
  enemies_.clear();
  for (std::size_t i = 0; i < battle.units().size(); ++i) {
    (battle.units()[i].side == Side::kAlly ? agents_ : enemies_).push_back(static_cast<int>(i));
  }
}

const Unit& Sight::agent_unit(const Battle& battle, int i) const {
  return battle.units()[size(agents_[size(i)])];
}

const Unit& Sight::enemy_unit(const Battle& battle, int i) const {
  return battle.units()[size(enemies_[size(i)])];
}

// One cell ahead there is ground.
bool Sight::can_move(const Unit& self, env::Action action) const {
  const Vec step = direction_of(action);
  const double x = static_cast<double>(self.x) + step.x * (kStride / 2);
  const double y = static_cast<double>(self.y) + step.y * (kStride / 2);
  if (!(x >= 0 && x < kMapSize && y >= 0 && y < kMapSize)) return false;
  return walkable_[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
}

bool Sight::can_target(const Unit& self, const Unit& target) const {
  if (target.is_removed) return false;
  if (self.is_healer() && (&target == &self || target.is_healer())) return false;
  if (rules_ == Rules::kFixed) return squared_distance(self, target) <= kReach * kReach;
  const MixedVec offset =
      MixedVec{static_cast<double>(target.x), static_cast<double>(target.y), true} -
      MixedVec{static_cast<double>(self.x), static_cast<double>(self.y), true};
  return inner(offset, offset).value <= kReach * kReach;
}

int Sight::target_of(const Battle& battle, int agent, env::Action action) const {
  const std::vector<int>& side = targets_of(agent_unit(battle, agent));
  const std::size_t index = size(action - kFirstTarget);
  return index < side.size() ? side[index] : kNobody;
}

bool Sight::is_available(const Battle& battle, int agent, env::Action action) const {
  const Unit& self = agent_unit(battle, agent);
  if (self.is_removed) return action == kNoop;
  if (action < kFirstTarget) return action == kStop || (action >= kNorth && can_move(self, action));
  const int id = target_of(battle, agent, action);
  return id != kNobody && can_target(self, battle.units()[size(id)]);
}

void Sight::write_avail(const Battle& battle, const Unit& self,
                        std::span<std::uint8_t> avail) const {
  std::ranges::fill(avail, std::uint8_t{0});
  if (self.is_removed) {
    avail[size(kNoop)] = 1;
    return;
  }
  avail[size(kStop)] = 1;
  for (env::Action a = kNorth; a < kFirstTarget; ++a) avail[size(a)] = can_move(self, a);
  std::uint8_t* out = avail.data() + kFirstTarget;
  for (const int id : targets_of(self)) *out++ = can_target(self, battle.units()[size(id)]);
}

float* Sight::write_health(float* out, const Unit& unit, bool has_shields) const {
  *out++ = ratio(unit.hp, unit.type->hp);
  if (has_shields) *out++ = unit.type->shield > 0 ? ratio(unit.shield, unit.type->shield) : 0.0F;
  return out;
}

float* Sight::write_type(float* out, const Unit& unit) const {
  for (const UnitKind kind : layout_.unit_types) *out++ = kind == unit.kind ? 1.0F : 0.0F;
  return out;
}

float* Sight::write_other(float* out, const Unit& self, const Unit& other, double squared,
                          bool flag, bool has_shields) const {
  // the difference of two floats is rounded to float, as SMAClite's
  const float dx = other.x - self.x;
  const float dy = other.y - self.y;
  *out++ = flag ? 1.0F : 0.0F;
  *out++ = ratio(root(squared), kSight);
  *out++ = ratio(static_cast<double>(dx), kSight);
  *out++ = ratio(static_cast<double>(dy), kSight);
  out = write_health(out, other, has_shields);
  return write_type(out, other);
}

// The first number of an enemy's block: may the agent attack it? In SMAClite a healer's says instead whether it could
// heal the ally of that index.
bool Sight::is_marked(const Unit& self, int enemy_index, std::span<const std::uint8_t> avail,
                      const Battle& battle) const {
  if (!self.is_healer()) {
    if (rules_ == Rules::kFixed) return avail[size(kFirstTarget + enemy_index)] != 0;
    return root(squared_distance(self, enemy_unit(battle, enemy_index))) <= kReach;
  }
  if (rules_ == Rules::kFixed || enemy_index >= layout_.n_agents) return false;
  const Unit& ally = agent_unit(battle, enemy_index);
  return &ally != &self && !ally.is_removed && root(squared_distance(self, ally)) <= kReach;
}

void Sight::write_agent(const Battle& battle, int agent, std::span<float> obs,
                        std::span<std::uint8_t> avail) const {
  const Unit& self = agent_unit(battle, agent);
  std::fill(obs.begin(), obs.end(), 0.0F);
  write_avail(battle, self, avail);
  if (self.is_removed) return;

  float* out = obs.data();
  for (int i = 0; i < 4; ++i) *out++ = static_cast<float>(avail[size(kNorth + i)]);
  for (int i = 0; i < layout_.n_enemies; ++i, out += layout_.enemy_obs) {
    const Unit& enemy = enemy_unit(battle, i);
    if (enemy.is_removed) continue;
    const double squared = squared_distance(self, enemy);
    if (squared > kSight * kSight) continue;
    write_other(out, self, enemy, squared, is_marked(self, i, avail, battle),
                layout_.enemies_have_shields);
  }
  for (int i = 0; i < layout_.n_agents; ++i) {
    if (i == agent) continue;
    const Unit& ally = agent_unit(battle, i);
    const double squared = squared_distance(self, ally);
    if (!ally.is_removed && squared <= kSight * kSight) {
      write_other(out, self, ally, squared, true, layout_.allies_have_shields);
    }
    out += layout_.ally_obs;
  }
  out = write_health(out, self, layout_.allies_have_shields);
  write_type(out, self);
}

void Sight::write_state(const Battle& battle, std::span<const env::Action> last_actions,
                        std::span<float> state) const {
  std::fill(state.begin(), state.end(), 0.0F);
  float* out = state.data();
  for (const bool is_ally : {true, false}) {
    const int n = is_ally ? layout_.n_agents : layout_.n_enemies;
    const int width = is_ally ? layout_.ally_state : layout_.enemy_state;
    const bool has_shields = is_ally ? layout_.allies_have_shields : layout_.enemies_have_shields;
    for (int i = 0; i < n; ++i, out += width) {
      const Unit& unit = is_ally ? agent_unit(battle, i) : enemy_unit(battle, i);
      if (unit.is_removed) continue;
      float* entry = out;
      *entry++ = ratio(unit.hp, unit.type->hp);
      if (is_ally) {
        *entry++ = unit.is_healer() ? ratio(unit.energy, unit.type->max_energy)
                                    : ratio(unit.cooldown, unit.type->cooldown);
      }
      *entry++ = ratio(static_cast<double>(unit.x) - kCentre, kMapSize);
      *entry++ = ratio(static_cast<double>(unit.y) - kCentre, kMapSize);
      if (has_shields)
        *entry++ = unit.type->shield > 0 ? ratio(unit.shield, unit.type->shield) : 0.0F;
      write_type(entry, unit);
    }
  }
  for (const env::Action action : last_actions) {
    if (action != kNobody) out[action] = 1;
    out += layout_.n_actions;
  }
}

void Sight::write(const Battle& battle, std::span<const env::Action> last_actions,
                  std::span<float> obs, std::span<float> state,
                  std::span<std::uint8_t> avail) const {
  QTOT_CHECK_EQ(obs.size(), size(layout_.n_agents) * size(layout_.obs_dim));
  QTOT_CHECK_EQ(state.size(), size(layout_.state_dim));
  QTOT_CHECK_EQ(avail.size(), size(layout_.n_agents) * size(layout_.n_actions));
  for (int i = 0; i < layout_.n_agents; ++i) {
    write_agent(battle, i, obs.subspan(size(i) * size(layout_.obs_dim), size(layout_.obs_dim)),
                avail.subspan(size(i) * size(layout_.n_actions), size(layout_.n_actions)));
  }
  write_state(battle, last_actions, state);
}

}  // namespace qtot::envs::combat
