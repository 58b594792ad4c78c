#include "qtot/core/episode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "qtot/base/memory.h"

namespace qtot::core {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr int kLongest = 2000;

// 4 KiB of observations a slot and agent
constexpr DecPomdpSpec kSpec = {
    .n_agents = 8, .n_actions = 5, .obs_dim = 1024, .state_dim = 16, .episode_limit = kLongest};

void play(Episode& episode, int length) {
  episode.clear(kSpec);
  episode.reserve(kLongest + 1);
  const std::vector<std::uint8_t> avail(
      static_cast<std::size_t>(kSpec.n_agents) * static_cast<std::size_t>(kSpec.n_actions), 1);
  for (int slot = 0; slot <= length; ++slot) {
    episode.add_slot();
    std::ranges::fill(episode.obs(slot), 1.0F);
    episode.set_avail(slot, avail);
    if (slot < length) episode.add_reward(0);
  }
  episode.finish();
}

Episode copy_of(const Episode& e) {
  return Episode::from_arrays(e.spec(), e.all_states(), e.all_obs(), e.all_avail(), e.all_actions(),
                              e.rewards(), e.terminated());
}

TEST(Episode, ReservesWithoutOccupying) {
  const std::size_t before = resident_bytes();
  Episode episode(kSpec);
  play(episode, 10);
  EXPECT_LT(resident_bytes(), before + 24 * kMiB);  // of 64
}

TEST(Episode, GivesBackWhatALongerOneBeforeItOccupied) {
  Episode episode(kSpec);
  play(episode, kLongest);
  const std::size_t full = resident_bytes();
  play(episode, 10);
  EXPECT_LT(resident_bytes() + 56 * kMiB, full);
}

TEST(Episode, GivesBackWhatTheOneThatWasReadFromAFileOccupied) {
  Episode played(kSpec);
  play(played, kLongest);
  Episode episode = copy_of(played);
  const std::size_t full = resident_bytes();
  play(episode, 10);
  EXPECT_LT(resident_bytes() + 56 * kMiB, full);
}

}  // namespace
}  // namespace qtot::core
