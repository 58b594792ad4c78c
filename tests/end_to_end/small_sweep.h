#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "end_to_end/process.h"

/// Sweeps that take a second: two algorithms on the two-step game.
namespace qtot::test {

struct Sweep {
  std::filesystem::path folder;
  int t_max = 300;
  std::string seeds = "1-2";
  int n_jobs = 2;
  std::vector<std::string> more = {};

  std::vector<std::string> arguments() const {
    std::vector<std::string> words = {"sweep",
                                      "--config=qmix,vdn",
                                      "--env-config=two_step",
                                      "--out",
                                      folder,
                                      "--seeds",
                                      seeds,
                                      "--jobs",
                                      std::to_string(n_jobs),
                                      "--threads-per-run",
                                      "1",
                                      "--json",
                                      "with",
                                      "batch_size=8",
                                      "buffer_size=16",
                                      "rnn_hidden_dim=8",
                                      "mixing_embed_dim=4",
                                      "test_interval=50",
                                      "digest_interval=1",
                                      "t_max=" + std::to_string(t_max)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

inline ProcessResult report(const std::filesystem::path& folder,
                            const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"report", folder};
  words.insert(words.end(), more.begin(), more.end());
  return run_qtot(words);
}

// How many digests the runs of a sweep have written: its progress.
inline std::uintmax_t progress_of(const std::filesystem::path& folder) {
  std::uintmax_t n_bytes = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
    if (entry.path().filename() == "digests.jsonl") n_bytes += entry.file_size(missing);
  }
  return n_bytes;
}

// Returns once nobody holds the sweep's lock, which its children inherit: no orphan is left.
inline bool nobody_works_in(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  const bool free = descriptor >= 0 && ::flock(descriptor, LOCK_EX) == 0;
  ::close(descriptor);
  return free;
}

}  // namespace qtot::test
