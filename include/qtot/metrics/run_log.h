#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qtot/metrics/clock.h"
#include "qtot/metrics/digests.h"
#include "qtot/metrics/record.h"
#include "qtot/metrics/sinks.h"

namespace qtot::metrics {

/// Lengths of the growing files of a run folder, by file name: what a checkpoint remembers of them.
using SinkPositions = std::map<std::string, std::uint64_t>;

struct RunLogOptions {
  bool use_csv = true;
  bool use_tensorboard = false;
};

/// The growing files of a run folder:
///
/// | file                       | what                                              | deterministic |
/// |----------------------------|---------------------------------------------------|---------------|
/// | metrics.jsonl, metrics.csv | every record (sinks.h)                            | yes           |
/// | digests.jsonl              | fingerprints (digests.h)                          | yes           |
/// | events.out.tfevents.qtot   | every record, for TensorBoard                     | but wall_time |
/// | timing.jsonl               | seconds and speed at each record of this process  | no            |
class RunLog {
 public:
  /// Opens the files in `folder`, which exists. `resume_at` is empty for a new run; a resumed run
  /// passes its checkpoint's positions, and what lies beyond them is cut off. A file that the
  /// checkpoint does not know starts anew. Throws Error as the sinks do.
  RunLog(const std::filesystem::path& folder, const RunLogOptions& options,
         const SinkPositions& resume_at, const Clock& clock = machine_clock());

  /// To all sinks; and a line of timing.jsonl: `seconds` since this object was made and, after the
  /// first record, `steps_per_second` since the record before.
  void write(const Record& record);
  void write(const DigestRecord& record) { digests_.write(record); }

  /// Returns the positions when everything is on the disk. Positions of files that this run does not
  /// write are handed on, so that a later one can go on with them.
  SinkPositions sync();

 private:
  void write_timing(const Record& record);

  const Clock& clock_;
  SinkPositions positions_;
  std::map<std::string, std::unique_ptr<Sink>> sinks_;  // by file name
  DigestLog digests_;
  JsonlSink timing_;
  double start_;  // steady seconds
  double last_seconds_ = 0;
  std::int64_t last_t_env_ = -1;  // no record yet
};

}  // namespace qtot::metrics
