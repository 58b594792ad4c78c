#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "qtot/config/training_keys.h"

/// What a run folder says of its run (docs/run_folder.md): config.yaml, metrics.jsonl, and whether there is
/// a summary.json. Nothing else of it needs to be there.
namespace qtot::report {

using config::KeyTexts;

/// One value of a metric.
struct Sample {
  std::int64_t t_env = 0;
  double value = 0;

  bool operator==(const Sample&) const = default;
};
using Samples = std::vector<Sample>;  // t_env ascends

struct RunRecord {
  std::filesystem::path folder;
  bool is_finished = false;
  std::string seed;
  KeyTexts training;   // every training key but the seed; those of the environment as env_args.key
  KeyTexts reporting;  // the others, `name` among them
  std::map<std::string, Samples> metrics;

  /// The value of any key, "" when the run has none. "config" is another word for "name".
  std::string value_of(const std::string& key) const;
};

/// Reads one run. A last line of metrics.jsonl without its end, which a killed run leaves, is not read. A
/// key that this program does not know counts as a training key. Throws Error that names file and line for
/// a missing or damaged file, for a metric that is no number within 1e100 and for a t_env that is beyond
/// 2^53 or does not ascend.
RunRecord read_run(const std::filesystem::path& folder);

/// `path` itself if it has a config.yaml, or else the folders below it that have one, sorted. Throws Error
/// when there is none, or no such folder.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& path);

}  // namespace qtot::report
