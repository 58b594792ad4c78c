#include "qtot/rollout/play.h"

#include <gtest/gtest.h>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/error.h"
#include "rollout/drift_env.h"

namespace qtot::rollout {
namespace {

using test::DriftEnv;
using test::TestPolicy;

constexpr std::uint64_t kSeed = 17;
constexpr int kN = DriftEnv::kSpec.n_agents;
constexpr int kA = DriftEnv::kSpec.n_actions;

Player drift_player() {
  return Player(std::make_unique<DriftEnv>());
}

Fingerprint fingerprint(Ticket ticket, const core::Episode& episode) {
  FingerprintHasher hasher;
  replay::add_to(hasher, ticket, episode);
  return hasher.finish();
}

Fingerprint played(Player& player, const TestPolicy& policy, const PlayRules& rules,
                   Ticket ticket) {
  core::Episode episode;
  player.play(policy.policy(), rules, ticket, episode);
  return fingerprint(ticket, episode);
}

template <class T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// The utilities that were acted by show the observer what the player must have reckoned with.
class BehaviourCheck final : public SlotObserver {
 public:
  void on_slot(const env::Env&, const core::Episode& episode,
               math::ConstMatView<float> utilities) override {
    const int slot = episode.n_slots() - 1;
    std::vector<float> expected(kN);
    agents::epsilon_greedy_probabilities(utilities, episode, slot, 0.4, episode.actions(slot),
                                         expected);
    EXPECT_EQ(copy(episode.mu(slot)), expected) << slot;
    for (const float mu : expected) n_explored += mu < 0.4F ? 1 : 0;
  }
  int n_explored = 0;
};

TEST(PlayerTest, BehaviourIsStoredWhereItIsAskedForAndChangesNothingElse) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  BehaviourCheck check;
  for (Ticket ticket = 0; ticket < 20; ++ticket) {
    core::Episode plain, whole;
    player.play(policy.policy(), training_rules(kSeed, 0.4), ticket, plain);
    player.play(policy.policy(), training_rules(kSeed, 0.4, core::Extras::kBehaviour), ticket,
                whole, &check);
    EXPECT_TRUE(plain.all_mu().empty());
    EXPECT_EQ(whole.all_mu().size(), whole.all_actions().size());
    EXPECT_EQ(whole.n_bytes(), plain.n_bytes() + whole.all_mu().size_bytes());
    EXPECT_NE(fingerprint(ticket, whole), fingerprint(ticket, plain));
    whole = core::Episode::from_arrays(whole.spec(), whole.all_states(), whole.all_obs(),
                                       whole.all_avail(), whole.all_actions(), whole.rewards(),
                                       whole.terminated());
    EXPECT_EQ(fingerprint(ticket, whole), fingerprint(ticket, plain));
  }
  EXPECT_GT(check.n_explored, 0);
}

// Replays the stored actions in an environment of its own, with the chance that the ticket names.
TEST(PlayerTest, TheEpisodeHoldsWhatTheEnvironmentShowed) {
  const TestPolicy policy(DriftEnv::kSpec);
  const PlayRules rules = training_rules(kSeed, 0.4);
  Player player = drift_player();
  for (Ticket ticket = 0; ticket < 20; ++ticket) {
    core::Episode episode;
    const EpisodeStats stats = player.play(policy.policy(), rules, ticket, episode);
    const core::Episode& stored = episode;
    ASSERT_EQ(stored.n_slots(), stored.length() + 1);

    DriftEnv env;
    core::Episode seen(env.spec());
    env::PhiloxChance reset_chance(kSeed, math::Stream::kReset, ticket, 0);
    env.reset(reset_chance);
    env::StepResult last;
    double sum = 0;
    for (int t = 0; t <= stored.length(); ++t) {
      std::vector<std::uint8_t> avail(kN * kA);
      seen.add_slot();
      env.observe(seen.obs(t), seen.state(t), avail);
      seen.set_avail(t, avail);
      std::ranges::copy(stored.actions(t), seen.actions(t).begin());
      if (t == stored.length()) break;
      EXPECT_FALSE(last.terminated || last.truncated) << "ticket " << ticket << ", step " << t;
      env::PhiloxChance chance(kSeed, math::Stream::kStep, ticket, static_cast<std::uint32_t>(t));
      last = env.step(stored.actions(t), chance);
      seen.add_reward(last.reward);
      sum += static_cast<double>(last.reward);
    }
    seen.set_terminated(last.terminated);

    EXPECT_TRUE(last.terminated || last.truncated) << "ticket " << ticket;
    EXPECT_EQ(fingerprint(ticket, episode), fingerprint(ticket, seen)) << "ticket " << ticket;
    EXPECT_EQ(stats, (EpisodeStats{.episode_return = sum,
                                   .length = stored.length(),
                                   .terminated = last.terminated,
                                   .won = last.won}));
  }
}

TEST(PlayerTest, OnlyTerminatedEpisodesAreWonAndNotAllOfThem) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  EXPECT_TRUE(player.reports_wins());
  int n_won = 0, n_lost = 0;
  for (Ticket ticket = 0; ticket < 100; ++ticket) {
    core::Episode episode;
    const EpisodeStats stats =
        player.play(policy.policy(), training_rules(kSeed, 1), ticket, episode);
    EXPECT_TRUE(stats.terminated || !stats.won);
    if (stats.terminated) ++(stats.won ? n_won : n_lost);
  }
  EXPECT_GT(n_won, 10);
  EXPECT_GT(n_lost, 10);
}

