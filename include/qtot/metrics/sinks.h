#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "qtot/base/files.h"
#include "qtot/metrics/clock.h"
#include "qtot/metrics/record.h"

/// Where records go. Every sink is a file that only grows, so that a resumed run continues it by
/// cutting it to the length that the checkpoint remembers: `keep_bytes` of the constructors; 0 starts
/// the file anew. A file that is shorter is an Error; a full disk is an Error (kFailed) from write().
namespace qtot::metrics {

class Sink {
 public:
  virtual ~Sink() = default;

  /// In the hands of the system when it returns: a kill loses nothing of it.
  virtual void write(const Record& record) = 0;

  /// On the disk when it returns. The value is the file's length.
  std::uint64_t sync();

 protected:
  Sink(const std::filesystem::path& path, std::uint64_t keep_bytes) : file_(path, keep_bytes) {}
  void append(std::string_view bytes) { file_.append(bytes); }

 private:
  AppendFile file_;
};

/// One flat JSON object a line: t_env, episode, update, then the values in their order. Numbers have
/// the shortest digits that read back to the same bits; NaN and infinities are null.
class JsonlSink final : public Sink {
 public:
  JsonlSink(const std::filesystem::path& path, std::uint64_t keep_bytes);
  void write(const Record& record) override;
};

/// One value a line under the heading `t_env,episode,update,name,value`: the long format, in which a
/// name may appear at any time without another line changing. NaN and infinities are nan, inf, -inf.
class CsvSink final : public Sink {
 public:
  CsvSink(const std::filesystem::path& path, std::uint64_t keep_bytes);
  void write(const Record& record) override;
};

/// A TensorBoard event file (its name must contain "tfevents"): records of TensorFlow's framing, each
/// an Event with the values as scalars at step t_env. Values are rounded to float, as the format has
/// it. Every event carries the wall time: this file alone of the three is outside determinism.
/// Source: tensorflow/core/util/event.proto, tensorflow/core/lib/io/record_writer.h.
class TensorboardSink final : public Sink {
 public:
  TensorboardSink(const std::filesystem::path& path, std::uint64_t keep_bytes, const Clock& clock);
  void write(const Record& record) override;

 private:
  const Clock& clock_;
};

}  // namespace qtot::metrics
