#include "qtot/replay/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace qtot::replay {
namespace {

std::vector<Ticket> sample(std::uint64_t seed, std::uint64_t update, Ticket oldest, Ticket end,
                           std::size_t count) {
  std::vector<Ticket> tickets(count);
  sample_batch(seed, update, oldest, end, tickets);
  return tickets;
}

TEST(SamplingTest, ABatchIsAscendingDistinctAndInsideTheWindow) {
  for (std::uint64_t update = 0; update < 200; ++update) {
    const std::vector<Ticket> batch = sample(1, update, 100, 150, 32);
    EXPECT_TRUE(std::is_sorted(batch.begin(), batch.end()));
    EXPECT_EQ(std::set<Ticket>(batch.begin(), batch.end()).size(), 32u);
    EXPECT_GE(batch.front(), 100u);
    EXPECT_LT(batch.back(), 150u);
  }
}

TEST(SamplingTest, DependsOnSeedAndUpdateAndOnNothingElse) {
  const std::vector<Ticket> batch = sample(7, 3, 0, 1000, 32);
  EXPECT_EQ(sample(7, 3, 0, 1000, 32), batch);
  EXPECT_NE(sample(8, 3, 0, 1000, 32), batch);
  EXPECT_NE(sample(7, 4, 0, 1000, 32), batch);

  // the window moves the batch and changes no draw
  std::vector<Ticket> moved = batch;
  for (Ticket& ticket : moved) ticket += 5000;
  EXPECT_EQ(sample(7, 3, 5000, 6000, 32), moved);
}

TEST(SamplingTest, GoldenBatches) {
  EXPECT_EQ(sample(1, 0, 0, 20, 5), (std::vector<Ticket>{0, 2, 8, 16, 17}));
  EXPECT_EQ(sample(1, 1, 0, 20, 5), (std::vector<Ticket>{3, 9, 10, 12, 13}));
  EXPECT_EQ(sample(2, 0, 1000, 6000, 4), (std::vector<Ticket>{2306, 3002, 3751, 5124}));
}

TEST(SamplingTest, ExactlyABatchIsTakenWhole) {
  EXPECT_EQ(sample(7, 3, 40, 44, 4), (std::vector<Ticket>{40, 41, 42, 43}));
}

// 10 of 50: each ticket is expected 2,000 times in 10,000 batches, with a standard deviation of 40.
TEST(SamplingTest, EveryEpisodeIsEquallyLikely) {
  std::vector<int> n_drawn(50);
  for (std::uint64_t update = 0; update < 10000; ++update) {
    for (const Ticket t : sample(3, update, 0, 50, 10)) ++n_drawn[t];
  }
  for (const int n : n_drawn) EXPECT_NEAR(n, 2000, 5 * 40);
}

TEST(SamplingTest, CanSampleOnceABatchIsThere) {
  EXPECT_FALSE(can_sample(0, 31, 32));
  EXPECT_TRUE(can_sample(0, 32, 32));
  EXPECT_TRUE(can_sample(8, 40, 32));
  EXPECT_FALSE(can_sample(9, 40, 32));
}

using SamplingDeathTest = testing::Test;

TEST(SamplingDeathTest, ABatchLargerThanTheWindowAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(sample(1, 0, 0, 3, 4), "4 vs 3");
}

core::Episode episode_of(Ticket ticket, int length, bool terminated) {
  const core::DecPomdpSpec spec = {
      .n_agents = 2, .n_actions = 3, .obs_dim = 2, .state_dim = 1, .episode_limit = 9};
  core::Episode episode(spec);
  for (int t = 0; t <= length; ++t) {
    episode.add_slot();
    episode.state(t)[0] = static_cast<float>(ticket) + static_cast<float>(t);
    episode.obs(t)[1] = 0.5f;
    episode.actions(t)[0] = 1;
    episode.set_avail(t, std::vector<std::uint8_t>{1, 1, 0, 1, 0, 1});
    if (t < length) episode.add_reward(0.25f);
  }
  episode.set_terminated(terminated);
  return episode;
}

Fingerprint fingerprint(Ticket ticket, const core::Episode& episode) {
  FingerprintHasher hasher;
  add_to(hasher, ticket, episode);
  return hasher.finish();
}

TEST(ReplayFingerprintTest, EveryPartOfAnEpisodeCounts) {
  const core::Episode base = episode_of(4, 3, true);
  std::set<Fingerprint> seen = {fingerprint(4, base), fingerprint(5, base),
                                fingerprint(4, episode_of(4, 3, false)),
                                fingerprint(4, episode_of(4, 2, true))};
  core::Episode other = base;
  other.state(1)[0] += 1;
  seen.insert(fingerprint(4, other));
  other = base;
  other.obs(3)[3] += 1;
  seen.insert(fingerprint(4, other));
  other = base;
  other.actions(3)[1] = 2;
  seen.insert(fingerprint(4, other));
  other = base;
  other.set_avail(3, std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1});
  seen.insert(fingerprint(4, other));
  EXPECT_EQ(seen.size(), 8u);
}

TEST(ReplayFingerprintTest, OnlyTheWindowCountsAndNotHowManySlotsHoldIt) {
  const RingShape shape = {.capacity = 4, .round = 2, .in_flight = 4};
  EpisodeRing tight(shape);
  EpisodeRing roomy(shape, 31);
  for (EpisodeRing* ring : {&tight, &roomy}) {
    for (Ticket t = 0; t < 12; ++t) {
      ring->slot_for(t) = episode_of(t, 1 + static_cast<int>(t % 4), t % 2 == 0);
      ring->publish(t);
      if (t % 2 == 1) {
        ring->advance(t + 1);
        if (t < 11) ring->release();
      }
    }
  }
  const auto of = [](const EpisodeRing& ring) {
    FingerprintHasher hasher;
    add_to(hasher, ring);
    return hasher.finish();
  };
  const Fingerprint before = of(tight);
  EXPECT_EQ(of(roomy), before);

  // an episode in flight is not yet part of the replay
  tight.slot_for(12) = episode_of(12, 2, true);
  tight.publish(12);
  EXPECT_EQ(of(tight), before);
  tight.advance(13);
  EXPECT_NE(of(tight), before);
}

}  // namespace
}  // namespace qtot::replay
