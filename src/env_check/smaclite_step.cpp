#include <algorithm>
#include <array>
#include <limits>

#include "env_check/smaclite.h"
#include "env_check/smaclite_config.h"

namespace qtot::env {
namespace {

constexpr std::size_t kTicks = 8;   // a step
constexpr double kTick = 1.0 / 16;  // seconds
constexpr double kBound = 1e-5;
constexpr double kUnrecorded = std::numeric_limits<double>::quiet_NaN();
constexpr double kMaxNumber = 1e9;

// A row of "units" in our snapshot.
enum Column : std::size_t {
  kAlive,
  kHp,
  kShield,
  kEnergy,
  kHealingAvailable,
  kX,
  kY,
  kVelocityX,
  kVelocityY,
  kVelocityIsFloat32,
  kCooldown,
  kShieldCooldown,
  kTarget,
  kColumns
};

// Entries of a recorded row: [id, side, id in side, type, hp, shield, energy, healing_available, x, y,
// vx, vy, dtype of velocity, cooldown, shield_cooldown, target].
constexpr std::size_t kRecordedRow = 16;
constexpr std::size_t kRecordedDtype = 12;
constexpr std::size_t kRecordedTarget = 15;
constexpr std::size_t kRecordedBefore = 3;  // recorded entry = column + 3, from hp to target

class SmacliteScript final : public ScriptedChance {
 public:
  explicit SmacliteScript(std::vector<std::vector<int>> orders) : orders_(std::move(orders)) {}

  std::uint32_t choose(int, int, std::uint32_t) override {
    note("a choice");
    return 0;
  }
  bool happens(int, int, double) override {
    note("an event");
    return false;
  }

  void shuffle(int site, std::span<int> items) override {
    const auto tick = static_cast<std::size_t>(site) - 1;
    if (site < 1 || tick >= orders_.size()) {
      note("an order at site " + std::to_string(site));
      return;
    }
    const std::vector<int>& order = orders_[tick];
    if (!std::is_permutation(order.begin(), order.end(), items.begin(), items.end())) {
      note("an order of " + std::to_string(items.size()) + " units in tick " +
           std::to_string(tick) + ", recorded " + std::to_string(order.size()) +
           (order.size() == items.size() ? " others" : ""));
      return;
    }
    std::copy(order.begin(), order.end(), items.begin());
  }

