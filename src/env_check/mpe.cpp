#include "env_check/mpe.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace qtot::env {
namespace {

// Arguments of MPE2 that have one value here, as JSON; most recordings do not name them. Those that we
// do not know at all need no refusal: what they change differs from the recording.
constexpr std::array<std::pair<const char*, const char*>, 8> kOnly = {
    {{"num_good", "1"},
     {"num_adversaries", "3"},
     {"num_obstacles", "2"},
     {"continuous_actions", "false"},
     {"curriculum", "false"},
     {"terminate_on_success", "false"},
     {"num_agent_neighbors", "null"},
     {"num_landmark_neighbors", "null"}}};

std::string scenario(const Json& config, const Place& place) {
  const Json& name = need(config, "env", place);
  if (!name.is_string()) place.fail("config.env: expected text");
  return name.get<std::string>();
}

// The landmark whose colour agent 1 of simple_reference sees, or -1.
int goal_seen_by_agent_1(const Json& line, const Place& place) {
  constexpr std::size_t kLandmarks = 3;
  constexpr std::size_t kColour = 8;  // after the velocity and the offsets of three landmarks
  constexpr double kBright = 0.75;
  constexpr double kDark = 0.25;
  const Json& obs = need(line, "obs", place);
  if (!obs.is_array() || obs.size() != 2) place.fail("obs: expected those of two agents");
  std::vector<double> seen;
  flatten(obs[1], "obs", seen, place);
  if (seen.size() < kColour + kLandmarks) return -1;
  for (std::size_t goal = 0; goal < kLandmarks; ++goal) {
    std::array<double, kLandmarks> colour = {kDark, kDark, kDark};
    colour[goal] = kBright;
    if (std::equal(colour.begin(), colour.end(), seen.begin() + kColour)) {
      return static_cast<int>(goal);
    }
  }
  return -1;
}

}  // namespace

config::Map mpe_args(const Json& config, const Place& place) {
  const std::string name = scenario(config, place);
  for (const auto& [key, value] : kOnly) {
    if (config.contains(key)) must_equal(config, key, Json::parse(value), place);
  }
  config::Map args = {{"map_name", {name, place.text()}}};
  const auto add = [&](const char* theirs, const char* ours) {
    const auto at = config.find(theirs);
    if (at != config.end() && !at->is_null()) args.emplace_back(ours, to_value(*at, place));
  };
  add("local_ratio", "local_ratio");
  add("max_cycles", "episode_limit");
  if (name.starts_with("simple_tag")) {
    args.emplace_back("prey", config::Value{std::string("agent"), place.text()});
  }
  if (name.starts_with("simple_spread")) {
    const Json& agents = need(config, "agents", place);
    if (!agents.is_array()) place.fail("config.agents: expected a list");
    const auto n = static_cast<std::int64_t>(agents.size());
    if (config.contains("N")) must_equal(config, "N", n, place);
    args.emplace_back("n_agents", config::Value{n, place.text()});
  }
  return args;
}

Snapshot mpe_snapshot(const Json& config, const Json& line, const Place& place) {
  const Json& s = need(line, "s", place);
  Snapshot out = {{"step", {read_number(need(s, "step", place), "s.step", place)}}};
  for (const char* name : {"pos", "vel", "c", "lm"}) {
    out.emplace_back(name, std::vector<double>());
    flatten(need(s, name, place), std::string("s.") + name, out.back().second, place);
  }
  const Json& goal = need(s, "goal", place);
  if (goal.is_null()) return out;
  out.emplace_back("goal", std::vector<double>{read_number(goal, "s.goal", place)});
  if (scenario(config, place).starts_with("simple_reference")) {
    const int other = goal_seen_by_agent_1(line, place);
    if (other < 0) place.fail("obs[1]: expected the colour of a landmark");
    out.back().second.push_back(other);
  }
  return out;
}

Tolerance mpe_tolerance(const Json&, const DecPomdpSpec&, const Place&) {
  constexpr double kDoubles = 1e-9;
  constexpr double kFloats = 1e-6;
  return {.fields = {{"s.pos", kDoubles, {}},
                     {"s.vel", kDoubles, {}},
                     {"s.c", kDoubles, {}},
                     {"s.lm", kDoubles, {}},
                     {"r", kDoubles, {}},
                     {"obs", kFloats, {}},
                     {"state", kFloats, {}}},
          .nudge = std::nullopt};
}

}  // namespace qtot::env
