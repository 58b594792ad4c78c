#include "bridge/spec.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::bridge {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMaxAgents = 4096;
constexpr std::int64_t kMaxActions = 65536;
constexpr std::int64_t kMaxObs = std::int64_t{1} << 20;
constexpr std::int64_t kMaxState = std::int64_t{1} << 22;
constexpr std::int64_t kMaxLimit = 1000000;
constexpr std::size_t kMaxSlotBytes = std::size_t{1} << 26;

constexpr std::size_t kFlagBytes = 8;  // and padding, so that the doubles are aligned

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

const Json& member(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw Error("does not say " + std::string(key));
  return *found;
}

int integer(const Json& value, const std::string& name, std::int64_t low, std::int64_t high) {
  const bool is_integer =
      value.is_number_integer() && (!value.is_number_unsigned() ||
                                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high));
  if (!is_integer || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    constexpr std::size_t kShown = 40;
    throw Error("says " + name + " = " +
                value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, kShown) +
                ", expected an integer in [" + std::to_string(low) + ", " + std::to_string(high) +
                "]");
  }
  return static_cast<int>(value.get<std::int64_t>());
}

bool boolean(const Json& json, const char* key) {
  const Json& value = member(json, key);
  if (!value.is_boolean()) throw Error("says no yes or no for " + std::string(key));
  return value.get<bool>();
}

std::vector<int> integers(const Json& json, const char* key, int n, int high) {
  const Json& list = member(json, key);
  if (!list.is_array() || list.size() != size_of(n)) {
    throw Error("gives no list of " + std::to_string(n) + " integers for " + key);
  }
  std::vector<int> values;
  for (std::size_t k = 0; k < list.size(); ++k) {
    values.push_back(integer(list[k], std::string(key) + "[" + std::to_string(k) + "]", 1, high));
  }
  return values;
}

std::string place(const char* what, std::size_t agent, std::size_t entry) {
  return std::string(what) + "[" + std::to_string(agent) + "][" + std::to_string(entry) + "]";
}

void check_flags(std::uint32_t flags, const PythonSpec& spec) {
  if ((flags & ~(kTerminated | kTruncated | kWon)) != 0) {
    throw Error("gave the flags " + std::to_string(flags) + ", of which some are unknown");
  }
  const bool is_terminated = (flags & kTerminated) != 0;
  if (is_terminated && (flags & kTruncated) != 0) {
    throw Error("ended an episode as terminated and truncated, expected one of them");
  }
  if ((flags & kWon) != 0 && !(is_terminated && spec.reports_wins)) {
    throw Error("gave a win that no termination goes with, or that it said it reports none of");
  }
}

void check_avail(const std::uint8_t* avail, std::size_t agent, const PythonSpec& spec) {
  const std::size_t n_actions = size_of(spec.sizes.n_actions);
  std::size_t n_available = 0;
  for (std::size_t u = 0; u < n_actions; ++u) {
    const unsigned flag = avail[agent * n_actions + u];
    const unsigned most = u < size_of(spec.n_actions_of[agent]) ? 1 : 0;
    if (flag > most) {
      throw Error("gave " + place("avail", agent, u) + " = " + std::to_string(flag) +
                  ", expected at most " + std::to_string(most));
    }
    n_available += flag;
  }
  if (n_available == 0) throw Error("left agent " + std::to_string(agent) + " no action");
}

void check_obs(const std::uint8_t* obs, std::size_t agent, const PythonSpec& spec) {
  const std::size_t obs_dim = size_of(spec.sizes.obs_dim);
  for (std::size_t k = 0; k < obs_dim; ++k) {
    const float x = load_float(obs + sizeof(float) * (agent * obs_dim + k));
    if (!std::isfinite(x)) throw Error("gave " + place("obs", agent, k) + ", which is not finite");
    if (k >= size_of(spec.obs_dim_of[agent]) && x != 0) {
      throw Error("gave " + place("obs", agent, k) + ", which is beyond the agent's sizes");
    }
  }
}

}  // namespace

