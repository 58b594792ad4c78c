// The parts that ranks are made of, each against its definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "qtot/checkpoint/state.h"
#include "qtot/cluster/collectives.h"
#include "qtot/cluster/episode_bytes.h"
#include "qtot/cluster/gradient_sum.h"
#include "qtot/cluster/shares.h"
#include "qtot/cluster/simulated.h"

namespace qtot::cluster {
namespace {

void expect_done(const Outcome& outcome) {
  EXPECT_EQ(outcome.n_unreceived, 0U);
  for (const RankEnd& end : outcome.ends) EXPECT_EQ(end.sentence, "");
}

TEST(Collectives, AllGatherGivesEveryRankAllBlocks) {
  for (const std::size_t size : {0U, 1U, 13U}) {
    for (int n = 1; n <= 9; ++n) {
      for (int members = 1; members <= n; ++members) {
        const Schedule schedule = {.seed = static_cast<std::uint64_t>(n)};
        expect_done(run_simulated(n, schedule, [&](Transport& transport) {
          if (transport.rank() >= members) return;
          const auto block = [&](int rank) {
            return std::vector<std::byte>(size, static_cast<std::byte>(rank + 1));
          };
          std::vector<std::byte> blocks(static_cast<std::size_t>(members) * size);
          std::vector<std::byte> expected;
          for (int rank = 0; rank < members; ++rank) {
            for (const std::byte b : block(rank)) expected.push_back(b);
          }
          std::ranges::copy(block(transport.rank()),
                            blocks.begin() + transport.rank() * static_cast<std::ptrdiff_t>(size));
          std::vector<std::byte> scratch;
          all_gather(transport, Channel::kControl, members, blocks, scratch);
          EXPECT_EQ(blocks, expected);
        }));
      }
    }
  }
}

TEST(Collectives, SpreadReachesEveryRankFromAnyNumberOfHolders) {
  for (int n = 1; n <= 9; ++n) {
    for (int holders = 1; holders <= n; ++holders) {
      expect_done(run_simulated(n, {.seed = 3}, [&](Transport& transport) {
        const std::vector<std::byte> word(7, std::byte{42});
        std::vector<std::byte> bytes(7);
        if (transport.rank() < holders) bytes = word;
        spread(transport, Channel::kControl, holders, bytes);
        EXPECT_EQ(bytes, word);
      }));
    }
  }
}

TEST(CutBatch, GivesConsecutiveRangesOfTheWholeBatch) {
  std::mt19937_64 rng(5);
  for (int repeat = 0; repeat < 300; ++repeat) {
    std::vector<std::int64_t> costs(1 + rng() % 70);
    for (std::int64_t& cost : costs) cost = static_cast<std::int64_t>(rng() % 200);
    const int n_ranks = 1 + static_cast<int>(rng() % 20);
    const auto shares = cut_batch(costs, n_ranks);
    ASSERT_EQ(shares.size(), static_cast<std::size_t>(n_ranks));
    std::size_t next = 0;
    for (const learner::Positions& share : shares) {
      EXPECT_EQ(share.first, next);
      EXPECT_LE(share.first, share.end);
      next = share.end;
    }
    EXPECT_EQ(next, costs.size());
  }
}

TEST(CutBatch, GivesEachRankAboutTheSameCost) {
  const std::vector<std::int64_t> even(32, 100);
  for (const learner::Positions& share : cut_batch(even, 4)) EXPECT_EQ(share.count(), 8U);

  std::mt19937_64 rng(7);
  std::vector<std::int64_t> costs(128);
  for (std::int64_t& cost : costs) cost = 20 + static_cast<std::int64_t>(rng() % 100);
  const std::int64_t total = std::reduce(costs.begin(), costs.end());
  for (const learner::Positions& share : cut_batch(costs, 4)) {
    const auto begin = costs.begin() + static_cast<std::ptrdiff_t>(share.first);
    const std::int64_t cost =
        std::reduce(begin, begin + static_cast<std::ptrdiff_t>(share.count()));
    EXPECT_NEAR(static_cast<double>(cost), static_cast<double>(total) / 4,
                0.3 * static_cast<double>(total) / 4);  // an eighth at either end, and an episode
  }
}

// Episodes of one length: a cut that four divides is worth an episode more or less.
TEST(CutBatch, PrefersCutsThatPowersOfTwoDivide) {
  const std::vector<std::int64_t> costs(100, 50);
  for (const learner::Positions& share : cut_batch(costs, 3)) EXPECT_EQ(share.first % 4, 0U);
}

core::DecPomdpSpec small_spec() {
  return {.n_agents = 2, .n_actions = 70, .obs_dim = 3, .state_dim = 5, .episode_limit = 9};
}

core::Episode random_episode(int length, std::mt19937_64& rng) {
  const core::DecPomdpSpec spec = small_spec();
  core::Episode episode(spec);
  const auto number = [&] { return static_cast<float>(rng() % 1000) / 8; };
  for (int slot = 0; slot <= length; ++slot) {
    episode.add_slot();
    std::ranges::generate(episode.state(slot), number);
    std::ranges::generate(episode.obs(slot), number);
    std::vector<std::uint8_t> avail(2 * 70);
    std::ranges::generate(avail, [&] { return static_cast<std::uint8_t>(rng() % 2); });
    episode.set_avail(slot, avail);
    for (core::Action& a : episode.actions(slot)) a = static_cast<core::Action>(rng() % 70);
    if (slot < length) episode.add_reward(number());
  }
  episode.set_terminated(rng() % 2 == 0);
  return episode;
}

TEST(EpisodeBytes, ContentAndOutlineMakeTheEpisodeAgain) {
  std::mt19937_64 rng(9);
  core::Episode again;  // one after the other, as a batch's place holds them
  for (const int length : {3, 9, 1, 7}) {
    core::Episode episode = random_episode(length, rng);
    if (length > 5) episode.set_behaviour(std::vector<float>(episode.all_actions().size(), 0.25F));
    core::Episode outline;
    outline.set_outline(episode.spec(), episode.rewards(), episode.terminated(), episode.extras());
    EXPECT_TRUE(outline.is_outline());
    std::vector<std::byte> bytes;
    pack_content(episode, bytes);
    EXPECT_EQ(bytes.size(), n_content_bytes(outline));
    unpack_content(outline, bytes, again);
    EXPECT_EQ(checkpoint::fingerprint_of(1, again), checkpoint::fingerprint_of(1, episode));
    EXPECT_EQ(again.has_behaviour(), length > 5);
    EXPECT_FALSE(again.is_outline());
  }
}

TEST(EpisodeBytes, OutlinesCarryFiguresAndRewards) {
  const rollout::EpisodeStats stats = {
      .episode_return = 2.5, .length = 3, .terminated = true, .won = true};
  const std::vector<float> rewards = {1, 0, 1.5};
  std::vector<std::byte> bytes(n_outline_bytes(9));
  pack_outline(stats, rewards, bytes);
  const Outline outline = unpack_outline(bytes, true);
  EXPECT_EQ(outline.stats, stats);
  EXPECT_EQ(outline.rewards, rewards);
  EXPECT_TRUE(unpack_outline(bytes, false).rewards.empty());
}

// Against the tree over all leaves, for networks of one owner and of several.
TEST(GradientSum, HasTheBitsOfTheTreeOverTheBatch) {
  std::mt19937_64 rng(11);
  for (const std::size_t n_params : {1U, 1000U, 5000U, 20001U}) {
    for (const std::size_t n_leaves : {1U, 6U, 13U}) {
      std::vector<std::vector<float>> leaves(n_leaves, std::vector<float>(n_params));
      std::vector<const float*> pointers;
      for (std::vector<float>& leaf : leaves) {
        std::ranges::generate(leaf, [&] { return static_cast<float>(rng() % 100003) / 977 - 50; });
        pointers.push_back(leaf.data());
      }
      std::vector<float> expected(n_params);
      math::tree_sum_naive<float>(pointers, n_params, expected.data());
      const std::vector<std::int64_t> costs(n_leaves, 7);
      for (const int n_ranks : {1, 2, 3, 5, 8}) {
        expect_done(run_simulated(n_ranks, {.seed = 13}, [&](Transport& transport) {
          GradientSum gradient_sum(transport);
          for (const bool is_second : {false, true}) {  // other shares, in the same memory
            std::vector<std::int64_t> of_update = costs;
            if (is_second) of_update.front() = 30;
            gradient_sum.set_shares(cut_batch(of_update, n_ranks));
            const learner::Positions mine = gradient_sum.share(n_leaves);
            std::vector<learner::EpisodeSums<float>> figures(n_leaves);
            for (std::size_t b = mine.first; b < mine.end; ++b) {
              figures[b].squared_error = static_cast<double>(b + 1);
            }
            const auto sum = [&](const math::Subtree& subtree, std::size_t first, std::size_t size,
                                 float* out, std::size_t) {
              EXPECT_GE(subtree.first, mine.first);
              EXPECT_LE(subtree.end(), mine.end);
              std::vector<const float*> parts;
              for (std::size_t b = subtree.first; b < subtree.end(); ++b) {
                parts.push_back(pointers[b] + first);
              }
              math::tree_sum<float>(parts, size, out);
            };
            SerialExecutor executor;
            std::vector<float> gradient(n_params);
            gradient_sum.add_up(sum, executor, figures, gradient);
            EXPECT_EQ(gradient, expected);
            for (std::size_t b = 0; b < n_leaves; ++b) {
              EXPECT_EQ(figures[b].squared_error, static_cast<double>(b + 1));
            }
          }
        }));
      }
    }
  }
}

}  // namespace
}  // namespace qtot::cluster
