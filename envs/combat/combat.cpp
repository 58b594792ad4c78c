// Combat: the micromanagement battles of SMAC (Samvelyan et al., 2019) without StarCraft II. Rules, units and
// collision avoidance are SMAClite's (Michalski et al., 2023); numbers of agents and actions, observations and state
// have SMAC's sizes and order.
//
//   world      32 x 32 cells, some blocked; units are discs; 16 ticks a second, 8 ticks a step
//   actions    0 no-op (of the dead), 1 stop, 2 to 5 go north, south, east, west, 6 + k attack enemy k; healers
//              heal ally k
//   enemies    walk towards a point and attack whom they meet
//   tick       targets; wanted velocities; collision avoidance; then one after the other, in a random order,
//              units move, recover and attack; the dead are removed
//   reward     damage dealt, 10 for each enemy killed, 200 for the victory; scaled so that a victory without
//              regeneration comes to 20
//   end        one side is dead; the time limit truncates
//   obs        per agent: 4 free directions, enemies, allies, itself (layout.h); within sight, relative to it
//   state      allies, enemies, last actions
//   scenarios  maps whose teams and starts are drawn at each reset (scenario.h); there a side of which only healers are
//              left has lost
//
// `rules: compat` keeps SMAClite's slips and its mixture of float32 and float64, for recordings; `fixed` has neither.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <sstream>

#include "envs/combat/battle.h"
#include "envs/combat/options.h"
#include "envs/combat/picture.h"
#include "envs/combat/scenario.h"
#include "envs/combat/sight.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::combat {
namespace {

constexpr double kRewardKill = 10;
constexpr double kRewardWin = 200;
constexpr double kMaxReturn = 20;
constexpr double kMaxCoordinate = 1000;  // of a restored unit; far outside the map
constexpr double kMaxRestored = 1e6;     // of its other numbers

// What a row of the snapshot's `units` holds.
enum Column {
  kAlive,
  kHp,
  kShield,
  kEnergy,
  kHealing,
  kX,
  kY,
  kVx,
  kVy,
  kVelocityIsSingle,
  kCooldown,
  kShieldCooldown,
  kTarget,
  kNumColumns
};

class Combat final : public env::Env {
 public:
  explicit Combat(const Setting& setting)
      : map_(setting.map),
        rules_(setting.rules),
        starts_(place(setting.map)),
        battle_(setting.map, setting.rules),
        sight_(setting.map, setting.rules) {
    const Layout& layout = sight_.layout();
    spec_ = {.n_agents = layout.n_agents,
             .n_actions = layout.n_actions,
             .obs_dim = layout.obs_dim,
             .state_dim = layout.state_dim,
             .episode_limit = map_.episode_limit};
    last_actions_.resize(static_cast<std::size_t>(layout.n_agents));
    if (map_.scenario) {
      muster_.emplace(map_);
      starts_.resize(static_cast<std::size_t>(muster_->n_units()));
      env::PhiloxChance chance(0, math::Stream::kReset, 0, 0);  // until the first reset
      muster_->draw(chance, starts_);
    }
    begin();
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    if (muster_) muster_->draw(chance, starts_);
    begin();
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK_EQ(joint_action.size(), last_actions_.size());
    QTOT_CHECK(!has_ended());
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      const env::Action action = joint_action[static_cast<std::size_t>(agent)];
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, spec_.n_actions);
      QTOT_CHECK(sight_.is_available(battle_, agent, action));
      command(agent, action);
    }
    std::copy(joint_action.begin(), joint_action.end(), last_actions_.begin());