std::size_t PythonSpec::n_rewards() const {
  return has_agent_rewards ? size_of(sizes.n_agents) : 1;
}

std::size_t PythonSpec::slot_bytes() const {
  const std::size_t n_agents = size_of(sizes.n_agents);
  return kFlagBytes + sizeof(double) * n_rewards() +
         sizeof(float) * (n_agents * size_of(sizes.obs_dim) + size_of(sizes.state_dim)) +
         n_agents * size_of(sizes.n_actions);
}

PythonSpec read_spec(Bytes payload, int episode_limit) {
  const Json json = Json::parse(payload.begin(), payload.end(), nullptr, false);
  if (!json.is_object()) throw Error("says its sizes in no JSON");
  PythonSpec spec;
  core::DecPomdpSpec& sizes = spec.sizes;
  sizes.n_agents = integer(member(json, "n_agents"), "n_agents", 1, kMaxAgents);
  sizes.n_actions = integer(member(json, "n_actions"), "n_actions", 1, kMaxActions);
  sizes.obs_dim = integer(member(json, "obs_dim"), "obs_dim", 1, kMaxObs);
  sizes.state_dim = integer(member(json, "state_dim"), "state_dim", 1, kMaxState);
  spec.cuts_episodes = episode_limit > 0;
  sizes.episode_limit = integer(member(json, "episode_limit"), "episode_limit", 0, kMaxLimit);
  if (spec.cuts_episodes) sizes.episode_limit = episode_limit;
  if (sizes.episode_limit == 0) {
    throw Error("has no time limit of its own: env_args.episode_limit must be given");
  }
  spec.has_agent_rewards = boolean(json, "has_agent_rewards");
  spec.reports_wins = boolean(json, "reports_wins");
  if (spec.slot_bytes() > kMaxSlotBytes) {
    throw Error("has " + std::to_string(spec.slot_bytes()) + " bytes a step, expected at most " +
                std::to_string(kMaxSlotBytes));
  }
  spec.n_actions_of = integers(json, "n_actions_of", sizes.n_agents, sizes.n_actions);
  spec.obs_dim_of = integers(json, "obs_dim_of", sizes.n_agents, sizes.obs_dim);
  return spec;
}

Slot read_slot(Bytes payload, const PythonSpec& spec) {
  QTOT_CHECK_EQ(payload.size(), spec.slot_bytes());
  const std::size_t n_agents = size_of(spec.sizes.n_agents);
  const std::size_t n_state = size_of(spec.sizes.state_dim);
  Slot slot;
  slot.flags = load<std::uint32_t>(payload.data());
  slot.rewards = payload.data() + kFlagBytes;
  slot.obs = slot.rewards + sizeof(double) * spec.n_rewards();
  slot.state = slot.obs + sizeof(float) * n_agents * size_of(spec.sizes.obs_dim);
  slot.avail = slot.state + sizeof(float) * n_state;

  check_flags(slot.flags, spec);
  if (load<std::uint32_t>(payload.data() + sizeof(std::uint32_t)) != 0) {
    throw Error("gave numbers where nothing stands");
  }
  for (std::size_t k = 0; k < spec.n_rewards(); ++k) {
    // qtot adds and keeps floats
    const double reward = load_double(slot.rewards + sizeof(double) * k);
    if (!std::isfinite(reward) || !std::isfinite(static_cast<float>(reward))) {
      throw Error("gave rewards[" + std::to_string(k) + "], which is not finite");
    }
  }
  for (std::size_t agent = 0; agent < n_agents; ++agent) {
    check_obs(slot.obs, agent, spec);
    check_avail(slot.avail, agent, spec);
  }
  for (std::size_t k = 0; k < n_state; ++k) {
    if (!std::isfinite(load_float(slot.state + sizeof(float) * k))) {
      throw Error("gave state[" + std::to_string(k) + "], which is not finite");
    }
  }
  return slot;
}

}  // namespace qtot::bridge
