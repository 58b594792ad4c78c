#include "qtot/metrics/run_log.h"

namespace qtot::metrics {
namespace {

constexpr char kMetrics[] = "metrics.jsonl";
constexpr char kCsv[] = "metrics.csv";
constexpr char kTensorboard[] = "events.out.tfevents.qtot";
constexpr char kDigests[] = "digests.jsonl";
constexpr char kTiming[] = "timing.jsonl";

std::uint64_t position(const SinkPositions& positions, const char* name) {
  const auto found = positions.find(name);
  return found == positions.end() ? 0 : found->second;
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& folder, const RunLogOptions& options,
               const SinkPositions& resume_at, const Clock& clock)
    : clock_(clock),
      positions_(resume_at),
      digests_(folder / kDigests, position(resume_at, kDigests)),
      timing_(folder / kTiming, position(resume_at, kTiming)),
      start_(clock.steady_seconds()) {
  sinks_[kMetrics] = std::make_unique<JsonlSink>(folder / kMetrics, position(resume_at, kMetrics));
  if (options.use_csv) {
    sinks_[kCsv] = std::make_unique<CsvSink>(folder / kCsv, position(resume_at, kCsv));
  }
  if (options.use_tensorboard) {
    sinks_[kTensorboard] = std::make_unique<TensorboardSink>(
        folder / kTensorboard, position(resume_at, kTensorboard), clock);
  }
}

void RunLog::write(const Record& record) {
  for (const auto& [name, sink] : sinks_) sink->write(record);
  write_timing(record);
}

void RunLog::write_timing(const Record& record) {
  const double seconds = clock_.steady_seconds() - start_;
  Record timing{.t_env = record.t_env, .episode = record.episode, .update = record.update};
  timing.add("seconds", seconds);
  if (last_t_env_ >= 0 && seconds > last_seconds_) {
    timing.add("steps_per_second",
               static_cast<double>(record.t_env - last_t_env_) / (seconds - last_seconds_));
  }
  timing_.write(timing);
  last_seconds_ = seconds;
  last_t_env_ = record.t_env;
}

SinkPositions RunLog::sync() {
  for (const auto& [name, sink] : sinks_) positions_[name] = sink->sync();
  positions_[kDigests] = digests_.sync();
  positions_[kTiming] = timing_.sync();
  return positions_;
}

}  // namespace qtot::metrics
