#pragma once

#include <cstdint>
#include <string>

#include "qtot/config/value.h"

/// Writes recordings of our own environments in the format that check_trace() replays
/// (docs/adding_an_environment.md).
namespace qtot::env {

struct RecordOptions {
  std::string env;  // as make_named() takes it
  config::Map env_args;
  std::uint64_t seed = 1;
  int n_episodes = 5;
};

struct RecordReport {
  std::string env;  // the header's name
  int n_episodes = 0;
  long n_steps = 0;
};

/// Plays the tickets 0, 1, ... of the seed, every agent drawing uniformly among its available actions
/// as `qtot env play` does, and writes `path`, gzip-compressed when it ends in ".gz": the same bytes
/// from the same options, on every machine. The file appears whole or not at all. The header's `env`
/// is "qtot", its config the environment and its arguments, and `u.draws` of a step are the outcomes
/// of chance in the order in which the rules asked for them.
///
/// Throws Error for an environment or an argument that is not known, and Error (kFailed) when the file
/// cannot be written or would be larger than check_trace() reads.
RecordReport record_trace(const std::string& path, const RecordOptions& options);

}  // namespace qtot::env
