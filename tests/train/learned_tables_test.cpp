#include "qtot/train/learned_tables.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace qtot::train {
namespace {

using env::Action;

// One step of two agents with three actions, of which agent 1 has but one.
class OneChoice final : public env::Env {
 public:
  explicit OneChoice(Action only) : only_(only) {}
  const core::DecPomdpSpec& spec() const override { return spec_; }
  void reset(env::Chance&) override { has_ended_ = false; }
  env::StepResult step(std::span<const Action>, env::Chance&) override {
    has_ended_ = true;
    return {.terminated = true};
  }
  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    std::ranges::fill(obs, 1.0F);
    std::ranges::fill(state, 1.0F);
    for (std::size_t i = 0; i < avail.size(); ++i) {
      avail[i] = i < 3 || i - 3 == static_cast<std::size_t>(only_) ? 1 : 0;
    }
  }
  bool has_ended() const override { return has_ended_; }
  env::Snapshot snapshot() const override { return {}; }
  void restore(const env::Snapshot&) override {}

 private:
  core::DecPomdpSpec spec_ = {
      .n_agents = 2, .n_actions = 3, .obs_dim = 1, .state_dim = 1, .episode_limit = 1};
  Action only_;
  bool has_ended_ = false;
};

// QPLEX measures values against the best available one, which is here each of agent 1's in turn.
TEST(LearnedTables, TheBestActionIsOneThatIsAvailable) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    std::vector<std::vector<std::vector<double>>> tables;
    for (const Action only : {0, 1, 2}) {
      OneChoice env(only);
      SerialExecutor executor;
      const learner::Learner<float> learner(
          learner::make_network<float>({.agent = "ff", .spec = env.spec(), .hidden_dim = 4},
                                       {.mixer = "qplex", .n_kernels = 2, .kernel_hidden = 4}),
          {}, seed, executor);
      tables.push_back(learned_tables(learner, env).at(0).q_tot);
    }
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NE(tables[i], tables[(i + 1) % 3]) << seed;
  }
}

}  // namespace
}  // namespace qtot::train
