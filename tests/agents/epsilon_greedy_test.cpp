#include "qtot/agents/epsilon_greedy.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <vector>

#include "qtot/math/views.h"

namespace qtot::agents {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 2, .n_actions = 4, .obs_dim = 1, .state_dim = 1, .episode_limit = 1};

core::Episode episode_with(const std::vector<std::uint8_t>& avail) {
  core::Episode episode(kSpec);
  episode.add_slot();
  episode.set_avail(0, avail);
  return episode;
}

TEST(GreedyAction, IsTheFirstBestAmongTheAvailable) {
  const core::Episode episode = episode_with({0, 1, 1, 1, 0, 0, 0, 0});
  const std::vector<float> q = {9, 2, 3, 3};
  EXPECT_EQ(greedy_action(q.data(), episode, 0, 0), 2);
  EXPECT_EQ(greedy_action(q.data(), episode, 0, 1), 0) << "nothing is available";
  EXPECT_EQ(greedy_action(q.data(), episode, 1, 0), 0) << "beyond the last slot";
}

TEST(GreedyAction, TakesAnAvailableActionEvenIfAllAreMinusInfinity) {
  const core::Episode episode = episode_with({0, 0, 1, 1, 1, 1, 1, 1});
  const std::vector<float> q(4, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(greedy_action(q.data(), episode, 0, 0), 2);
}

TEST(EpsilonGreedy, ExploresWithProbabilityEpsilonUniformlyOverTheAvailable) {
  const core::Episode episode = episode_with({1, 0, 1, 1, 1, 1, 1, 1});
  const std::vector<float> q = {0, 9, 1, 0, 0, 0, 0, 1};
  std::map<core::Action, int> counts;
  constexpr int kTrials = 20000;
  std::vector<core::Action> actions(2);
  for (int ticket = 0; ticket < kTrials; ++ticket) {
    epsilon_greedy(math::view(q.data(), 2, 4), episode, 0, 0.3, 7,
                   static_cast<core::Ticket>(ticket), actions);
    ++counts[actions[0]];
  }
  EXPECT_EQ(counts[1], 0) << "not available";
  // P(greedy) = 0.7 + 0.3 / 3, P(other) = 0.1; five standard deviations of a binomial
  EXPECT_NEAR(counts[2], 0.8 * kTrials, 5 * 57);
  EXPECT_NEAR(counts[0], 0.1 * kTrials, 5 * 43);
  EXPECT_NEAR(counts[3], 0.1 * kTrials, 5 * 43);
}

TEST(EpsilonGreedy, IsGreedyAtZero) {
  const core::Episode episode = episode_with({1, 1, 1, 1, 1, 1, 1, 1});
  const std::vector<float> q = {0, 9, 1, 0, 3, 0, 0, 1};
  std::vector<core::Action> actions(2);
  for (core::Ticket ticket = 0; ticket < 200; ++ticket) {
    epsilon_greedy(math::view(q.data(), 2, 4), episode, 0, 0, 7, ticket, actions);
    EXPECT_EQ(actions, (std::vector<core::Action>{1, 0}));
  }
}

TEST(EpsilonGreedyProbabilities, AreThoseOfTheChoice) {
  const core::Episode episode = episode_with({1, 0, 1, 1, 0, 0, 0, 0});
  const std::vector<float> q = {0, 9, 1, 0, 0, 0, 0, 1};
  const auto mu = [&](double epsilon, core::Action first) {
    const std::vector<core::Action> actions = {first, 0};
    std::vector<float> result(2);
    epsilon_greedy_probabilities(math::view(q.data(), 2, 4), episode, 0, epsilon, actions, result);
    EXPECT_EQ(result[1], 1) << "nothing is available: action 0";
    return result[0];
  };
  EXPECT_EQ(mu(0.3, 2), 0.8F) << "greedy";
  EXPECT_EQ(mu(0.3, 0), 0.1F);
  EXPECT_EQ(mu(0.3, 3), 0.1F);
  EXPECT_EQ(mu(0, 2), 1);
  EXPECT_EQ(mu(1, 2), static_cast<float>(1.0 / 3));
  EXPECT_GT(mu(1e-300, 0), 0) << "what was done was possible";
}

TEST(LinearEpsilon, FallsLinearlyAndStops) {
  EXPECT_EQ(linear_epsilon(1, 0.05, 1000, 0), 1);
  EXPECT_NEAR(linear_epsilon(1, 0.05, 1000, 500), 0.525, 1e-15);
  EXPECT_EQ(linear_epsilon(1, 0.05, 1000, 1000000), 0.05);
}

}  // namespace
}  // namespace qtot::agents
