#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bridge/child.h"
#include "bridge/frame.h"
#include "qtot/base/error.h"

namespace qtot {
class Deadline;
}

namespace qtot::bridge {

/// Requests to a child process and its replies, one at a time, each within the same number of seconds.
class Channel {
 public:
  /// `name` begins every error: python environment "tiny:Env".
  Channel(std::string name, const ChildCommand& command, double timeout);
  /// Asks the child to end and waits a moment for it.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// The payload of the reply of kind `expected`, of at least `min_bytes` and at most `max_bytes`. Valid
  /// until the next call. `doing` is for errors: "at reset", "at step 3".
  ///
  /// Throws Error (kFailed) in all cases of python_envs.h, and what fault() says for a kFault; the child is
  /// gone then, and every further call throws the same.
  Bytes ask(Kind request, Bytes payload, Kind expected, std::size_t min_bytes,
            std::size_t max_bytes, const std::string& doing);

  /// Ends the child and throws Error: name, `what`, how the child ended if it did by itself, the end of its
  /// stderr. For replies that are whole but make no sense, too.
  [[noreturn]] void fail(const std::string& what, ExitCode exit_code = ExitCode::kFailed);

 private:
  void send(const std::string& frame, const std::string& doing, const Deadline& deadline);
  Header receive(Kind expected, std::size_t min_bytes, std::size_t max_bytes,
                 const std::string& doing, const Deadline& deadline);
  void receive_at_least(std::size_t n_bytes, const std::string& doing, const Deadline& deadline);
  void wait(short events, const std::string& doing, const Deadline& deadline);
  void check_header(const Header& header, Kind expected, std::size_t min_bytes,
                    std::size_t max_bytes, const std::string& doing);
  [[noreturn]] void fail_by_fault(Bytes payload, const std::string& doing);

  std::string name_;
  double timeout_;
  Child child_;
  std::uint64_t sequence_ = 0;
  std::vector<std::uint8_t> buffer_;  // of the reply that is coming
  std::size_t filled_ = 0;
  std::string error_;  // once there was one
  ExitCode error_code_ = ExitCode::kFailed;
};

}  // namespace qtot::bridge
