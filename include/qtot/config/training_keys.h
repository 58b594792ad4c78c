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

/// The keys of a run that an earlier qtot began, and every training key of `now` that they lack with its
/// default: the default of a new key is what was done before there was one.
KeyTexts with_new_keys(KeyTexts earlier, const ReadConfig& now);

struct KeyDifference {
  std::string key;
  std::string in_a, in_b;  // "(nothing)" where it is missing
};

/// The first key of `a` whose value is another in `b`, or else the first that `b` alone has.
std::optional<KeyDifference> first_difference(const KeyTexts& a, const KeyTexts& b);

}  // namespace qtot::config
