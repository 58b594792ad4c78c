#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "rollout/drift_env.h"

// Counts what this thread takes from the heap by operator new, in this program alone.
namespace {
thread_local std::size_t n_allocations = 0;

void* counted(std::size_t size) {
  ++n_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace qtot::rollout {
namespace {

TEST(PlayerAllocationTest, AnEpisodeThatIsNoLongerThanAnEarlierOneAllocatesNothing) {
  const test::TestPolicy policy(test::DriftEnv::kSpec);
  const PlayRules rules = training_rules(3, 0.5);
  Player player(std::make_unique<test::DriftEnv>());
  core::Episode episode;
  int longest = 0;
  int n_repeats = 0;
  for (Ticket ticket = 0; ticket < 200; ++ticket) {
    const std::size_t before = n_allocations;
    const EpisodeStats stats = player.play(policy.policy(), rules, ticket, episode);
    if (stats.length <= longest) {
      EXPECT_EQ(n_allocations - before, 0u) << "ticket " << ticket;
      ++n_repeats;
    } else {
      EXPECT_GT(n_allocations - before, 0u) << "the counter counts";
    }
    longest = std::max(longest, stats.length);
  }
  EXPECT_GT(n_repeats, 150);
}

}  // namespace
}  // namespace qtot::rollout
