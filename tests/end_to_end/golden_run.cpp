#include "end_to_end/golden_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace qtot::test {
namespace fs = std::filesystem;

std::vector<std::string> GoldenRun::arguments() const {
  std::vector<std::string> words = {
      "train",         "--config=qmix", "--env-config=stag_hunt_small", "--out",
      folder.string(), "--threads",     std::to_string(n_threads)};
  if (resume) words.push_back("--resume");
  const std::vector<std::string> keys = {"with",
                                         "env_args.episode_limit=20",
                                         "batch_size_run=4",
                                         "batch_size=8",
                                         "buffer_size=16",
                                         "rnn_hidden_dim=20",
                                         "mixing_embed_dim=8",
                                         "hypernet_embed=8",
                                         "target_update_interval=20",
                                         "epsilon_anneal_time=2000",
                                         "test_interval=700",
                                         "test_nepisode=3",
                                         "runner_log_interval=150",
                                         "learner_log_interval=170",
                                         "digest_interval=1",
                                         "t_max=" + std::to_string(t_max),
                                         "pipeline=" + std::to_string(pipeline)};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ProcessResult train(const GoldenRun& run) {
  ProcessResult result = run_qtot(run.arguments());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result;
}

std::string fingerprint_in(const std::string& output) {
  static const std::regex kLastLine("(?:^|\n)fingerprint +([0-9a-f]{32})\n");
  std::string found;
  for (std::sregex_iterator it(output.begin(), output.end(), kLastLine), end; it != end; ++it) {
    found = (*it)[1];
  }
  return found;
}

std::string fingerprint_of(const fs::path& run_or_checkpoint) {
  const ProcessResult result = run_qtot({"digest", run_or_checkpoint.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::string fingerprint = fingerprint_in(result.out);
  EXPECT_TRUE(!fingerprint.empty() && result.out.ends_with("\nfingerprint " + fingerprint + "\n"))
      << result.out;
  return fingerprint;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " cannot be read";
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  ASSERT_TRUE(file) << path;
}

std::map<std::string, std::string> files_with_times(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string changed = std::to_string(entry.last_write_time().time_since_epoch().count());
    files[fs::relative(entry.path(), folder).string()] =
        changed + (entry.is_regular_file() ? "\n" + content(entry.path()) : "");
  }
  return files;
}

std::vector<fs::path> checkpoints_of(const fs::path& run) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(run / "checkpoints")) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace qtot::test
