#include "qtot/base/memory.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace qtot {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(ReleasePages, GivesWholePagesBackAndLeavesTheRest) {
  constexpr std::size_t kSize = 64 * kMiB;
  const auto memory = std::make_unique_for_overwrite<unsigned char[]>(kSize);
  std::fill_n(memory.get(), kSize, static_cast<unsigned char>(7));
  const std::size_t before = resident_bytes();
  release_pages(memory.get() + 100, kSize - 200);
  EXPECT_LT(resident_bytes() + 60 * kMiB, before);
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(memory[i], 7) << i;
    ASSERT_EQ(memory[kSize - 1 - i], 7) << i;
  }
  memory[kSize / 2] = 9;  // still the caller's
  EXPECT_EQ(memory[kSize / 2], 9);
}

TEST(ReleasePages, LeavesAloneWhatIsNotWorthACall) {
  std::vector<unsigned char> memory(32 * 1024, 7);
  release_pages(memory.data(), memory.size());
  release_pages(memory.data(), 0);
  for (const unsigned char value : memory) ASSERT_EQ(value, 7);
}

TEST(MemoryLimit, IsMoreThanWhatTheProcessHasNow) {
  EXPECT_GT(resident_bytes(), kMiB);
  EXPECT_GE(memory_limit_bytes(), resident_bytes());
}

}  // namespace
}  // namespace qtot