TEST(PlayerTest, EpisodesEndBothWaysAndOnlyTheRulesTerminate) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  int n_terminated = 0;
  int n_truncated = 0;
  for (Ticket ticket = 0; ticket < 100; ++ticket) {
    core::Episode episode;
    const EpisodeStats stats =
        player.play(policy.policy(), training_rules(kSeed, 1), ticket, episode);
    EXPECT_EQ(episode.terminated(), stats.terminated);
    EXPECT_EQ(std::as_const(episode).state(episode.length())[4], 1.0f);
    if (!stats.terminated) {
      EXPECT_EQ(stats.length, DriftEnv::kSpec.episode_limit);
    }
    ++(stats.terminated ? n_terminated : n_truncated);
  }
  EXPECT_GT(n_terminated, 10);
  EXPECT_GT(n_truncated, 10);
}

TEST(PlayerTest, AnEpisodeDoesNotDependOnWhatItsPlayerPlayedBefore) {
  const TestPolicy policy(DriftEnv::kSpec);
  const PlayRules rules = training_rules(kSeed, 0.3);
  Player reused = drift_player();
  core::Episode overwritten;
  for (const Ticket ticket : {5u, 3u, 9u, 3u, 0u, 5u}) {
    Player fresh = drift_player();
    reused.play(policy.policy(), rules, ticket, overwritten);
    EXPECT_EQ(fingerprint(ticket, overwritten), played(fresh, policy, rules, ticket));
  }
}

TEST(PlayerTest, SeedTicketEpsilonAndParametersAllMatter) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  const Fingerprint base = played(player, policy, training_rules(kSeed, 0.5), 4);
  EXPECT_NE(base, played(player, policy, training_rules(kSeed + 1, 0.5), 4));
  EXPECT_NE(base, played(player, policy, training_rules(kSeed, 0.0), 4));
  EXPECT_NE(base, played(player, policy, training_rules(kSeed, 0.5), 5));
  EXPECT_NE(base, played(player, TestPolicy(DriftEnv::kSpec, 2), training_rules(kSeed, 0.0), 4));
}

// D6: an evaluation has chance of its own, and leaves no trace in the player.
TEST(PlayerTest, EvaluationNeitherSharesChanceWithTrainingNorTouchesIt) {
  const TestPolicy policy(DriftEnv::kSpec);
  const PlayRules training = training_rules(kSeed, 0.3);
  const PlayRules evaluation = evaluation_rules(kSeed);
  Player alone = drift_player();
  Player evaluated = drift_player();
  for (Ticket ticket = 0; ticket < 10; ++ticket) {
    const Fingerprint expected = played(alone, policy, training, ticket);
    const Fingerprint test_episode = played(evaluated, policy, evaluation, ticket);
    EXPECT_EQ(played(evaluated, policy, training, ticket), expected);
    EXPECT_NE(test_episode, played(alone, policy, training_rules(kSeed, 0), ticket));
    EXPECT_NE(DriftEnv::name_of(training, ticket), DriftEnv::name_of(evaluation, ticket));
  }
}

TEST(PlayerTest, FullExplorationPlaysEveryAvailableActionAndNoOther) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  std::array<int, kA> n_played{};
  int n_narrow = 0;
  for (Ticket ticket = 0; ticket < 60; ++ticket) {
    core::Episode episode;
    player.play(policy.policy(), training_rules(kSeed, 1), ticket, episode);
    for (int t = 0; t < episode.n_slots(); ++t) {
      for (int n = 0; n < kN; ++n) {
        const core::Action action = episode.actions(t)[static_cast<std::size_t>(n)];
        EXPECT_TRUE(episode.is_available(t, n, action));
        n_narrow += episode.is_available(t, n, 4) ? 0 : 1;
        ++n_played[static_cast<std::size_t>(action)];
      }
    }
  }
  EXPECT_GT(n_narrow, 20);
  for (const int count : n_played) EXPECT_GT(count, 150);
}

TEST(PlayerTest, WhatTheEnvironmentThrowsReachesTheCaller) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player(std::make_unique<DriftEnv>([](std::uint32_t, int step) {
    if (step == 1) throw Error("the drift stopped");
  }));
  core::Episode episode;
  EXPECT_THROW(
      {
        for (Ticket t = 0; t < 5; ++t) {
          player.play(policy.policy(), training_rules(kSeed, 1), t, episode);
        }
      },
      Error);
}

TEST(CollectSerialTest, FillsTheRingByTicketAndReportsInOrder) {
  const TestPolicy policy(DriftEnv::kSpec);
  Player player = drift_player();
  replay::EpisodeRing ring({.capacity = 6, .round = 4, .in_flight = 4});
  std::vector<Ticket> order;
  Round round = {.first = 0,
                 .count = 4,
                 .policy = policy.policy(),
                 .rules = training_rules(kSeed, 0.2),
                 .ring = &ring,
                 .on_done = [&](Ticket t, const EpisodeStats&) { order.push_back(t); }};
  for (; round.first < 12; round.first += 4) {
    ring.release();
    const std::vector<EpisodeStats> stats = collect_serial(player, round);
    ring.advance(round.first + 4);
    ASSERT_EQ(stats.size(), 4u);
    for (Ticket t = round.first; t < round.first + 4; ++t) {
      EXPECT_EQ(ring.episode(t).length(), stats[t - round.first].length);
      Player fresh = drift_player();
      EXPECT_EQ(fingerprint(t, ring.episode(t)), played(fresh, policy, round.rules, t));
    }
  }
  EXPECT_EQ(order, (std::vector<Ticket>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

}  // namespace
}  // namespace qtot::rollout
