#include "envs/mpe/options.h"

#include <algorithm>

#include "envs/mpe/scenario.h"
#include "qtot/base/error.h"

namespace qtot::envs::mpe {
namespace {

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const ScenarioEntry& entry : scenarios()) names.push_back(entry.name);
  for (const ScenarioEntry& entry : scenarios()) {
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
    names.push_back(entry.gym_name);
  }
  return names;
}

// The options that only some scenarios have are known by a value other than their default.
void require_own(const MpeOptions& options, const ScenarioEntry& entry) {
  const MpeOptions usual;
  const std::vector<std::pair<const char*, bool>> changed = {
      {"n_agents", options.n_agents != usual.n_agents},
      {"n_landmarks", options.n_landmarks != usual.n_landmarks},
      {"local_ratio", options.local_ratio != usual.local_ratio},
      {"prey", options.prey != usual.prey}};
  for (const auto& [key, is_changed] : changed) {
    const auto& own = entry.own_options;
    if (!is_changed || std::find(own.begin(), own.end(), key) != own.end()) continue;
    throw Error("env_args." + std::string(key) + ": " + entry.name + " has no such option");
  }
  if (options.is_openai() && options.local_ratio != usual.local_ratio) {
    throw Error("env_args.local_ratio: reward openai has no local part");
  }
}

}  // namespace

void MpeOptions::options(config::Options& o) {
  constexpr int kMaxBodies = 64;
  o.add("map_name", map_name, "the scenario, by qtot's, MPE2's or EPyMARL's name",
        config::one_of(all_names()));
  o.add("episode_limit", episode_limit, "steps of an episode", config::between(1, 100000));
  o.add("limit_terminates", limit_terminates,
        "whether the last step ends the episode (EPyMARL in 2021) or is a time limit that "
        "bootstraps");
  o.add("integration", integration,
        "which velocity moves a body in a step: old_velocity, before the forces (MPE2), or "
        "new_velocity (OpenAI; default of names like SimpleSpread-v0)",
        config::one_of({"old_velocity", "new_velocity"}));
  o.add("reward", reward,
        "what each agent is paid: by MPE2, or by OpenAI, all the same sum (default of names like "
        "SimpleSpread-v0)",
        config::one_of({"mpe2", "openai"}));
  o.add("common_reward", common_reward,
        "the team's reward: sum of the agents' (EPyMARL) or their mean",
        config::one_of({"sum", "mean"}));
  o.add("n_agents", n_agents, "simple_spread: agents; 0 for three", config::between(0, kMaxBodies));
  o.add("n_landmarks", n_landmarks, "simple_spread: landmarks; 0 for as many as agents",
        config::between(0, kMaxBodies));
  o.add("local_ratio", local_ratio,
        "simple_spread, simple_reference: share of the agent's own part in its reward",
        config::between(0.0, 1.0));
  o.add("prey", prey,
        "simple_tag: who moves the prey: random, still or flee leave three learning adversaries; "
        "agent "
        "makes it the fourth",
        config::one_of({"random", "still", "flee", "agent"}));
}

MpeOptions read_options(const config::Map& args) {
  MpeOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    const ScenarioEntry* entry = name != nullptr ? find_scenario(*name) : nullptr;
    if (entry != nullptr && *name == entry->gym_name) {
      options.integration = "new_velocity";
      options.reward = "openai";
    }
  }
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment mpe");
  const ScenarioEntry* entry = find_scenario(options.map_name);
  options.map_name = entry->name;
  require_own(options, *entry);
  return options;
}

}  // namespace qtot::envs::mpe
