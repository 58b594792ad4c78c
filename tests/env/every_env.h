#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "qtot/env/env.h"

namespace qtot::test {

/// One registered environment: a family and one of its maps.
struct EnvCase {
  std::string family;
  std::string map;

  std::unique_ptr<env::Env> make() const {
    return env::family(family).make({{"map_name", {map, "test"}}});
  }
  friend std::ostream& operator<<(std::ostream& os, const EnvCase& c) {
    return os << c.family << "/" << c.map;
  }
};

inline std::vector<EnvCase> every_env() {
  std::vector<EnvCase> cases;
  for (const env::EnvFamily& family : env::families()) {
    for (const std::string& map : family.maps()) cases.push_back({family.name, map});
  }
  return cases;
}

inline std::string env_case_name(const testing::TestParamInfo<EnvCase>& info) {
  std::string name = info.param.family + "_" + info.param.map;
  std::replace(name.begin(), name.end(), '-', '_');  // GoogleTest takes no other sign
  return name;
}

/// What an environment shows.
struct View {
  std::vector<float> obs;           // [N * O]
  std::vector<float> state;         // [S]
  std::vector<std::uint8_t> avail;  // [N * A]

  bool operator==(const View&) const = default;

  explicit View(const env::Env& env, float stale = 0)
      : obs(size(env.spec().n_agents) * size(env.spec().obs_dim), stale),
        state(size(env.spec().state_dim), stale),
        avail(size(env.spec().n_agents) * size(env.spec().n_actions),
              static_cast<std::uint8_t>(stale)) {
    env.observe(obs, state, avail);
  }

  static std::size_t size(int n) { return static_cast<std::size_t>(n); }
};

/// Each agent draws among its available actions.
inline std::vector<env::Action> random_actions(const env::Env& env, const View& view,
                                               env::Chance& chance) {
  const auto n_actions = View::size(env.spec().n_actions);
  std::vector<env::Action> joint_action;
  for (int agent = 0; agent < env.spec().n_agents; ++agent) {
    std::vector<env::Action> available;
    for (std::size_t u = 0; u < n_actions; ++u) {
      if (view.avail[View::size(agent) * n_actions + u] != 0) {
        available.push_back(static_cast<env::Action>(u));
      }
    }
    joint_action.push_back(
        available.at(chance.choose(0, agent, static_cast<std::uint32_t>(available.size()))));
  }
  return joint_action;
}

/// Chance and acting of step t of the episode `ticket`, as the rollout keys them.
struct StepChance {
  env::PhiloxChance acting;
  env::PhiloxChance rules;

  StepChance(std::uint64_t ticket, int t)
      : acting(7, math::Stream::kExploration, ticket, static_cast<std::uint32_t>(t)),
        rules(7, math::Stream::kStep, ticket, static_cast<std::uint32_t>(t)) {}
};

inline void reset(env::Env& env, std::uint64_t ticket) {
  env::PhiloxChance chance(7, math::Stream::kReset, ticket, 0);
  env.reset(chance);
}

inline env::StepResult random_step(env::Env& env, std::uint64_t ticket, int t) {
  StepChance chance(ticket, t);
  return env.step(random_actions(env, View(env), chance.acting), chance.rules);
}

}  // namespace qtot::test
