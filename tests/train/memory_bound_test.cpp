#include "qtot/train/memory_bound.h"

#include <gtest/gtest.h>

#include <limits>
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
  config.target_cache_mib = 0;
  return config;
}

TEST(RingBytesBound, IsThatOfTheLongestEpisodesInEverySlot) {
  const std::size_t episode = core::Episode::n_bytes(battle(), 180);
  EXPECT_EQ(ring_bytes_bound(config_with(5000, 8, 0), battle()), 5000 * episode);
  EXPECT_EQ(ring_bytes_bound(config_with(5000, 8, 1), battle()), 5008 * episode);
}

TEST(RingBytesBound, CountsTheBehaviourThatIsStoredForRetrace) {
  config::TrainingConfig config = config_with(5000, 8, 0);
  config.returns = "retrace";
  const std::size_t episode = core::Episode::n_bytes(battle(), 180) + 181 * 27 * sizeof(float);
  EXPECT_EQ(ring_bytes_bound(config, battle()), 5000 * episode);
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
      "buffer_size = 5000: episodes of up to 180 steps and target_cache_mib = 0 can come to 30.2 "
      "GiB, expected at most the 8.0 GiB that this process can have; buffer_size=1322 fits, and "
      "--overcommit starts "
      "nevertheless");
  EXPECT_NO_THROW(require_ring_fits(config_with(1322, 4, 1), battle(), limit));
  EXPECT_THROW(require_ring_fits(config_with(1323, 4, 1), battle(), limit), Error);
}

TEST(RequireRingFits, CountsTheTargetUtilitiesThatAreKept) {
  config::TrainingConfig config = config_with(100, 1, 0);
  const std::size_t ring = ring_bytes_bound(config, battle());
  config.target_cache_mib = 3;
  EXPECT_EQ(ring_bytes_bound(config, battle()), ring + (std::size_t{3} << 20));
}

TEST(RequireRingFits, ABoundBeyondAllNumbersFitsNowhere) {
  core::DecPomdpSpec endless = battle();
  endless.episode_limit = 1 << 30;
  endless.obs_dim = 1 << 20;
  const config::TrainingConfig config = config_with(1 << 20, 1 << 20, 1);
  EXPECT_EQ(ring_bytes_bound(config, endless), std::numeric_limits<std::size_t>::max());
}

// The least buffer must hold a batch, and a run that is resumed may not choose another one.
TEST(RequireRingFits, AdvisesNoBufferThatWouldBeRefused) {
  config::TrainingConfig config = config_with(5000, 4, 1);
  const std::size_t limit = std::size_t{8} << 30;
  const auto advice = [&](bool resumes) {
    return test::error_text([&] { require_ring_fits(config, battle(), limit, resumes); });
  };
  EXPECT_NE(advice(false).find("buffer_size=1322 fits"), std::string::npos);
  EXPECT_EQ(advice(true).find("fits,"), std::string::npos);
  config.batch_size = 1323;
  EXPECT_EQ(advice(false).find("fits,"), std::string::npos);
}

}  // namespace
}  // namespace qtot::train
