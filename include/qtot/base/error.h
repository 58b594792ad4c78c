#pragma once

#include <stdexcept>
#include <string>

namespace qtot {

/// What a process tells its caller: the exit codes of every verb (docs/commands.md).
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,    // a check failed or the work could not be done
  kBadInput = 2,  // bad usage or bad input
  kStopped = 75,  // stopped by a signal; the run can be resumed
};

/// The one exception of qtot. Its text is one sentence for the user: what was wrong (file, key or
/// shape), what was expected and what was found. A bug is no Error: it aborts (check.h).
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence, ExitCode exit_code = ExitCode::kBadInput)
      : std::runtime_error(sentence), exit_code_(exit_code) {}

  ExitCode exit_code() const { return exit_code_; }

 private:
  ExitCode exit_code_;
};

}  // namespace qtot
