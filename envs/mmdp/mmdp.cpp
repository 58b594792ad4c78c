// The two-state MMDP of QPLEX (Wang et al., 2021): staying together pays for fifty steps, one wrong
// joint action spoils the rest of the episode. It separates methods by whether they diverge: with a
// wrong factorisation the value of the good state grows without bound.
//
//   good state 1: (0, 0) pays 1000 and stays;  (1, 1) pays nothing and leaves;  others pay nothing
//   bad state 0:  absorbing, pays nothing
//
// No chance, no unavailable action. Observation: one-hot over {bad, good}; state: one copy an agent.

#include <algorithm>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::mmdp {
namespace {

constexpr int kBad = 0;
constexpr int kGood = 1;
constexpr float kReward = 1000;

struct MmdpOptions {
  std::string map_name = "mmdp";
  int episode_limit = 50;
  bool limit_terminates = false;

  void options(config::Options& o) {
    o.add("map_name", map_name, "the only variant", config::one_of({"mmdp"}));
    o.add("episode_limit", episode_limit, "steps of an episode", config::between(1, 100000));
    o.add("limit_terminates", limit_terminates,
          "whether the last step ends the episode (QPLEX) or is a time limit that bootstraps");
  }
};

class Mmdp final : public env::Env {
 public:
  explicit Mmdp(const MmdpOptions& options)
      : spec_{.n_agents = 2,
              .n_actions = 2,
              .obs_dim = 2,
              .state_dim = 4,
              .episode_limit = options.episode_limit},
        limit_terminates_(options.limit_terminates) {}

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance&) override {
    step_ = 0;
    node_ = kGood;
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance&) override {
    QTOT_CHECK_EQ(joint_action.size(), std::size_t{2});
    QTOT_CHECK(!has_ended());
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, 2);
    }
    const bool both_0 = joint_action[0] == 0 && joint_action[1] == 0;
    const bool both_1 = joint_action[0] == 1 && joint_action[1] == 1;
    const float reward = node_ == kGood && both_0 ? kReward : 0.0F;
    if (both_1) node_ = kBad;
    ++step_;
    const bool at_limit = has_ended();
    return {.reward = reward,
            .terminated = at_limit && limit_terminates_,
            .truncated = at_limit && !limit_terminates_};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), std::size_t{4});    // [N * O]
    QTOT_CHECK_EQ(state.size(), std::size_t{4});  // [S]
    QTOT_CHECK_EQ(avail.size(), std::size_t{4});  // [N * A]
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
    for (std::size_t i = 0; i < 4; ++i) {
      obs[i] = state[i] = static_cast<std::size_t>(node_) == i % 2 ? 1.0F : 0.0F;
    }
  }

  bool has_ended() const override { return step_ == spec_.episode_limit; }

  env::Snapshot snapshot() const override {
    return {{"step", {static_cast<double>(step_)}}, {"s", {static_cast<double>(node_)}}};
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, spec_.episode_limit);
    node_ = env::snapshot_integer(snapshot, "s", kBad, kGood);
    step_ = step;
  }

  std::string text() const override { return node_ == kGood ? "good state" : "bad state"; }

 private:
  env::DecPomdpSpec spec_;
  bool limit_terminates_;
  int step_ = 0;
  int node_ = kGood;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  MmdpOptions options;
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment mmdp");
  return std::make_unique<Mmdp>(options);
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  MmdpOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "mmdp",
          .summary = "two-state MMDP of the QPLEX paper: 1000 a step for staying together",
          .make = make,
          .options = options,
          .maps = [] { return std::vector<std::string>{"mmdp"}; }};
}

}  // namespace qtot::envs::mmdp
