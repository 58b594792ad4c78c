#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "env/every_env.h"
#include "envs/combat/battle.h"

/// Battles set up by hand.
namespace qtot::envs::combat {

using enum UnitKind;

/// Living units act in the order of their numbers, or the other way round.
class Script final : public env::Chance {
 public:
  bool is_reversed = false;

  explicit Script(bool reversed = false) : is_reversed(reversed) {}

  std::uint32_t choose(int, int, std::uint32_t) override { return unexpected(); }
  bool happens(int, int, double) override { return unexpected() != 0; }
  double uniform(int, int) override { return unexpected(); }
  void shuffle(int, std::span<int> items) override {
    if (is_reversed) std::reverse(items.begin(), items.end());
  }

 private:
  static std::uint32_t unexpected() {
    ADD_FAILURE() << "combat draws nothing but orders";
    return 0;
  }
};

inline Start ally(UnitKind kind, double x, double y) {
  return {kind, Side::kAlly, static_cast<float>(x), static_cast<float>(y)};
}
inline Start enemy(UnitKind kind, double x, double y) {
  return {kind, Side::kEnemy, static_cast<float>(x), static_cast<float>(y)};
}

/// Ground without a wall; enemies go to (9, 16).
inline CombatMap open_ground() {
  CombatMap map;
  map.attack_x = 9;
  map.attack_y = 16;
  for (auto& row : map.walkable) row.fill(true);
  return map;
}

/// A battle tick by tick, whose units a test may change and command.
struct Skirmish {
  Battle battle;
  Script script;

  explicit Skirmish(const std::vector<Start>& starts, Rules rules = Rules::kFixed,
                    const CombatMap& map = open_ground())
      : battle(map, rules) {
    battle.begin(starts);
  }

  Unit& unit(std::size_t id) { return battle.units()[id]; }

  void command(std::size_t id, int target) {
    unit(id).order = Order::kAct;
    unit(id).order_target = target;
  }
  void walk(std::size_t id, double x, double y) {
    unit(id).order = Order::kMove;
    unit(id).goal = {x, y};
  }
  void bury(std::size_t id) {
    unit(id).hp = 0;
    unit(id).is_removed = true;
    battle.refresh();
  }
  /// Returns the reward.
  double ticks(int n) {
    double reward = 0;
    for (int i = 0; i < n; ++i) reward += battle.tick(i % kTicksPerStep, script);
    return reward;
  }
};

/// A row of the snapshot's `units`.
struct Row {
  double is_alive = 1, hp = 0, shield = 0, energy = 0, healing = 0, x = 0, y = 0, vx = 0, vy = 0,
         is_single = 0, cooldown = 0, shield_cooldown = 0, target = -1;
};
inline constexpr std::size_t kRowSize = sizeof(Row) / sizeof(double);

/// The environment, whose units stand where a test puts them: allies first.
struct Arena {
  std::vector<Start> starts;
  std::string rules = "fixed";
  std::string terrain = "simple";
  std::int64_t limit = 100;
  std::unique_ptr<env::Env> env = nullptr;
  std::vector<Row> rows = {};
  std::vector<double> last_actions = {};
  double t = 0;

  /// Takes `starts`; the units are unhurt.
  Arena& start() {
    std::string text = "limit " + std::to_string(limit) + "\nattack_point 9 16\n";
    for (const Start& s : starts) {
      const char* side = s.side == Side::kAlly ? "ally" : "enemy";
      text += std::string(side) + " 16 16: 1 " + std::string(unit_type(s.kind).name) + "\n";
    }
    if (terrain == "none") {
      text += "terrain\n";
      for (int i = 0; i < kMapSize; ++i) text += std::string(kMapSize, '_') + "\n";
    } else {
      text += "terrain " + terrain + "\n";
    }
    env = env::family("combat").make({{"map_text", {text, "test"}}, {"rules", {rules, "test"}}});
    rows.clear();
    for (const Start& s : starts) {
      const UnitType& type = unit_type(s.kind);
      rows.push_back({.hp = type.hp,
                      .shield = type.shield,
                      .energy = type.initial_energy,
                      .x = static_cast<double>(s.x),
                      .y = static_cast<double>(s.y),
                      .is_single = rules == "compat" ? 1.0 : 0.0});
    }
    last_actions.assign(View::size(env->spec().n_agents), -1);
    return restore();
  }

  /// Takes `rows`, `last_actions` and `t`.
  Arena& restore() {
    env::Snapshot snapshot = {{"t", {t}}, {"units", {}}, {"last_actions", last_actions}};
    for (const Row& r : rows) {
      snapshot[1].second.insert(snapshot[1].second.end(),
                                {r.is_alive, r.hp, r.shield, r.energy, r.healing, r.x, r.y, r.vx,
                                 r.vy, r.is_single, r.cooldown, r.shield_cooldown, r.target});
    }
    env->restore(snapshot);
    return *this;
  }
  void bury(std::size_t id) { rows[id].is_alive = rows[id].hp = rows[id].shield = 0; }

  env::StepResult play(const std::vector<env::Action>& joint_action) {
    Script script;
    return env->step(joint_action, script);
  }
  bool avail(int agent, env::Action action) const {
    return View(*env).avail[View::size(agent * env->spec().n_actions + action)] != 0;
  }
  std::vector<float> obs(int agent) const {
    const std::vector<float> all = View(*env).obs;
    const auto begin = all.begin() + agent * env->spec().obs_dim;
    return {begin, begin + env->spec().obs_dim};
  }
  std::vector<float> state() const { return View(*env).state; }

 private:
  using View = qtot::test::View;
};

}  // namespace qtot::envs::combat
