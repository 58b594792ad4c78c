#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// The real program, as a user runs it.
namespace qtot::test {

struct ProcessOptions {
  std::string program = {};                   // another one than qtot, looked for in PATH
  std::vector<std::string> environment = {};  // NAME=value, beside what there is
  std::filesystem::path out = {};             // stdout goes there; empty: it is captured
  // a file that grows further fails, as on a full disk
  std::optional<std::uint64_t> max_file_bytes = std::nullopt;
};

struct ProcessResult {
  int exit_code = -1;  // of a process that ended by itself
  int signal = 0;      // of one that was killed
  std::string out;
  std::string err;
};

/// `qtot`, or the program of `options`, with `arguments`, running. Killed when the object dies first.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits until `holds()`, which is asked at every output and about once a millisecond, or until the
  /// process has closed its outputs. Returns whether it held.
  bool wait_until(const std::function<bool()>& holds);
  void send(int signal) const;
  /// The processes that it has started and that have not ended.
  std::vector<pid_t> children() const;
  ProcessResult wait();

  /// What it has written so far.
  const ProcessResult& output() const { return result_; }

 private:
  bool pump(int timeout_milliseconds);

  ProcessResult result_;
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

ProcessResult run_qtot(const std::vector<std::string>& arguments,
                       const ProcessOptions& options = {});

}  // namespace qtot::test
