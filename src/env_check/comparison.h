#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "env_check/tolerance.h"
#include "qtot/env/env.h"

namespace qtot::env {

/// What a line records of the moment after it.
struct Moment {
  Snapshot state;                    // NaN: not recorded, so neither compared nor restored
  std::vector<double> obs;           // [N * O]
  std::vector<double> global_state;  // [S]
  std::vector<double> avail;         // [N * A]
};

/// What a line records of the step that it ends.
struct Step {
  std::vector<Action> joint_action;  // [N]
  std::vector<double> rewards;       // one for the team, or one an agent
  bool terminated = false;
  bool truncated = false;
  std::optional<bool> won;
};

/// What our environment shows: the same arrays, ours.
struct Observed {
  std::vector<float> obs;           // [N * O]
  std::vector<float> global_state;  // [S]
  std::vector<std::uint8_t> avail;  // [N * A]

  explicit Observed(const DecPomdpSpec& spec);
  void read(const Env& env) { env.observe(obs, global_state, avail); }
};

struct Difference {
  std::string field;  // "obs[2][7]", "s.prey[3]", "terminated", ...
  std::string expected;
  std::string found;
  bool is_beyond = false;  // an inexact number beyond its bound; otherwise what must be equal
};

/// Compares one line with our environment and counts. Fields compared up to a bound are `inexact`.
class Comparison {
 public:
  /// Counts all differences and keeps `n_kept`: the first ones, with one at least of what must be equal.
  Comparison(const Tolerance& tolerance, const DecPomdpSpec& spec, std::size_t n_kept)
      : tolerance_(tolerance), spec_(spec), n_kept_(n_kept) {}

  /// Rewards of single agents are compared with Env::agent_rewards(), as doubles; where the
  /// environment has none, each with the team's.
  void compare(const Step& step, const StepResult& result, std::span<const double> agent_rewards);
  void compare(const Moment& moment, const Snapshot& state, const Observed& observed);
  void differ(const std::string& field, const std::string& expected, const std::string& found);

  /// What lies beyond its bound is not equal, after all.
  void allow_nothing_beyond();

  bool agrees() const { return n_unequal + n_beyond == 0; }

  long n_values = 0;
  long n_equal = 0;      // of them: to the bit, whether or not they need be
  long n_unequal = 0;    // of those that must be equal
  long n_inexact = 0;    // compared up to a bound
  long n_same_bits = 0;  // of n_inexact: equal all the same
  long n_beyond = 0;     // of n_inexact: further off than their bound
  double max_error = 0;  // of the inexact, weighted; infinite when ours is no number
  std::vector<Difference> kept;

 private:
  void compare(const Snapshot& theirs, const Snapshot& ours);
  void match(const std::string& name, const Tolerance::Field* field, std::size_t i,
             std::size_t cols, double expected, double found, bool is_equal);
  void match_flag(const std::string& name, bool expected, bool found);
  bool would_keep(bool is_beyond) const;
  void keep(Difference difference);

  const Tolerance& tolerance_;
  const DecPomdpSpec& spec_;
  std::size_t n_kept_;
};

/// The shortest text that reads back as the same double.
std::string number_text(double x);

}  // namespace qtot::env
