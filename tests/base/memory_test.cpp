#include "qtot/base/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/temp_folder.h"

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

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

constexpr std::size_t kNobodySays = std::numeric_limits<std::size_t>::max();

TEST(ControlGroups, OfVersion2AllowWhatTheTightestOfAGroupAndThoseAroundItDoes) {
  const test::TempFolder temp;
  const std::string list = (temp / "cgroup").string();
  const std::string root = (temp / "fs").string();
  write(list, "0::/jobs/7/step\n");
  EXPECT_EQ(control_group_bytes(list, root), kNobodySays);
  write(temp / "fs/jobs/memory.max", "4096000\n");
  write(temp / "fs/jobs/7/memory.max", "max\n");
  write(temp / "fs/jobs/7/step/memory.max", "8192000\n");
  EXPECT_EQ(control_group_bytes(list, root), 4096000);
  write(temp / "fs/memory.max", "1024000\n");  // a container's own group, seen as the root
  EXPECT_EQ(control_group_bytes(list, root), 1024000);
}

TEST(ControlGroups, OfVersion1AreFoundBesideOtherControllers) {
  const test::TempFolder temp;
  const std::string list = (temp / "cgroup").string();
  const std::string root = (temp / "fs").string();
  write(list, "12:cpu,cpuacct:/a\n4:hugetlb,memory:/b\n1:name=systemd:/c\n");
  write(temp / "fs/memory/b/memory.limit_in_bytes", "123456\n");
  write(temp / "fs/memory/a/memory.limit_in_bytes", "1\n");
  EXPECT_EQ(control_group_bytes(list, root), 123456);
}

TEST(ControlGroups, ThatCannotBeReadAllowEverything) {
  const test::TempFolder temp;
  EXPECT_EQ(control_group_bytes((temp / "absent").string(), temp.path().string()), kNobodySays);
  write(temp / "cgroup", "nonsense\n0::relative\n");
  EXPECT_EQ(control_group_bytes((temp / "cgroup").string(), temp.path().string()), kNobodySays);
}

TEST(MemoryLimit, IsMoreThanWhatTheProcessHasNow) {
  EXPECT_GT(resident_bytes(), kMiB);
  EXPECT_GE(memory_limit_bytes(), resident_bytes());
}

}  // namespace
}  // namespace qtot
