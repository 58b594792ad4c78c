#include "qtot/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "support/temp_folder.h"

namespace qtot {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint64_t kMaxBytes = 1 << 20;

class FilesTest : public testing::Test {
 protected:
  fs::path in_folder(const std::string& name) const { return folder_ / name; }

  test::TempFolder folder_;
};

// Files of this process may not grow beyond `bytes` while this lives: a disk that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(FilesTest, AtomicWriteReplacesTheContentAndLeavesNoOtherFile) {
  const fs::path path = in_folder("a.bin");
  write_file_atomically(path, "old");
  write_file_atomically(path, std::string_view("new\0line", 8));
  EXPECT_EQ(read_file(path, kMaxBytes), std::string("new\0line", 8));
  EXPECT_THAT(folder_.names(), testing::ElementsAre("a.bin"));
}

TEST_F(FilesTest, WhatAKilledWriterLeftBehindIsOverwrittenAndNeverRead) {
  const fs::path path = in_folder("a.bin");
  write_file_atomically(path, "old");
  std::ofstream(temporary_path(path)) << "half of a much longer new conte";
  EXPECT_EQ(read_file(path, kMaxBytes), "old");
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path, kMaxBytes), "new");
  EXPECT_THAT(folder_.names(), testing::ElementsAre("a.bin"));
}

TEST_F(FilesTest, AFailedAtomicWriteKeepsTheOldFileAndRemovesTheTemporary) {
  const fs::path path = in_folder("a.bin");
  write_file_atomically(path, "old");
  const std::string long_text(10'000, 'x');
  const Error error = error_of([&] {
    const FileSizeLimit limit(4096);
    write_file_atomically(path, long_text);
  });
  EXPECT_EQ(error.what(), "cannot write " + path.string() + ": File too large");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
  EXPECT_EQ(read_file(path, kMaxBytes), "old");
  EXPECT_THAT(folder_.names(), testing::ElementsAre("a.bin"));
}

TEST_F(FilesTest, WritingIntoAFolderThatIsNotThereNamesPathAndReason) {
  const fs::path path = in_folder("absent/a.bin");
  const Error error = error_of([&] { write_file_atomically(path, "x"); });
  EXPECT_EQ(error.what(), "cannot write " + path.string() + ": No such file or directory");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
}

TEST_F(FilesTest, ReadingRefusesMoreThanTheLimitAndAcceptsExactlyTheLimit) {
  const fs::path path = in_folder("a.bin");
  write_file_atomically(path, "12345");
  EXPECT_EQ(read_file(path, 5), "12345");
  const Error error = error_of([&] { read_file(path, 4); });
  EXPECT_EQ(error.what(), path.string() + ": expected at most 4 bytes, found 5");
}

TEST_F(FilesTest, AnEndlessFileIsRefusedAtTheLimit) {
  const Error error = error_of([&] { read_file("/dev/zero", 100); });
  EXPECT_STREQ(error.what(), "/dev/zero: expected at most 100 bytes, found more");
}

TEST_F(FilesTest, ReadingWhatIsNoFileNamesPathAndReason) {
  EXPECT_THAT(error_of([&] { read_file(in_folder("absent"), kMaxBytes); }).what(),
              AllOf(HasSubstr("cannot read "), HasSubstr("absent: No such file or directory")));
  EXPECT_THAT(error_of([&] { read_file(folder_.path(), kMaxBytes); }).what(),
              AllOf(HasSubstr(folder_.path().string()), HasSubstr("Is a directory")));
}

TEST_F(FilesTest, EmptyAndLargeFilesAreReadWhole) {
  const std::string large(3'000'001, 'y');
  write_file_atomically(in_folder("empty"), "");
  write_file_atomically(in_folder("large"), large);
  EXPECT_EQ(read_file(in_folder("empty"), 0), "");
  EXPECT_EQ(read_file(in_folder("large"), large.size()), large);
}

TEST_F(FilesTest, MakeDirectoriesMakesThoseAboveAndIsContentWithExistingOnes) {
  make_directories(in_folder("a/b/c"));
  make_directories(in_folder("a/b/c"));
  EXPECT_TRUE(fs::is_directory(in_folder("a/b/c")));
}

TEST_F(FilesTest, MakeDirectoriesNamesTheFileThatIsInTheWay) {
  write_file_atomically(in_folder("a"), "");
  const Error error = error_of([&] { make_directories(in_folder("a/b")); });
  EXPECT_EQ(error.what(),
            "cannot make the directory " + in_folder("a/b").string() + ": Not a directory");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
  EXPECT_EQ(error_of([&] { make_directories(in_folder("a")); }).exit_code(), ExitCode::kFailed);
}

TEST_F(FilesTest, AppendFileCutsBackToWhatIsKeptAndContinuesThere) {
  const fs::path path = in_folder("log");
  {
    AppendFile file(path, 0);
    file.append("one\n");
    file.append("two\n");
    EXPECT_EQ(file.n_bytes(), 8u);
  }
  {
    AppendFile file(path, 4);
    EXPECT_EQ(file.n_bytes(), 4u);
    file.append("three\n");
    file.sync();
  }
  EXPECT_EQ(read_file(path, kMaxBytes), "one\nthree\n");
  AppendFile(path, 0);
  EXPECT_EQ(read_file(path, kMaxBytes), "");
}

TEST_F(FilesTest, AppendFileRefusesAFileShorterThanWhatIsKept) {
  const fs::path path = in_folder("log");
  write_file_atomically(path, "123");
  const Error error = error_of([&] { AppendFile(path, 4); });
  EXPECT_EQ(
      error.what(),
      path.string() + ": expected at least the 4 bytes that it had at the checkpoint, found 3");
  EXPECT_EQ(read_file(path, kMaxBytes), "123");
}

TEST_F(FilesTest, AFullDiskIsOneSentenceThatNamesTheFile) {
  AppendFile file("/dev/full", 0);
  const Error error = error_of([&] { file.append("x"); });
  EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
}

}  // namespace
}  // namespace qtot
