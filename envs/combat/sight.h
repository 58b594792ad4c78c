#pragma once

#include <span>
#include <vector>

#include "envs/combat/battle.h"
#include "envs/combat/layout.h"

/// What agents see and may do. Distances are between centres.
namespace qtot::envs::combat {

inline constexpr double kSight = 9;
inline constexpr double kReach = 6;   // of attack and heal actions, whatever the unit's own range
inline constexpr double kStride = 2;  // how far the goal of a move lies

inline constexpr env::Action kNoop = 0;
inline constexpr env::Action kStop = 1;
inline constexpr env::Action kNorth = 2;  // then south, east, west
inline constexpr env::Action kFirstTarget = 6;

/// The unit step of a move action.
Vec direction_of(env::Action action);

class Sight {
 public:
  Sight(const CombatMap& map, Rules rules);

  const Layout& layout() const { return layout_; }

  /// Whether `agent`, a living ally, may choose `action` (below n_actions).
  bool is_available(const Battle& battle, int agent, env::Action action) const;
  /// The unit that a target action of `agent` is aimed at, or kNobody.
  int target_of(const Battle& battle, int agent, env::Action action) const;

  /// obs [N * O], state [S], avail [N * A]; last_actions [N], kNobody for none.
  void write(const Battle& battle, std::span<const env::Action> last_actions, std::span<float> obs,
             std::span<float> state, std::span<std::uint8_t> avail) const;

  /// For each agent and each enemy, by index among their side: the number of the unit.
  void number_units(const Battle& battle);
  int agent_id(int agent) const { return agents_[static_cast<std::size_t>(agent)]; }

 private:
  bool can_move(const Unit& self, env::Action action) const;
  bool can_target(const Unit& self, const Unit& target) const;
  const std::vector<int>& targets_of(const Unit& self) const {
    return self.is_healer() ? agents_ : enemies_;
  }
  /// avail [A]: is_available of every action.
  void write_avail(const Battle& battle, const Unit& self, std::span<std::uint8_t> avail) const;
  void write_agent(const Battle& battle, int agent, std::span<float> obs,
                   std::span<std::uint8_t> avail) const;
  float* write_other(float* out, const Unit& self, const Unit& other, double squared, bool flag,
                     bool has_shields) const;
  float* write_health(float* out, const Unit& unit, bool has_shields) const;
  float* write_type(float* out, const Unit& unit) const;
  void write_state(const Battle& battle, std::span<const env::Action> last_actions,
                   std::span<float> state) const;
  bool is_marked(const Unit& self, int enemy_index, std::span<const std::uint8_t> avail,
                 const Battle& battle) const;
  const Unit& agent_unit(const Battle& battle, int i) const;
  const Unit& enemy_unit(const Battle& battle, int i) const;

  Layout layout_;
  Terrain walkable_;
  Rules rules_;
  std::vector<int> agents_;
  std::vector<int> enemies_;
};

}  // namespace qtot::envs::combat
