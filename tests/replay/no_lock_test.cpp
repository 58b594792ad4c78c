#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

// The path of an episode holds no lock: not in the ring, not in playing, not in collecting.
namespace qtot::replay {
namespace {

TEST(NoLockTest, NoSourceOfReplayAndRolloutNamesALock) {
  const std::regex lock(R"(mutex|condition_variable|lock_guard|unique_lock|semaphore|call_once)");
  int n_files = 0;
  for (const char* folder :
       {"include/qtot/replay", "src/replay", "include/qtot/rollout", "src/rollout"}) {
    const std::filesystem::path root = std::filesystem::path(QTOT_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      ASSERT_TRUE(file) << entry.path();
      int line_number = 0;
      for (std::string line; std::getline(file, line);) {
        ++line_number;
        EXPECT_FALSE(std::regex_search(line, lock))
            << entry.path() << ":" << line_number << ": " << line;
      }
      ++n_files;
    }
  }
  EXPECT_GE(n_files, 8);
}

}  // namespace
}  // namespace qtot::replay
