#include "env_check/trace_env.h"

#include <algorithm>

#include "env_check/draws.h"
#include "env_check/lbf_config.h"
#include "env_check/mpe.h"
#include "env_check/rware_script.h"
#include "env_check/smaclite.h"
#include "env_check/stag_hunt_script.h"

namespace qtot::env {
namespace {

config::Value text_value(const std::string& text, const Place& place) {
  return {text, place.text()};
}

config::Map matrix_args(const Json& config, const Place& place) {
  return {{"payoff", to_value(need(config, "payoff", place), place)}};
}

// matrix-games writes one payoff an agent; ours is the team's.
config::Map uoe_args(const Json& config, const Place& place) {
  must_equal(config, "last_action_state", false, place);
  const Json& payoffs = need(config, "payoff_matrix", place);
  if (!payoffs.is_array() || payoffs.size() != 2 || payoffs[0] != payoffs[1]) {
    place.fail("config.payoff_matrix: expected the same payoff for both agents");
  }
  return {{"payoff", to_value(payoffs[0], place)},
          {"observation", text_value("zeros", place)},
          {"episode_limit", to_value(need(config, "time_limit", place), place)}};
}

config::Map mmdp_args(const Json& config, const Place& place) {
  must_equal(config, "R", Json::parse("[[[0,0],[0,0]],[[1000,0],[0,0]]]"), place);
  must_equal(config, "T", Json::parse("[[[0,0],[0,0]],[[1,1],[1,0]]]"), place);
  return {{"episode_limit", to_value(need(config, "episode_limit", place), place)},
          {"limit_terminates", {true, place.text()}}};
}

config::Map two_step_args(const Json& config, const Place& place) {
  must_equal(config, "payoff", Json::parse(R"({"2A":[[7,7],[7,7]],"2B":[[0,1],[1,8]]})"), place);
  must_equal(config, "first_agent_decides", true, place);
  return {};
}

config::Map stag_hunt_args(const Json& config, const Place& place) {
  config::Value value = to_value(config, place);
  auto* args = std::get_if<config::Map>(&value.data);
  if (args == nullptr) place.fail("config: expected an object");
  args->emplace_back("last_step_truncates", config::Value{true, place.text()});
  return *args;
}

// Our own recordings (trace_record.h) bring our own arguments.
config::Map own_args(const Json& config, const Place& place) {
  config::Value value = to_value(need(config, "env_args", place), place);
  auto* args = std::get_if<config::Map>(&value.data);
  if (args == nullptr) place.fail("config.env_args: expected an object");
  return std::move(*args);
}

// For games without chance: any question is one too many.
class NoChance final : public ScriptedChance {
 public:
  std::uint32_t choose(int, int, std::uint32_t) override {
    note("a choice");
    return 0;
  }
  bool happens(int, int, double) override {
    note("an event");
    return false;
  }
  void shuffle(int, std::span<int>) override { note("an order"); }
};

std::unique_ptr<ScriptedChance> no_script(const Json&, const Json&, const DecPomdpSpec&,
                                          const Snapshot&, const Place&) {
  return std::make_unique<NoChance>();
}

const std::vector<TraceEnv>& table() {
  static const std::vector<TraceEnv> kinds = {
      {"matrix", "matrix_game", matrix_args, {}, {}, no_script},
      {"uoematrix", "matrix_game", uoe_args, {{"t", "step"}}, {}, no_script},
      {"mmdp", "mmdp", mmdp_args, {}, {}, no_script},
      {"twostep", "two_step", two_step_args, {}, {"1", "2A", "2B", "end"}, no_script},
      {"staghunt", "stag_hunt", stag_hunt_args, {}, {}, stag_hunt_script},
      {"lbf", "lbf", lbf_args, {}, {}, no_script, nullptr, nullptr, true},
      {"rware", "rware", rware_args, {}, {}, rware_script},
      {"smaclite",
       "combat",
       smaclite_args,
       {},
       {},
       smaclite_script,
       smaclite_snapshot,
       smaclite_tolerance},
      {"mpe", "mpe", mpe_args, {}, {}, no_script, mpe_snapshot, mpe_tolerance},
      {"qtot", "", own_args, {}, {}, draws_script},
  };
  return kinds;
}

}  // namespace

void must_equal(const Json& config, const std::string& key, const Json& only, const Place& place) {
  if (need(config, key, place) != only) {
    place.fail("config." + key + ": expected " + only.dump() + ", as this environment has it");
  }
}

double ScriptedChance::uniform(int, int) {
  note("a number");
  return 0;
}

const TraceEnv& trace_env(const std::string& name, const Place& place) {
  std::string known;
  for (const TraceEnv& kind : table()) {
    if (kind.name == name) return kind;
    known += " " + kind.name;
  }
  constexpr std::size_t kShown = 64;
  place.fail("env \"" + name.substr(0, kShown) + "\": no recording of this environment can be " +
             "checked; known:" + known);
}

Snapshot to_snapshot(const TraceEnv& kind, const Json& config, const Json& line,
                     const Place& place) {
  if (kind.snapshot != nullptr) return kind.snapshot(config, line, place);
  const Json& s = need(line, "s", place);
  if (!s.is_object()) place.fail("s: expected an object");
  Snapshot out;
  for (const auto& [key, value] : s.items()) {
    if (value.is_null()) continue;
    std::string name = key;
    for (const auto& [theirs, ours] : kind.renamed) {
      if (name == theirs) name = ours;
    }
    std::vector<double> numbers;
    if (value.is_string()) {
      const auto word = std::find(kind.words.begin(), kind.words.end(), value.get<std::string>());
      if (word == kind.words.end()) place.fail("s." + key + ": an unknown word");
      numbers.push_back(static_cast<double>(word - kind.words.begin()));
    } else {
      flatten(value, "s." + key, numbers, place);
    }
    out.emplace_back(name, std::move(numbers));
  }
  return out;
}

}  // namespace qtot::env