    battle_.clear_shots();
    double reward = 0;
    for (int tick = 0; tick < kTicksPerStep; ++tick) reward += battle_.tick(tick, chance);
    ++t_;
    const bool won = is_beaten(Side::kEnemy);
    if (won) reward += kRewardWin;
    reward /= max_reward_ / kMaxReturn;
    const bool terminated = is_decided();
    return {.reward = static_cast<float>(reward),
            .terminated = terminated,
            .truncated = !terminated && t_ == spec_.episode_limit,
            .won = won};
  }

  bool reports_wins() const override { return true; }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    sight_.write(battle_, last_actions_, obs, state, avail);
  }

  bool draw(env::Drawing& out) const override {
    combat::draw(battle_, map_, out);
    return true;
  }

  std::string action_name(int agent, env::Action action) const override {
    static constexpr std::array<const char*, kFirstTarget> kNames = {"no-op", "stop", "north",
                                                                     "south", "east", "west"};
    if (action < kFirstTarget) return kNames[static_cast<std::size_t>(action)];
    const Unit& self = battle_.units()[static_cast<std::size_t>(sight_.agent_id(agent))];
    return (self.is_healer() ? "heal " : "attack ") + std::to_string(action - kFirstTarget);
  }

  bool has_ended() const override { return t_ == spec_.episode_limit || is_decided(); }

  env::Snapshot snapshot() const override {
    env::Snapshot out = {{"t", {static_cast<double>(t_)}},
                         {"units", {}},
                         {"last_actions", {last_actions_.begin(), last_actions_.end()}}};
    for (const Unit& unit : battle_.units()) {
      const std::array<double, kNumColumns> row = {unit.is_removed ? 0.0 : 1.0,
                                                   unit.hp,
                                                   unit.shield,
                                                   unit.energy,
                                                   unit.healing_available,
                                                   static_cast<double>(unit.x),
                                                   static_cast<double>(unit.y),
                                                   unit.velocity.x,
                                                   unit.velocity.y,
                                                   unit.velocity.is_single ? 1.0 : 0.0,
                                                   unit.cooldown,
                                                   unit.shield_cooldown,
                                                   static_cast<double>(unit.target)};
      out[1].second.insert(out[1].second.end(), row.begin(), row.end());
    }
    if (map_.scenario) {
      out.push_back({"kinds", {}});
      for (const Unit& unit : battle_.units()) {
        out.back().second.push_back(static_cast<double>(unit.kind));
      }
    }
    return out;
  }

  void restore(const env::Snapshot& snapshot) override {
    const int t = env::snapshot_integer(snapshot, "t", 0, spec_.episode_limit);
    const std::vector<Start> starts = read_starts(snapshot);
    const std::vector<Unit> units = read_units(snapshot, starts);
    const std::vector<int> last_actions = env::snapshot_integers(
        snapshot, "last_actions", last_actions_.size(), kNobody, spec_.n_actions - 1);
    if (map_.scenario) {
      starts_ = starts;
      begin();
    }
    t_ = t;
    std::copy(units.begin(), units.end(), battle_.units().begin());
    std::copy(last_actions.begin(), last_actions.end(), last_actions_.begin());
    battle_.refresh();
    battle_.clear_shots();
  }

  std::string text() const override {
    std::ostringstream os;
    const char* separator = "";
    for (const Side side : {Side::kAlly, Side::kEnemy}) {
      os << separator << (side == Side::kAlly ? "allies" : "enemies");
      separator = "; ";
      for (const Unit& unit : battle_.units()) {
        if (unit.side != side || unit.is_removed) continue;
        os << ' ' << unit.type->name << unit.index << ' ' << unit.hp;
        if (unit.type->shield > 0) os << '+' << unit.shield;
      }
    }
    return os.str();
  }

 private:
  void begin() {
    t_ = 0;
    battle_.begin(starts_);
    sight_.number_units(battle_);
    std::fill(last_actions_.begin(), last_actions_.end(), kNobody);
    max_reward_ = kRewardWin;
    for (const Unit& unit : battle_.units()) {
      if (unit.side == Side::kEnemy) max_reward_ += kRewardKill + unit.hp + unit.shield;
    }
  }

  // Marauders cannot reach medivacs, so that a scenario with nothing else left would have no winner.
  bool is_beaten(Side side) const {
    if (!map_.scenario) return battle_.n_living(side) == 0;
    const std::span<const Unit> units = battle_.units();
    return std::none_of(units.begin(), units.end(), [side](const Unit& unit) {
      return unit.side == side && !unit.is_removed && !unit.is_healer();
    });
  }

  bool is_decided() const { return is_beaten(Side::kAlly) || is_beaten(Side::kEnemy); }

  void command(int agent, env::Action action) {
    Unit& self = battle_.units()[static_cast<std::size_t>(sight_.agent_id(agent))];
    if (action < kNorth) {
      self.order = Order::kStop;
    } else if (action < kFirstTarget) {
      const Vec direction = direction_of(action);
      self.order = Order::kMove;
      self.goal = {static_cast<double>(self.x) + direction.x * kStride,
                   static_cast<double>(self.y) + direction.y * kStride};
    } else {
      self.order = Order::kAct;
      self.order_target = sight_.target_of(battle_, agent, action);
    }
  }

  // Who fights. Where they started is not in the snapshot, and no longer matters.
  std::vector<Start> read_starts(const env::Snapshot& snapshot) const {
    std::vector<Start> starts = starts_;
    if (!map_.scenario) return starts;
    const std::vector<int> kinds =
        env::snapshot_integers(snapshot, "kinds", starts.size(), 0, kNumUnitKinds - 1);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      starts[i].kind = static_cast<UnitKind>(kinds[i]);
      const bool is_choice = std::any_of(
          map_.scenario->choices.begin(), map_.scenario->choices.end(),
          [&](const Scenario::Choice& choice) { return choice.kind == starts[i].kind; });
      if (!is_choice) {
        throw Error("snapshot: kinds[" + std::to_string(i) + "] = " + std::to_string(kinds[i]) +
                    " is no unit of the map's line `team`");
      }
    }
    return starts;
  }

  std::vector<Unit> read_units(const env::Snapshot& snapshot, std::span<const Start> starts) const {
    std::vector<Unit> units(battle_.units().begin(), battle_.units().end());
    if (map_.scenario) {
      Battle other(map_, rules_);
      other.begin(starts);
      units.assign(other.units().begin(), other.units().end());
    }
    const std::vector<double>& table =
        env::snapshot_array(snapshot, "units", units.size() * kNumColumns);
    for (std::size_t i = 0; i < units.size(); ++i) {
      const auto number = [&](Column column, double low, double high) {
        const double x = table[i * kNumColumns + static_cast<std::size_t>(column)];
        if (x >= low && x <= high) return x;  // false for NaN
        std::ostringstream os;
        os << "snapshot: units[" << i << "][" << column << "] = " << x << " must be in [" << low
           << ", " << high << "]";
        throw Error(os.str());
      };
      const auto integer = [&](Column column, int low, int high) {
        const double x = number(column, low, high);
        if (static_cast<int>(x) == x) return static_cast<int>(x);
        throw Error("snapshot: units[" + std::to_string(i) + "][" + std::to_string(column) +
                    "] must be an integer");
      };
      Unit& unit = units[i];
      unit.is_removed = integer(kAlive, 0, 1) == 0;
      unit.hp = number(kHp, 0, unit.type->hp);
      unit.shield = number(kShield, 0, unit.type->shield);
      unit.energy = number(kEnergy, 0, unit.type->max_energy);
      unit.healing_available = number(kHealing, 0, kMaxRestored);
      unit.x = static_cast<float>(number(kX, -kMaxCoordinate, kMaxCoordinate));
      unit.y = static_cast<float>(number(kY, -kMaxCoordinate, kMaxCoordinate));
      unit.velocity = {number(kVx, -kMaxRestored, kMaxRestored),
                       number(kVy, -kMaxRestored, kMaxRestored),
                       integer(kVelocityIsSingle, 0, 1) == 1};
      unit.cooldown = number(kCooldown, 0, kMaxRestored);
      unit.shield_cooldown = number(kShieldCooldown, 0, kMaxRestored);
      unit.target = integer(kTarget, kNobody, static_cast<int>(units.size()) - 1);
      unit.order = unit.side == Side::kEnemy ? Order::kAttackMove : Order::kStop;
      unit.acts = false;
      if (!unit.is_removed && unit.hp == 0) {
        throw Error("snapshot: units[" + std::to_string(i) + "] is alive without hp");
      }
    }
    return units;
  }

  CombatMap map_;
  Rules rules_;
  std::vector<Start> starts_;
  std::optional<Muster> muster_;  // of a scenario
  Battle battle_;
  Sight sight_;
  env::DecPomdpSpec spec_;
  std::vector<env::Action> last_actions_;  // kNobody before the first step
  int t_ = 0;
  double max_reward_ = 0;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  return std::make_unique<Combat>(read_setting(args));
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  CombatOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "combat",
          .summary = "the micromanagement battles of SMAC, by SMAClite's rules",
          .make = make,
          .options = options,
          .maps = [] { return map_names(); }};
}

}  // namespace qtot::envs::combat
