#pragma once

#include <optional>
#include <string>

/// Replays a recording of a reference environment against ours (`qtot env check`). The format is
/// JSON lines, plain or gzip-compressed: a header, then a `reset` line and `step` lines an episode
/// (docs/adding_an_environment.md).
namespace qtot::env {

/// One value that differs.
struct TraceMismatch {
  int line = 0;          // of the file, from 1
  std::string mode;      // "teacher-forced" or "free-run"
  std::string field;     // "obs[2][7]", "s.prey[3]", "terminated", ...
  std::string expected;  // in the recording
  std::string found;     // here
};

struct TraceReport {
  std::string file;
  std::string env;     // the header's name: "staghunt"
  std::string family;  // ours: "stag_hunt"
  int n_episodes = 0;
  int n_steps = 0;
  int n_abandoned = 0;  // episodes that end where the reference itself raised
  long n_values = 0;    // numbers and flags compared, both modes together
  long n_mismatches = 0;
  std::optional<TraceMismatch> first;

  bool ok() const { return n_mismatches == 0; }
};

/// Builds the environment from the header's `config` and plays the recorded joint actions with the
/// recorded outcomes of chance, twice at once: teacher-forced, where each step starts from the
/// recorded state before it, and free-run, where only an episode's first state is loaded. After each
/// line the full state, the observations, the state vector and the availability of actions are
/// compared, after a step also reward and end, all exactly. A free run that has left the recording
/// starts again from the recorded state, so that one difference is counted once.
///
/// Our flags against the recording's: terminated = term and not trunc, truncated = trunc.
///
/// Throws Error (exit code 2), naming file and line, when the file cannot be read, is not of the
/// format, exceeds a limit (4 MiB a line, 2 GiB uncompressed), or names an environment or a
/// configuration that we do not have.
TraceReport check_trace(const std::string& path);

}  // namespace qtot::env