 private:
  std::vector<std::vector<int>> orders_;  // of each tick
};

// A living unit as our row, checked against the unit that has this id.
void read_unit(const Json& row, const std::vector<SmacliteConfig::Start>& starts,
               std::vector<double>& units, const Place& place) {
  const std::string what = "s.units";
  if (!row.is_array() || row.size() != kRecordedRow) {
    place.fail(what + ": expected rows of 16 entries");
  }
  const int last = static_cast<int>(starts.size()) - 1;
  const auto id = static_cast<std::size_t>(read_integer(row[0], what + " id", 0, last, place));
  const SmacliteConfig::Start& start = starts[id];
  if (row[1] != (start.is_enemy ? 1 : 0) || row[2] != start.id_in_side || row[3] != start.unit) {
    place.fail(what + ": unit " + std::to_string(id) + " is expected to be number " +
               std::to_string(start.id_in_side) + " of the " +
               (start.is_enemy ? "enemies" : "allies") + ", a " + start.unit);
  }
  double* ours = &units[id * kColumns];
  if (ours[kAlive] != 0) place.fail(what + ": unit " + std::to_string(id) + " is there twice");
  ours[kAlive] = 1;
  for (std::size_t column = kHp; column < kColumns; ++column) {
    const Json& entry = row[column + kRecordedBefore];
    if (column == kVelocityIsFloat32) {
      if (entry != "float32" && entry != "float64") {
        place.fail(what + ": the velocity is float32 or float64");
      }
      ours[column] = entry == "float32" ? 1 : 0;
      continue;
    }
    ours[column] = read_number(entry, what, place);
    if (!(ours[column] >= -kMaxNumber && ours[column] <= kMaxNumber)) {
      place.fail(what + ": a number beyond 1e9");
    }
  }
  read_integer(row[kRecordedTarget], what + " target", -1, last, place);
  static_assert(kRecordedDtype == kVelocityIsFloat32 + kRecordedBefore);
  static_assert(kRecordedTarget == kTarget + kRecordedBefore);
}

// Appends `n` entries that are of one kind.
void add(std::vector<double>& weights, std::size_t n, bool is_position) {
  weights.insert(weights.end(), n, is_position ? 1.0 : 0.0);
}

}  // namespace

Snapshot smaclite_snapshot(const Json& config, const Json& line, const Place& place) {
  const Json& s = need(line, "s", place);
  const auto starts = read_smaclite_config(config, place).starts();
  const double t = read_number(need(s, "t", place), "s.t", place);
  const Json& rows = need(s, "units", place);
  if (!rows.is_array()) place.fail("s.units: expected a list");
  std::vector<double> units(starts.size() * kColumns, kUnrecorded);
  for (std::size_t i = 0; i < starts.size(); ++i) units[i * kColumns + kAlive] = 0;
  for (const Json& row : rows) read_unit(row, starts, units, place);
  std::vector<double> last_actions;
  flatten(need(s, "last_actions", place), "s.last_actions", last_actions, place);
  return {{"t", {t}}, {"units", std::move(units)}, {"last_actions", std::move(last_actions)}};
}

std::unique_ptr<ScriptedChance> smaclite_script(const Json& /*config*/, const Json& line,
                                                const DecPomdpSpec&, const Snapshot& ours,
                                                const Place& place) {
  std::size_t n_units = 0;
  for (const auto& [name, values] : ours) {
    if (name == "units") n_units = values.size() / kColumns;
  }
  const Json& order = need(need(line, "u", place), "order", place);
  if (!order.is_array() || order.size() != kTicks) {
    place.fail("u.order: expected a list of 8 lists, one a tick");
  }
  std::vector<std::vector<int>> orders;
  for (const Json& ids : order) {
    if (!ids.is_array() || ids.size() > n_units) {
      place.fail("u.order: expected lists of at most " + std::to_string(n_units) + " units");
    }
    orders.push_back(
        read_integers(ids, "u.order", ids.size(), 0, static_cast<int>(n_units) - 1, place));
  }
  return std::make_unique<SmacliteScript>(std::move(orders));
}

// The layout of what is seen (docs of the reference; environments of SMAC's sizes):
//   obs   = 4 moves | per enemy: flag, distance, dx, dy, hp, [shield], [type] | per other ally the
//           same | own hp, [shield], [type]
//   state = per ally: hp, cooldown or energy, x, y, [shield], [type] | per enemy: hp, x, y, [shield],
//           [type] | last actions
Tolerance smaclite_tolerance(const Json& config, const DecPomdpSpec& spec, const Place& place) {
  const auto flag = [&](const char* key) -> std::size_t {
    const Json& value = need(config, key, place);
    if (!value.is_boolean()) place.fail(std::string("config.") + key + ": expected true or false");
    return value.get<bool>() ? 1 : 0;
  };
  const auto n_types = static_cast<std::size_t>(
      read_integer(need(config, "num_unit_types", place), "config.num_unit_types", 0, 64, place));
  const std::size_t ally_rest = flag("ally_has_shields") + n_types;  // after hp
  const std::size_t enemy_rest = flag("enemy_has_shields") + n_types;
  const auto n_agents = static_cast<std::size_t>(spec.n_agents);
  const std::size_t n_units = read_smaclite_config(config, place).starts().size();
  if (n_units < n_agents) place.fail("n_agents: more than the allies in config.groups");

  std::vector<double> obs, state;  // weights
  add(obs, 4, false);
  for (std::size_t u = 1; u < n_units; ++u) {  // all but oneself, enemies first
    add(obs, 1, false);
    add(obs, 3, true);
    add(obs, 1 + (u <= n_units - n_agents ? enemy_rest : ally_rest), false);
  }
  add(obs, 1 + ally_rest, false);
  for (std::size_t u = 0; u < n_units; ++u) {
    add(state, u < n_agents ? 2 : 1, false);
    add(state, 2, true);
    add(state, u < n_agents ? ally_rest : enemy_rest, false);
  }
  add(state, n_agents * static_cast<std::size_t>(spec.n_actions), false);
  if (obs.size() != static_cast<std::size_t>(spec.obs_dim) ||
      state.size() != static_cast<std::size_t>(spec.state_dim)) {
    place.fail("config: shields and unit types do not give the sizes obs and state");
  }

  // a velocity counts by how far it takes the unit in a tick
  std::vector<double> units(kColumns);
  std::vector<bool> is_position(kColumns);
  for (const std::size_t column : {kVelocityX, kVelocityY}) units[column] = kTick;
  for (const std::size_t column : {kX, kY}) {
    units[column] = 1;
    is_position[column] = true;
  }
  return {.fields = {{"s.units", kBound, units}, {"obs", kBound, obs}, {"state", kBound, state}},
          .nudge = Tolerance::Nudge{"units", is_position, kAlive}};
}

}  // namespace qtot::env
