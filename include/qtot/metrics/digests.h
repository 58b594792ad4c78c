#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qtot/base/files.h"
#include "qtot/base/fingerprint.h"

/// digests.jsonl: what the run's bits were at its updates, for `qtot diff`.
namespace qtot::metrics {

struct DigestRecord {
  std::int64_t update = 0;
  std::int64_t t_env = 0;
  Fingerprint fingerprint;  // of everything
  std::vector<std::pair<std::string, Fingerprint>>
      parts;  // of each tensor, the replay, the counters

  bool operator==(const DigestRecord&) const = default;
};

/// Appends lines {"update":..,"t_env":..,"fingerprint":"..","parts":{"agent.fc1.weight":"..",..}}.
class DigestLog {
 public:
  /// `keep_bytes` as for the sinks (sinks.h).
  DigestLog(const std::filesystem::path& path, std::uint64_t keep_bytes)
      : file_(path, keep_bytes) {}

  void write(const DigestRecord& record);
  std::uint64_t sync();

 private:
  AppendFile file_;
};

/// All records of a digests.jsonl. A last line without its end, which a killed run leaves, is not
/// read. Throws Error that names file and line when another line is no such record or updates do not
/// increase.
std::vector<DigestRecord> read_digests(const std::filesystem::path& path);

/// Where two runs part.
struct DigestDifference {
  std::int64_t update = 0;
  std::int64_t t_env = 0;          // of run a
  std::vector<std::string> parts;  // what differs there, in the order of the record of run a
};

struct DigestComparison {
  std::size_t n_compared = 0;  // updates that both runs recorded
  std::optional<DigestDifference> first_difference;
};

/// Compares the updates that stand in both: the runs may have recorded at different intervals. A part
/// that one of them lacks differs.
DigestComparison compare_digests(const std::vector<DigestRecord>& a,
                                 const std::vector<DigestRecord>& b);

}  // namespace qtot::metrics
