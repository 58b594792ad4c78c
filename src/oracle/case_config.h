#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "qtot/config/value.h"
#include "qtot/oracle/case.h"

namespace qtot::oracle {

/// Reads a case's `meta` into the configuration of its learner: `preset`, or the peer's, then `args` and
/// the optimiser, then `with`. The peer's other keys (runner, env, ...) say nothing about a learner step
/// and are passed over; an unknown key of `with` is an Error. Needs result.spec. Returns whether the case
/// says that the weights of prioritised replay count (use_per), or not; nothing where it says neither.
std::optional<bool> read_config(const nlohmann::json& meta, const config::Map& with, Case& result);

}  // namespace qtot::oracle
