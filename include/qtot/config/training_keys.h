#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qtot/config/training_config.h"

namespace qtot::config {

/// Keys with the text() of their values.
using KeyTexts = std::vector<std::pair<std::string, std::string>>;

/// What the bits of a run depend on: every training key, those of the environment as env_args.key. Two
/// configurations with equal ones are the same run.
KeyTexts training_keys(const ReadConfig& config);

struct KeyDifference {
  std::string key;
  std::string in_a, in_b;  // "(nothing)" where it is missing
};

/// The first key of `a` whose value is another in `b`, or else the first that `b` alone has.
std::optional<KeyDifference> first_difference(const KeyTexts& a, const KeyTexts& b);

}  // namespace qtot::config
