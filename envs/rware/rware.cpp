// The multi-robot warehouse RWARE (Papoudakis et al., 2021; Christianos et al., 2020): robots bring
// requested shelves to a goal and put them back. Rewards are rare, so it asks for exploration.
//
//   grid       [rows, columns], row 0 at the top: blocks of shelves, two cells wide, between highways;
//              two goals in the middle of the last row
//   actions    0 stay, 1 forward, 2 turn left, 3 turn right, 4 toggle: pick up the shelf on one's cell,
//              or put down the one carried, but not on a highway; all are always available
//   step       who may act is settled for all at once (traffic.h): a cell holds one robot, a robot that
//              carries a shelf does not enter the cell of a standing one; then all act; then each goal
//              with a requested shelf on it makes a delivery, left before right
//   delivery   another shelf takes the place in the queue, and agents are paid by reward_type
//   end        the time limit, or max_inactivity_steps without a delivery
//   obs        sight.h
//   state      all observations, one after the other
//
// A rule of the reference that play never comes to, since shelves on a goal are always carried: a
// delivery without a robot on the goal counts for the last agent.

#include <algorithm>
#include <array>
#include <cstddef>

#include "envs/rware/layout.h"
#include "envs/rware/options.h"
#include "envs/rware/picture.h"
#include "envs/rware/sight.h"
#include "envs/rware/snapshot.h"
#include "envs/rware/traffic.h"
#include "qtot/base/check.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::rware {
namespace {

enum RobotAction : env::Action { kStay, kForward, kTurnLeft, kTurnRight, kToggle, kNActions };
constexpr double kDelivery = 1;
constexpr double kStage = 0.5;  // of two: delivered, and back

int turned(int direction, env::Action action) {
  constexpr std::array<int, kNDirections> kLeftOf = {kLeft, kRight, kDown, kUp};
  constexpr std::array<int, kNDirections> kRightOf = {kRight, kLeft, kUp, kDown};
  return (action == kTurnLeft ? kLeftOf : kRightOf)[static_cast<std::size_t>(direction)];
}

class Rware final : public env::Env {
 public:
  explicit Rware(const RwareOptions& options)
      : options_(options),
        sight_(options),
        warehouse_(options),
        traffic_(options.n_agents, options.ties == "drawn"),
        targets_(warehouse_.robots.size()),
        target_indices_(warehouse_.robots.size()),
        waits_for_(warehouse_.robots.size()),
        acts_(warehouse_.robots.size()),
        rewards_(warehouse_.robots.size()) {
    spec_ = {.n_agents = options.n_agents,
             .n_actions = kNActions,
             .obs_dim = sight_.dim(),
             .state_dim = options.n_agents * sight_.dim(),
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    step_ = inactive_ = 0;
    std::fill(rewards_.begin(), rewards_.end(), 0.0);
    place_robots(chance);
    warehouse_.shelves = warehouse_.layout.shelves;
    fill_queue(chance);
    warehouse_.mark_all();
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK_EQ(joint_action.size(), warehouse_.robots.size());
    QTOT_CHECK(!has_ended());
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, env::Action{kNActions});
    }
    std::fill(rewards_.begin(), rewards_.end(), 0.0);
    settle(joint_action, chance);
    move();
    turn_and_toggle(joint_action);
    const bool has_delivery = deliver(chance);
    inactive_ = has_delivery ? 0 : inactive_ + 1;
    ++step_;

    const bool at_limit = step_ == options_.episode_limit;
    const bool terminated = is_inactive() || (at_limit && options_.limit_terminates);
    return {
        .reward = team_reward(), .terminated = terminated, .truncated = at_limit && !terminated};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    const auto obs_dim = static_cast<std::size_t>(spec_.obs_dim);
    QTOT_CHECK_EQ(obs.size(), warehouse_.robots.size() * obs_dim);
    QTOT_CHECK_EQ(state.size(), obs.size());
    QTOT_CHECK_EQ(avail.size(), warehouse_.robots.size() * kNActions);
    for (std::size_t a = 0; a < warehouse_.robots.size(); ++a) {
      sight_.observe(warehouse_, warehouse_.robots[a], obs.subspan(a * obs_dim, obs_dim));
    }
    std::copy(obs.begin(), obs.end(), state.begin());
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
  }

