// The two-step game (Rashid et al., 2018, sec. 5): agent 0 chooses, at the first step, which of two
// matrix games the team plays at the second. The best additive fit of game B gives its best cell
// 6.5, so VDN takes the safe 7; QMIX can represent the cell and finds 8.
//
//   game A: every joint action pays 7      game B: [[0, 1], [1, 8]]
//
// No chance, no unavailable action. State and observation: one-hot over {first step, A, B}, all zero
// after the end. What the paper calls states 1, 2A and 2B is 0, 1 and 2 in a snapshot; the end is 3.

#include <algorithm>
#include <array>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::two_step {
namespace {

constexpr env::DecPomdpSpec kSpec = {
    .n_agents = 2, .n_actions = 2, .obs_dim = 3, .state_dim = 3, .episode_limit = 2};

enum class Node : int { kFirst, kGameA, kGameB, kEnd };

constexpr std::array<const char*, 4> kNodeNames = {"first step", "game A", "game B", "end"};
constexpr float kPayoffA = 7;
constexpr float kPayoffB[2][2] = {{0, 1}, {1, 8}};

class TwoStep final : public env::Env {
 public:
  const env::DecPomdpSpec& spec() const override { return kSpec; }

  void reset(env::Chance&) override { node_ = Node::kFirst; }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance&) override {
    QTOT_CHECK_EQ(joint_action.size(), static_cast<std::size_t>(kSpec.n_agents));
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, kSpec.n_actions);
    }
    QTOT_CHECK(!has_ended());
    const Node node = node_;
    node_ = Node::kEnd;
    switch (node) {
      case Node::kFirst:
        node_ = joint_action[0] == 0 ? Node::kGameA : Node::kGameB;
        return {.reward = 0, .terminated = false, .truncated = false};
      case Node::kGameA:
        return {.reward = kPayoffA, .terminated = true, .truncated = false};
      case Node::kGameB:
        return {.reward = kPayoffB[joint_action[0]][joint_action[1]],
                .terminated = true,
                .truncated = false};
      case Node::kEnd:
        break;
    }
    return {};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), std::size_t{6});    // [N * O]
    QTOT_CHECK_EQ(state.size(), std::size_t{3});  // [S]
    QTOT_CHECK_EQ(avail.size(), std::size_t{4});  // [N * A]
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
    for (std::size_t i = 0; i < 3; ++i) {
      state[i] = static_cast<std::size_t>(node_) == i ? 1.0F : 0.0F;
      obs[i] = obs[3 + i] = state[i];
    }
  }

  bool has_ended() const override { return node_ == Node::kEnd; }

  env::Snapshot snapshot() const override { return {{"s", {static_cast<double>(node_)}}}; }

  void restore(const env::Snapshot& snapshot) override {
    node_ = static_cast<Node>(env::snapshot_integer(snapshot, "s", 0, 3));
  }

  std::string text() const override { return kNodeNames[static_cast<std::size_t>(node_)]; }

 private:
  Node node_ = Node::kFirst;
};

struct TwoStepOptions {
  std::string map_name = "two_step";

  void options(config::Options& o) {
    o.add("map_name", map_name, "the only variant", config::one_of({"two_step"}));
  }
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  config::Options reader(args, "env_args.");
  TwoStepOptions().options(reader);
  reader.refuse_unknown("environment two_step");
  return std::make_unique<TwoStep>();
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  TwoStepOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "two_step",
          .summary = "two-step game of the QMIX paper: VDN settles on 7, the optimum is 8",
          .make = make,
          .options = options,
          .maps = [] { return std::vector<std::string>{"two_step"}; }};
}

}  // namespace qtot::envs::two_step
