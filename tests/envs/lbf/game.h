#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/every_env.h"

namespace qtot::test::lbf {

inline constexpr env::Action kNone = 0, kNorth = 1, kSouth = 2, kWest = 3, kEast = 4, kLoad = 5;

using Args = std::map<std::string, decltype(config::Value::data)>;
using Pieces = std::vector<std::array<double, 3>>;  // row, column, level

config::List list(const std::vector<std::int64_t>& numbers);

std::unique_ptr<env::Env> make(const Args& args);

/// One array of a snapshot; empty when there is none.
std::vector<double> array_of(const env::Env& env, const std::string& name);

/// Players and foods in given cells; options may be changed before start().
struct Game {
  std::int64_t rows = 5, cols = 5;
  Pieces players = {};
  Pieces foods = {};
  Args args = {};
  std::unique_ptr<env::Env> env = nullptr;

  /// `spawned`: sum of the levels at the start of the episode; 0: of the foods that are there.
  Game& start(double step = 0, double spawned = 0);

  env::StepResult play(const std::vector<env::Action>& joint_action) {
    StepChance chance(0, 0);
    return env->step(joint_action, chance.rules);
  }

  std::vector<double> rewards() const {
    return {env->agent_rewards().begin(), env->agent_rewards().end()};
  }

  /// Row and column of each player.
  std::vector<std::array<int, 2>> cells() const {
    std::vector<std::array<int, 2>> out;
    const std::vector<double> flat = array_of(*env, "players");
    for (std::size_t i = 0; i < flat.size(); i += 3) {
      out.push_back({static_cast<int>(flat[i]), static_cast<int>(flat[i + 1])});
    }
    return out;
  }

  std::size_t n_foods() const { return array_of(*env, "field").size() / 3; }

  std::vector<float> seen_by(std::size_t agent) const {
    const View view(*env);
    const auto dim = View::size(env->spec().obs_dim);
    const auto first = view.obs.begin() + static_cast<std::ptrdiff_t>(agent * dim);
    return {first, first + static_cast<std::ptrdiff_t>(dim)};
  }

  std::vector<int> avail(std::size_t agent) const {
    const View view(*env);
    std::vector<int> out;
    for (std::size_t u = 0; u < 6; ++u) out.push_back(view.avail[agent * 6 + u]);
    return out;
  }
};

}  // namespace qtot::test::lbf