  std::span<const double> agent_rewards() const override { return rewards_; }

  bool has_ended() const override { return step_ == options_.episode_limit || is_inactive(); }

  env::Snapshot snapshot() const override {
    return write_snapshot(warehouse_, {.step = step_, .inactive = inactive_});
  }

  void restore(const env::Snapshot& snapshot) override {
    const Counters counters = read_snapshot(snapshot, options_.episode_limit, warehouse_);
    step_ = counters.step;
    inactive_ = counters.inactive;
    std::fill(rewards_.begin(), rewards_.end(), 0.0);
    warehouse_.mark_all();
  }

  std::string text() const override {
    return "step " + std::to_string(step_) + ", inactive " + std::to_string(inactive_) + ", grid " +
           grid_text(warehouse_);
  }

  bool draw(env::Drawing& out) const override {
    rware::draw(warehouse_, options_.sensor_range, out);
    return true;
  }

  std::string action_name(int, env::Action action) const override {
    return rware::action_name(action);
  }

 private:
  bool is_inactive() const {
    return options_.max_inactivity_steps > 0 && inactive_ >= options_.max_inactivity_steps;
  }

  // Each on one of the cells that the ones before it left.
  void place_robots(env::Chance& chance) {
    const Layout& layout = warehouse_.layout;
    std::fill(warehouse_.robot_at.begin(), warehouse_.robot_at.end(), 0);
    auto n_left = static_cast<std::uint32_t>(layout.height * layout.width);
    for (int a = 0; a < options_.n_agents; ++a, --n_left) {
      std::uint32_t n = chance.choose(kPlace, a, n_left);
      Cell cell;
      for (int i = 0;; ++i) {
        cell = {i % layout.width, i / layout.width};
        if (warehouse_.robot_at[warehouse_.index_of(cell)] == 0 && n-- == 0) break;
      }
      warehouse_.robot_at[warehouse_.index_of(cell)] = a + 1;
      const auto direction = static_cast<int>(chance.choose(kDirection, a, kNDirections));
      warehouse_.robots[static_cast<std::size_t>(a)] = {.cell = cell, .direction = direction};
    }
  }

  void fill_queue(env::Chance& chance) {
    std::fill(warehouse_.is_requested.begin(), warehouse_.is_requested.end(), std::uint8_t{0});
    auto n_left = static_cast<std::uint32_t>(warehouse_.shelves.size());
    for (std::size_t i = 0; i < warehouse_.queue.size(); ++i, --n_left) {
      const int id = nth_not_requested(chance.choose(kQueue, static_cast<int>(i), n_left));
      warehouse_.queue[i] = id;
      warehouse_.is_requested[static_cast<std::size_t>(id)] = 1;
    }
  }

  // The id of shelf n, from 0, among those that are not requested.
  int nth_not_requested(std::uint32_t n) const {
    std::size_t id = 1;
    while (warehouse_.is_requested[id] != 0 || n-- > 0) ++id;
    return static_cast<int>(id);
  }

  // Fills targets_ and acts_.
  void settle(std::span<const env::Action> joint_action, env::Chance& chance) {
    for (std::size_t a = 0; a < warehouse_.robots.size(); ++a) {
      const Robot& robot = warehouse_.robots[a];
      Cell target = joint_action[a] == kForward ? warehouse_.ahead_of(robot) : robot.cell;
      std::size_t index = warehouse_.index_of(target);
      int other = warehouse_.robot_at[index] - 1;
      const bool carries_into_shelf =
          robot.shelf != 0 && target != robot.cell && warehouse_.shelf_at[index] != 0 &&
          (other < 0 || warehouse_.robots[static_cast<std::size_t>(other)].shelf == 0);
      if (carries_into_shelf) {
        target = robot.cell;
        index = warehouse_.index_of(target);
        other = static_cast<int>(a);
      }
      targets_[a] = target;
      target_indices_[a] = index;
      waits_for_[a] = other < 0 ? kNobody : other;
    }
    traffic_.decide(waits_for_, target_indices_, chance, acts_);
  }

