#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/base/check.h"
#include "qtot/env/env.h"
#include "qtot/rollout/play.h"

namespace qtot::test {

/// Three agents drift on a ring of eleven cells: an action moves an agent by -2 .. 2, chance by one
/// more; cell 7 forbids the largest move. Episodes end by chance or after 12 steps. Every episode is
/// named by the first draw of its reset (`name`), so that a test can tell tickets apart inside. One that
/// ends by chance is won when agent 0 stands in the lower half.
class DriftEnv final : public env::Env {
 public:
  /// Called with the name of the episode and the number of the step, before the step is played.
  using Hook = std::function<void(std::uint32_t name, int step)>;

  static constexpr core::DecPomdpSpec kSpec = {
      .n_agents = 3, .n_actions = 5, .obs_dim = 4, .state_dim = 5, .episode_limit = 12};

  explicit DriftEnv(Hook before_step = nullptr) : before_step_(std::move(before_step)) {}

  /// What `name` will be for this ticket.
  static std::uint32_t name_of(const rollout::PlayRules& rules, core::Ticket ticket) {
    env::PhiloxChance chance(rules.seed, rules.reset_stream, ticket, 0);
    return chance.choose(kName, 0, kNames);
  }

  const core::DecPomdpSpec& spec() const override { return kSpec; }

  void reset(env::Chance& chance) override {
    name_ = chance.choose(kName, 0, kNames);
    step_ = 0;
    ended_ = false;
    for (int n = 0; n < kSpec.n_agents; ++n) cell(n) = chance.choose(kStart, n, kCells);
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK(!ended_);
    if (before_step_) before_step_(name_, step_);
    env::StepResult result;
    for (int n = 0; n < kSpec.n_agents; ++n) {
      const env::Action action = joint_action[static_cast<std::size_t>(n)];
      QTOT_CHECK(action < 4 || cell(n) != kNarrow);
      cell(n) =
          (cell(n) + kCells - 2 + static_cast<std::uint32_t>(action) + chance.choose(kWind, n, 2)) %
          kCells;
      result.reward += static_cast<float>(cell(n)) / 3.0f;
    }
    ++step_;
    result.terminated = chance.happens(kEnd, 0, 0.12);
    result.truncated = !result.terminated && step_ == kSpec.episode_limit;
    result.won = result.terminated && cell(0) < kCells / 2;
    ended_ = result.terminated || result.truncated;
    return result;
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    for (std::size_t n = 0; n < cells_.size(); ++n) {
      const float here = static_cast<float>(cells_[n]);
      const float next = static_cast<float>(cells_[(n + 1) % cells_.size()]);
      const std::array<float, 4> seen = {here / 11.0f, next / 11.0f, here * next / 121.0f,
                                         static_cast<float>(step_) / 12.0f};
      std::copy(seen.begin(), seen.end(), obs.begin() + static_cast<std::ptrdiff_t>(4 * n));
      state[n] = here;
      for (std::size_t a = 0; a < 5; ++a) avail[5 * n + a] = a < 4 || cells_[n] != kNarrow;
    }
    state[3] = static_cast<float>(step_);
    state[4] = ended_ ? 1.0f : 0.0f;
  }

  bool has_ended() const override { return ended_; }
  bool reports_wins() const override { return true; }
  env::Snapshot snapshot() const override { return {}; }
  void restore(const env::Snapshot&) override {}

 private:
  enum Site { kName, kStart, kWind, kEnd };
  static constexpr std::uint32_t kNames = 1u << 30;
  static constexpr std::uint32_t kCells = 11;
  static constexpr std::uint32_t kNarrow = 7;

  std::uint32_t& cell(int n) { return cells_[static_cast<std::size_t>(n)]; }

  Hook before_step_;
  std::uint32_t name_ = 0;
  int step_ = 0;
  bool ended_ = true;
  std::array<std::uint32_t, 3> cells_{};
};

/// An agent network for `spec` with initial parameters.
struct TestPolicy {
  explicit TestPolicy(const core::DecPomdpSpec& spec, std::uint64_t seed = 1,
                      const std::string& kind = "rnn")
      : agent(agents::make_agent<float>({.agent = kind, .spec = spec, .hidden_dim = 13}, layout)),
        values(layout.size()),
        transposed(layout.size()) {
    nn::initialise<float>(layout, seed, values);
    nn::transpose_params<float>(layout, values, transposed);
  }

  nn::Weights<float> weights() const {
    return {.values = values.data(), .transposed = transposed.data()};
  }
  rollout::Policy policy() const { return {.agent = agent.get(), .weights = weights()}; }

  nn::ParamLayout layout;
  std::unique_ptr<agents::Agent<float>> agent;
  std::vector<float> values;
  std::vector<float> transposed;
};

}  // namespace qtot::test
