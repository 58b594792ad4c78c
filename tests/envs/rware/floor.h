#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/every_env.h"

/// Warehouses set up by hand.
namespace qtot::test::rware {

inline constexpr env::Action kStay = 0, kForward = 1, kLeft = 2, kRight = 3, kToggle = 4;
enum { kUp, kDown, kLeftwards, kRightwards };

using Args = std::map<std::string, decltype(config::Value::data)>;

inline std::unique_ptr<env::Env> make(const Args& args) {
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "command line"}});
  return env::family("rware").make(map);
}

struct Robot {
  int x = 0, y = 0, direction = kUp, shelf = 0, has_delivered = 0;
};

// tiny: 11 rows of 10 cells, 32 shelves, goals (4, 10) and (5, 10); shelf 1 at (1, 1), 5 at (1, 2).
struct Floor {
  std::vector<Robot> robots;
  std::map<int, std::array<int, 2>> moved_shelves = {};  // by id
  std::vector<double> queue = {32};                      // far away
  Args args = {};
  std::unique_ptr<env::Env> env = nullptr;

  Floor& start(double step = 0, double inactive = 0) {
    args.emplace("n_agents", static_cast<std::int64_t>(robots.size()));
    args.emplace("request_queue_size", static_cast<std::int64_t>(queue.size()));
    env = make(args);
    reset(*env, 0);
    env::Snapshot s = env->snapshot();
    s[0].second = {step};
    s[1].second = {inactive};
    s[2].second.clear();
    for (const Robot& r : robots) {
      for (const int number : {r.x, r.y, r.direction, r.shelf, r.has_delivered}) {
        s[2].second.push_back(number);
      }
      if (r.shelf != 0) moved_shelves[r.shelf] = {r.x, r.y};
    }
    for (const auto& [id, cell] : moved_shelves) {
      s[3].second[2 * static_cast<std::size_t>(id) - 2] = cell[0];
      s[3].second[2 * static_cast<std::size_t>(id) - 1] = cell[1];
    }
    s[4].second = queue;
    env->restore(s);
    return *this;
  }

  std::vector<double> array(const std::string& name) const {
    for (const auto& [key, values] : env->snapshot()) {
      if (key == name) return values;
    }
    return {};
  }
  Robot robot(std::size_t agent) const {
    const auto all = array("agents");
    const auto at = [&](std::size_t i) { return static_cast<int>(all[5 * agent + i]); };
    return {at(0), at(1), at(2), at(3), at(4)};
  }
  std::array<int, 2> shelf(int id) const {
    const auto all = array("shelves");
    const auto at = 2 * static_cast<std::size_t>(id - 1);
    return {static_cast<int>(all[at]), static_cast<int>(all[at + 1])};
  }
  std::vector<double> rewards() const {
    return {env->agent_rewards().begin(), env->agent_rewards().end()};
  }
};

// The first choice; ties go to whom `favourites` names.
class Script final : public env::Chance {
 public:
  std::uint32_t request = 0;
  std::set<int> favourites;
  std::vector<double> odds = {};  // of the ties, as asked

  std::uint32_t choose(int, int, std::uint32_t) override { return request; }
  bool happens(int, int agent, double p) override {
    odds.push_back(p);
    return favourites.contains(agent);
  }
  double uniform(int, int) override { return 0; }
  void shuffle(int, std::span<int>) override {}
};

inline env::StepResult play(Floor& floor, const std::vector<env::Action>& joint_action) {
  Script script;
  return floor.env->step(joint_action, script);
}

}  // namespace qtot::test::rware