  // All cells are left before any is entered, so that queues move up and circles turn.
  void move() {
    for (std::size_t a = 0; a < warehouse_.robots.size(); ++a) {
      const Robot& robot = warehouse_.robots[a];
      if (acts_[a] == 0 || targets_[a] == robot.cell) continue;
      const std::size_t from = warehouse_.index_of(robot.cell);
      warehouse_.robot_at[from] = 0;
      if (robot.shelf != 0) warehouse_.shelf_at[from] = 0;
    }
    for (std::size_t a = 0; a < warehouse_.robots.size(); ++a) {
      Robot& robot = warehouse_.robots[a];
      if (acts_[a] == 0 || targets_[a] == robot.cell) continue;
      robot.cell = targets_[a];
      warehouse_.robot_at[target_indices_[a]] = static_cast<int>(a) + 1;
      if (robot.shelf == 0) continue;
      warehouse_.shelf_at[target_indices_[a]] = robot.shelf;
      warehouse_.shelves[static_cast<std::size_t>(robot.shelf - 1)] = robot.cell;
    }
  }

  void turn_and_toggle(std::span<const env::Action> joint_action) {
    for (std::size_t a = 0; a < warehouse_.robots.size(); ++a) {
      Robot& robot = warehouse_.robots[a];
      const env::Action action = joint_action[a];
      if (action == kTurnLeft || action == kTurnRight) {
        robot.direction = turned(robot.direction, action);
      } else if (action == kToggle && robot.shelf == 0) {
        robot.shelf = warehouse_.shelf_at[warehouse_.index_of(robot.cell)];
      } else if (action == kToggle && !warehouse_.layout.is_highway(robot.cell)) {
        robot.shelf = 0;
        if (robot.has_delivered && options_.reward_type == "two_stage") rewards_[a] += kStage;
        robot.has_delivered = false;
      }
    }
  }

  // Whether there was a delivery.
  bool deliver(env::Chance& chance) {
    bool has_delivery = false;
    for (int g = 0; g < static_cast<int>(warehouse_.layout.goals.size()); ++g) {
      const std::size_t at =
          warehouse_.index_of(warehouse_.layout.goals[static_cast<std::size_t>(g)]);
      const int shelf = warehouse_.shelf_at[at];
      if (warehouse_.is_requested[static_cast<std::size_t>(shelf)] == 0) continue;
      has_delivery = true;
      request_another(shelf, g, chance);
      const int robot = warehouse_.robot_at[at];
      pay(static_cast<std::size_t>(robot != 0 ? robot - 1 : options_.n_agents - 1));
    }
    return has_delivery;
  }

  void request_another(int delivered, int goal, env::Chance& chance) {
    const auto n_left =
        static_cast<std::uint32_t>(warehouse_.shelves.size() - warehouse_.queue.size());
    const int id = nth_not_requested(chance.choose(kRequest, goal, n_left));
    *std::find(warehouse_.queue.begin(), warehouse_.queue.end(), delivered) = id;
    warehouse_.is_requested[static_cast<std::size_t>(delivered)] = 0;
    warehouse_.is_requested[static_cast<std::size_t>(id)] = 1;
  }

  void pay(std::size_t agent) {
    if (options_.reward_type == "global") {
      for (double& reward : rewards_) reward += kDelivery;
    } else if (options_.reward_type == "two_stage") {
      warehouse_.robots[agent].has_delivered = true;
      rewards_[agent] += kStage;
    } else {
      rewards_[agent] += kDelivery;
    }
  }

  float team_reward() const {
    double sum = 0;
    for (const double reward : rewards_) sum += reward;
    return static_cast<float>(options_.common_reward == "mean" ? sum / options_.n_agents : sum);
  }

  RwareOptions options_;
  env::DecPomdpSpec spec_;
  Sight sight_;
  Warehouse warehouse_;
  Traffic traffic_;
  int step_ = 0;
  int inactive_ = 0;  // steps since the last delivery
  // of each agent, in a step: the cell it wants, and its index in the grids; who stands there; whether
  // it acts; what it is paid
  std::vector<Cell> targets_;
  std::vector<std::size_t> target_indices_;
  std::vector<int> waits_for_;
  std::vector<std::uint8_t> acts_;
  std::vector<double> rewards_;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  return std::make_unique<Rware>(read_options(args));
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  RwareOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "rware",
          .summary = "multi-robot warehouse RWARE: bring the requested shelves to a goal",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::rware
