#include "qtot/checkpoint/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "checkpoint/example_state.h"
#include "qtot/base/files.h"
#include "qtot/checkpoint/checkpoint.h"
#include "support/temp_folder.h"

namespace qtot::checkpoint {
namespace {

using test::error_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kMaxBytes = 1 << 20;

class FolderTest : public testing::Test {
 protected:
  std::filesystem::path save_at(std::int64_t t_env, Keep keep = Keep::kLastTwo) {
    State state = test::example_state();
    state.t_env = t_env;
    return save_in(folder_.path(), state, keep);
  }

  void damage(const std::filesystem::path& path) {
    std::string bytes = read_file(path, kMaxBytes);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file_atomically(path, bytes);
  }

  std::optional<Newest> newest() const { return load_newest(folder_.path()); }

  test::TempFolder folder_;
};

TEST_F(FolderTest, KeepsTheLastTwoAndAllThatAreToStay) {
  save_at(100);
  save_at(200, Keep::kAlways);
  save_at(300);
  save_at(400);
  save_at(1'234'567, Keep::kAlways);
  EXPECT_THAT(folder_.names(), ElementsAre("000000000200_saved.qtot", "000000000300.qtot",
                                           "000000000400.qtot", "000001234567_saved.qtot"));
}

TEST_F(FolderTest, TheNewestIsLoaded) {
  save_at(900);
  save_at(1000);
  const auto found = newest();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->path, folder_ / "000000001000.qtot");
  EXPECT_EQ(found->state.t_env, 1000);
  EXPECT_TRUE(found->warnings.empty());
}

TEST_F(FolderTest, WithoutCheckpointsThereIsNothing) {
  EXPECT_FALSE(newest().has_value());
  EXPECT_FALSE(load_newest(folder_ / "absent").has_value());
}

TEST_F(FolderTest, FilesOfOtherNamesAreLeftAlone) {
  for (const char* name : {"notes.txt", "12.qtot", "000000000500.qtot.bak", "-00000000500.qtot"}) {
    write_file_atomically(folder_ / name, "mine");
  }
  save_at(1);
  save_at(2);
  save_at(3);
  EXPECT_EQ(newest()->state.t_env, 3);
  EXPECT_EQ(folder_.names().size(), 6u);
}

TEST_F(FolderTest, ADamagedNewestFallsBackToTheOneBeforeItWithAWarning) {
  save_at(100);
  damage(save_at(200));
  const auto found = newest();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->state.t_env, 100);
  ASSERT_EQ(found->warnings.size(), 1u);
  EXPECT_THAT(found->warnings[0],
              AllOf(HasSubstr("000000000200.qtot: expected the checksum"),
                    HasSubstr("the file is damaged; going back to the one before it")));
}

TEST_F(FolderTest, AllDamagedIsAnErrorThatNamesFolderAndNewest) {
  const auto first = save_at(100);
  damage(save_at(200));
  damage(first);
  const Error error = error_of([&] { newest(); });
  EXPECT_THAT(error.what(), AllOf(HasSubstr("expected a checkpoint that is whole, found 2 damaged"),
                                  HasSubstr("000000000200.qtot")));
  EXPECT_EQ(error.exit_code(), ExitCode::kBadInput);
}

TEST_F(FolderTest, AKillBetweenWritingAndRenamingLeavesThePreviousOne) {
  const auto path = save_at(100);
  const std::string bytes = read_file(path, kMaxBytes);
  std::ofstream(temporary_path(folder_ / "000000000200.qtot")) << bytes.substr(0, 50);
  EXPECT_EQ(newest()->state.t_env, 100);
  EXPECT_TRUE(newest()->warnings.empty());
  save_at(300);
  EXPECT_THAT(folder_.names(), ElementsAre("000000000100.qtot", "000000000300.qtot"));
}

TEST_F(FolderTest, WhatLiesBeyondTheResumedStepIsRemoved) {
  const auto good = save_at(100);
  save_at(200, Keep::kAlways);
  damage(save_at(300));
  remove_beyond(folder_.path(), 100);
  EXPECT_THAT(folder_.names(), ElementsAre("000000000100.qtot"));
}

TEST_F(FolderTest, OfAFinishedRunStaysTheNewestOrNothing) {
  save_at(100);
  save_at(200, Keep::kAlways);
  save_at(300);
  write_file_atomically(folder_ / "notes.txt", "mine");
  write_file_atomically(folder_ / ".000000000400.qtot.tmp", "half");
  keep_only_newest(folder_.path(), 1);
  EXPECT_THAT(folder_.names(), ElementsAre("000000000300.qtot", "notes.txt"));
  EXPECT_TRUE(has_checkpoints(folder_.path()));
  keep_only_newest(folder_.path(), 0);
  EXPECT_THAT(folder_.names(), ElementsAre("notes.txt"));
  EXPECT_FALSE(has_checkpoints(folder_.path()));
  std::filesystem::remove(folder_ / "notes.txt");
  keep_only_newest(folder_.path(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.path()));
  keep_only_newest(folder_.path(), 0);
  EXPECT_FALSE(has_checkpoints(folder_.path()));
}

TEST_F(FolderTest, AnotherFormatVersionIsAnErrorNotASilentStepBack) {
  save_at(100);
  const auto path = save_at(200);
  std::string bytes = read_file(path, kMaxBytes);
  bytes[8] = 2;
  FingerprintHasher hasher;
  hasher.add_bytes(std::as_bytes(std::span(bytes).first(bytes.size() - 16)));
  const Fingerprint checksum = hasher.finish();
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint64_t half = i < 8 ? checksum.high : checksum.low;
    bytes[bytes.size() - 16 + i] = static_cast<char>(half >> (8 * (i % 8)) & 0xFF);
  }
  write_file_atomically(path, bytes);
  EXPECT_THAT(error_of([&] { newest(); }).what(),
              HasSubstr("000000000200.qtot: expected format version 1, found 2"));
}

TEST_F(FolderTest, AFolderThatCannotBeMadeIsNamed) {
  write_file_atomically(folder_ / "file", "");
  const Error error =
      error_of([&] { save_in(folder_ / "file", test::example_state(), Keep::kLastTwo); });
  EXPECT_THAT(error.what(), HasSubstr("cannot make the directory " + (folder_ / "file").string()));
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
}

}  // namespace
}  // namespace qtot::checkpoint
