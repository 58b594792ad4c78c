#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "end_to_end/process.h"

/// A run that is small enough to be made dozens of times: stag hunt with 4 agents, 4 stags, 6 x 6,
/// limit 20; batch 8, hidden 20, embedding 8.
namespace qtot::test {

struct GoldenRun {
  std::filesystem::path folder;
  int t_max = 3000;  // rounds of 4 episodes: about 80 steps each
  int pipeline = 0;
  int n_threads = 2;
  bool resume = false;
  std::vector<std::string> more = {};  // further key=value

  std::vector<std::string> arguments() const;
};

/// Runs it; the test fails unless it exits with 0.
ProcessResult train(const GoldenRun& run);

/// The 32 digits of `qtot digest`.
std::string fingerprint_of(const std::filesystem::path& run_or_checkpoint);

/// Content of a file; "" and a failure of the test when it cannot be read.
std::string content(const std::filesystem::path& path);
void overwrite(const std::filesystem::path& path, const std::string& bytes);

/// Content and time of change of every file below `folder`, by relative path.
std::map<std::string, std::string> files_with_times(const std::filesystem::path& folder);

/// Paths of the checkpoints of a run, oldest first.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& run);

/// What follows the last `fingerprint ` of a program's output: 32 hex digits, or "".
std::string fingerprint_in(const std::string& output);

}  // namespace qtot::test
