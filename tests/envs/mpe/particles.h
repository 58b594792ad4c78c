#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/every_env.h"
#include "envs/mpe/world.h"

namespace qtot::envs::mpe {

using Places = std::vector<Point>;

/// An environment of the family with a state that is set by hand.
struct Particles {
  std::string map_name;
  config::Map args = {};
  std::unique_ptr<env::Env> env = {};

  Particles& make() {
    config::Map all = {{"map_name", {map_name, "test"}}};
    for (const auto& [key, value] : args) all.emplace_back(key, value);
    env = env::family("mpe").make(all);
    test::reset(*env, 0);
    return *this;
  }

  /// Agents, landmarks and goals, everybody at rest.
  Particles& place(const Places& agents, const Places& landmarks,
                   const std::vector<double>& goals = {}) {
    if (env == nullptr) make();
    set("pos", flat(agents));
    set("vel", std::vector<double>(2 * agents.size()));
    set("lm", flat(landmarks));
    if (!goals.empty()) set("goal", goals);
    return *this;
  }

  void set(const std::string& name, const std::vector<double>& numbers) {
    env::Snapshot snapshot = env->snapshot();
    for (auto& [key, values] : snapshot) {
      if (key == name) values = numbers;
    }
    env->restore(snapshot);
  }

  std::vector<double> array(const std::string& name) const {
    for (const auto& [key, values] : env->snapshot()) {
      if (key == name) return values;
    }
    return {};
  }

  env::StepResult play(const std::vector<env::Action>& joint_action, int t = 0) {
    test::StepChance chance(0, t);
    return env->step(joint_action, chance.rules);
  }

  /// What the agents are paid where they are: without a velocity, the first step moves nobody.
  std::vector<double> rewards_here() {
    play(std::vector<env::Action>(test::View::size(env->spec().n_agents)));
    const auto rewards = env->agent_rewards();
    return {rewards.begin(), rewards.end()};
  }

  /// What an agent sees, without the fill.
  std::vector<float> obs(int agent) const {
    const test::View view(*env);
    const auto from = view.obs.begin() + agent * env->spec().obs_dim;
    return {from, from + env->obs_dim_of(agent)};
  }

  static std::vector<double> flat(const Places& places) {
    std::vector<double> out;
    for (const Point& place : places) out.insert(out.end(), {place.x, place.y});
    return out;
  }
};

inline config::Map with(const std::string& key, const decltype(config::Value::data)& data) {
  return {{key, {data, "test"}}};
}

}  // namespace qtot::envs::mpe
