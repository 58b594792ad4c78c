#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Which runs a sweep consists of: the cartesian product of lists of values.
namespace qtot::sweep {

/// What was asked for, as it stood on the command line.
struct Request {
  std::string config = {};                    // "qmix,vdn", or "" for none
  std::string env_config = {};                // "two_step,stag_hunt_small", or "" for none
  std::string seeds = {};                     // "1-3,7", or "" for the configuration's own
  std::vector<std::string> assignments = {};  // "lr=0.1,0.2"
};

/// One run of it.
struct Choice {
  /// Its folder: what tells it from the others, as in two_step-qmix-lr=0.1-seed=1. Environment and
  /// configuration are always part of it and so is the seed, a key where it has several values. Of a
  /// value stay letters, digits and "._=+-"; brackets, quotes and spaces go, the rest becomes "_".
  std::string name;
  std::string config;
  std::string env_config;
  std::vector<std::string> assignments;  // one value each; the seed is the last, if one was given
};

/// The choices in order, the seed changing fastest, then the last assignment, ..., then the
/// configuration, the environment slowest. Throws Error for a list with an empty or repeated value, for
/// seeds that are none, for seeds given twice (seed=... beside `seeds`), for more than 10,000 runs and
/// for two runs of one name.
std::vector<Choice> plan(const Request& request);

/// The values of a list: commas within brackets, braces and quotes do not part. Throws Error that names
/// `what` for an empty value and for one that stands twice.
std::vector<std::string> split_values(const std::string& text, const std::string& what);

/// "1-3,7" as 1, 2, 3, 7. Throws Error for anything else, for a seed that stands twice and for more than
/// 10,000.
std::vector<std::uint64_t> parse_seeds(const std::string& text);

/// One of several parts of a sweep.
struct Part {
  std::size_t number = 1;  // 1 .. n_parts
  std::size_t n_parts = 1;
};

/// "2/8". Throws Error for anything else.
Part parse_part(const std::string& text);

}  // namespace qtot::sweep
