#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/rollout/play.h"
#include "rollout/drift_env.h"
#include "support/agent_inputs.h"

// D7. The utilities that an agent acts on are those that the learner computes, to the bit: whether its
// rows are alone, beside seven other episodes, or part of a whole episode.
namespace qtot::rollout {
namespace {

using math::Index;
using test::DriftEnv;
using test::TestPolicy;

constexpr std::size_t kEpisodes = 8;
constexpr Index kN = DriftEnv::kSpec.n_agents;
constexpr Index kA = DriftEnv::kSpec.n_actions;

using Table = std::vector<float>;  // [L + 1, N, A]

using Inputs = test::AgentInputs<float>;

void write_slot(const core::Episode& episode, int slot, Index to, Inputs& inputs) {
  std::span<const core::Action> last;
  if (slot > 0) last = episode.actions(slot - 1);
  std::ranges::copy(episode.obs(slot), inputs.obs(to).begin());
  inputs.set_actions(to, last);
}

// As the learner: all slots of one episode in one pass.
Table whole_episode(const TestPolicy& policy, const core::Episode& episode) {
  const Index n_rows = episode.n_slots() * kN;
  Inputs inputs(policy.agent->config(), episode.n_slots());
  for (int t = 0; t < episode.n_slots(); ++t) write_slot(episode, t, t, inputs);
  Table utilities(static_cast<std::size_t>(n_rows * kA));
  nn::Workspace<float> workspace;
  agents::Tape<float> tape;
  policy.agent->forward(policy.weights(), inputs.all(), kN, nullptr, workspace, tape,
                        math::view(utilities.data(), n_rows, kA));
  return utilities;
}

// As parallel acting: one slot of several episodes at a time, the hidden state carried over. Where an
// episode is over its rows keep seeing its last slot.
std::vector<Table> side_by_side(const TestPolicy& policy,
                                const std::vector<const core::Episode*>& episodes) {
  const Index n_rows = static_cast<Index>(episodes.size()) * kN;
  const Index hidden_dim = policy.agent->hidden_dim();
  Inputs inputs(policy.agent->config(), static_cast<Index>(episodes.size()));
  std::vector<float> utilities(static_cast<std::size_t>(n_rows * kA));
  std::vector<float> hidden(static_cast<std::size_t>(n_rows * hidden_dim));
  nn::Workspace<float> workspace;
  agents::Tape<float> tape;
  std::vector<Table> tables(episodes.size());
  for (int t = 0; t <= DriftEnv::kSpec.episode_limit; ++t) {
    for (std::size_t b = 0; b < episodes.size(); ++b) {
      write_slot(*episodes[b], std::min(t, episodes[b]->length()), static_cast<Index>(b), inputs);
    }
    workspace.reset();
    const bool has_hidden = t > 0 && hidden_dim > 0;
    policy.agent->forward(policy.weights(), inputs.all(), n_rows,
                          has_hidden ? hidden.data() : nullptr, workspace, tape,
                          math::view(utilities.data(), n_rows, kA));
    if (hidden_dim > 0) {
      math::view(hidden.data(), n_rows, hidden_dim) = policy.agent->final_hidden(tape, n_rows);
    }
    for (std::size_t b = 0; b < episodes.size(); ++b) {
      if (t > episodes[b]->length()) continue;
      const auto begin = utilities.begin() + static_cast<Index>(b) * kN * kA;
      tables[b].insert(tables[b].end(), begin, begin + kN * kA);
    }
  }
  return tables;
}

class ActingAndLearning : public testing::TestWithParam<const char*> {};

TEST_P(ActingAndLearning, AloneAmongEightAndInAWholeEpisodeGiveTheSameBits) {
  const TestPolicy policy(DriftEnv::kSpec, 3, GetParam());
  Player player(std::make_unique<DriftEnv>());
  std::vector<core::Episode> played(kEpisodes);
  std::vector<const core::Episode*> episodes;
  for (Ticket t = 0; t < kEpisodes; ++t) {
    player.play(policy.policy(), training_rules(5, 0.5), t, played[t]);
    episodes.push_back(&played[t]);
  }
  const std::vector<Table> together = side_by_side(policy, episodes);
  for (std::size_t b = 0; b < kEpisodes; ++b) {
    const Table alone = side_by_side(policy, {episodes[b]}).front();
    EXPECT_EQ(together[b], alone) << "episode " << b;  // the same bits, not nearly
    EXPECT_EQ(whole_episode(policy, *episodes[b]), alone) << "episode " << b;
  }
}

// What Player did is what the learner's utilities say, in every slot and the last one, too.
TEST_P(ActingAndLearning, GreedyActionsAreTheArgmaxOfTheLearnersUtilities) {
  const TestPolicy policy(DriftEnv::kSpec, 3, GetParam());
  Player player(std::make_unique<DriftEnv>());
  for (Ticket ticket = 0; ticket < kEpisodes; ++ticket) {
    core::Episode episode;
    player.play(policy.policy(), evaluation_rules(5), ticket, episode);
    const Table utilities = whole_episode(policy, episode);
    for (int t = 0; t < episode.n_slots(); ++t) {
      for (int n = 0; n < kN; ++n) {
        EXPECT_EQ(episode.actions(t)[static_cast<std::size_t>(n)],
                  agents::greedy_action(utilities.data() + (t * kN + n) * kA, episode, t, n))
            << "ticket " << ticket << ", slot " << t << ", agent " << n;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Agents, ActingAndLearning, testing::Values("rnn", "ff"));

}  // namespace
}  // namespace qtot::rollout
