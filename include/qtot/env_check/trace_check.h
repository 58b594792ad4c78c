#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

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

/// Of a recording with positions, which are compared up to 1e-5 because the reference computes them
/// partly in float32: how near they came. All of it is of the teacher-forced replay but the last.
///
/// A step with a number further off passes the one-ulp test when it ends within 1e-5 of the recording
/// after one coordinate of one unit was moved by one float32 ulp, up or down, before it: where a
/// collision can go either way, the last bit of a position decides.
struct PositionReport {
  long n_compared = 0;
  long n_same_bits = 0;    // of them
  double max_error = 0;    // over all steps
  int n_steps_beyond = 0;  // steps with a number further off than 1e-5; of these
  int n_ulp_steps = 0;     //   pass the one-ulp test
  int n_small_steps = 0;   //   do not, but stay below 1e-3
  int n_wrong_steps = 0;   //   neither
  /// Free-run: steps until an episode leaves the recording (another discrete value, or a number
  /// further off than 1e-3), summed over the episodes, and episodes that never do.
  int n_free_steps = 0;
  int n_free_episodes = 0;

  /// No wrong step; at most one small step, or 0.1 % of the steps; and enough_within().
  bool ok(int n_steps) const;
};

/// Whether steps beyond 1e-5 are rare: less than 1 %, or one alone.
bool enough_within(long n_steps_beyond, long n_steps);

/// How near one of the two replays came, over everything that was compared.
struct NumbersReport {
  long n_compared = 0;   // numbers and flags
  long n_equal = 0;      // of them: to the bit
  double max_error = 0;  // of those that may differ within a bound

  /// Equal ones among all; 1 where nothing was compared.
  double ratio() const {
    return n_compared == 0 ? 1 : static_cast<double>(n_equal) / static_cast<double>(n_compared);
  }
};

struct TraceReport {
  std::string file;
  std::string env;     // the header's name: "staghunt"
  std::string family;  // ours: "stag_hunt"
  int n_episodes = 0;
  int n_steps = 0;
  int n_abandoned = 0;    // episodes that end where the reference itself raised
  NumbersReport forced;   // of the teacher-forced replay
  NumbersReport free;     // of the free run
  long n_values = 0;      // numbers and flags compared
  long n_mismatches = 0;  // of what must be equal, or lies beyond its bound where no step may
  std::optional<TraceMismatch> first;
  std::optional<PositionReport> positions;  // of the kinds that have them
  std::vector<TraceMismatch> listed;        // the first TraceOptions::n_listed differences, whether
                                            // or not a step with them passes

  bool ok() const { return n_mismatches == 0 && (!positions || positions->ok(n_steps)); }
};

struct TraceOptions {
  std::size_t n_listed = 0;
};

/// Builds the environment from the header's `config` and plays the recorded joint actions with the
/// recorded outcomes of chance, twice at once: teacher-forced, where each step starts from the
/// recorded state before it, and free-run, where only an episode's first state is loaded. After each
/// line the full state, the observations, the state vector and the availability of actions are
/// compared, after a step also reward and end: exactly, but for the positions of a kind that has
/// them, and for the float64 worlds whose reference calls the machine's exp and log (`mpe`), compared
/// within 1e-9, and within 1e-6 where it hands out float32. A free run that has left the recording starts again from the recorded state, so that one
/// difference is counted once; with positions it rests until the next episode, and is information
/// only.
///
/// Our flags against the recording's: terminated = term and not trunc, truncated = trunc.
///
/// Throws Error (exit code 2), naming file and line, when the file cannot be read, is not of the
/// format, exceeds a limit (4 MiB a line, 2 GiB uncompressed), or names an environment or a
/// configuration that we do not have.
TraceReport check_trace(const std::string& path, const TraceOptions& options = {});

}  // namespace qtot::env
