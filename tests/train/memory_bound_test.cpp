#include "qtot/train/memory_bound.h"

#include <gtest/gtest.h>

#include <string>

#include "qtot/core/episode.h"
#include "support/error_text.h"

namespace qtot::train {
namespace {

// 27m_vs_30m
core::DecPomdpSpec battle() {
  return {.n_agents = 27, .n_actions = 36, .obs_dim = 285, .state_dim = 1170, .episode_limit = 180};
}

config::TrainingConfig config_with(int buffer_size, int batch_size_run, int pipeline) {
  config::TrainingConfig config;
  config.buffer_size = buffer_size;
  config.batch_size_run = batch_size_run;
  config.pipeline = pipeline;
  return config;
}

TEST(RingBytesBound, IsThatOfTheLongestEpisodesInEverySlot) {
  const std::size_t episode = core::Episode::n_bytes(battle(), 180);
  EXPECT_EQ(ring_bytes_bound(config_with(5000, 8, 0), battle()), 5000 * episode);
  EXPECT_EQ(ring_bytes_bound(config_with(5000, 8, 1), battle()), 5008 * episode);
}

TEST(RingBytesBound, FiveThousandEpisodesOfTheLargestBattleTakeLessThan31GiB) {
  constexpr std::size_t kGiB = std::size_t{1} << 30;
  EXPECT_LT(ring_bytes_bound(config_with(5000, 8, 0), battle()), 31 * kGiB);
}

TEST(RequireRingFits, TakesWhatFitsToTheByte) {
  const config::TrainingConfig config = config_with(100, 1, 1);
  const std::size_t bound = ring_bytes_bound(config, battle());
  EXPECT_NO_THROW(require_ring_fits(config, battle(), bound));
  EXPECT_THROW(require_ring_fits(config, battle(), bound - 1), Error);
}

TEST(RequireRingFits, NamesTheLargestBufferThatFits) {
  const std::size_t limit = std::size_t{8} << 30;
  const std::string text =
      test::error_text([&] { require_ring_fits(config_with(5000, 4, 1), battle(), limit); });
  EXPECT_EQ(
      text,
      "buffer_size = 5000: episodes of up to 180 steps can come to 30.2 GiB, expected at most "
      "the 8.0 GiB that this process can have; buffer_size=1322 fits, and --overcommit starts "
      "nevertheless");
  EXPECT_NO_THROW(require_ring_fits(config_with(1322, 4, 1), battle(), limit));
  EXPECT_THROW(require_ring_fits(config_with(1323, 4, 1), battle(), limit), Error);
}

}  // namespace
}  // namespace qtot::train
