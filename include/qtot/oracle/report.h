#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "qtot/oracle/comparison.h"

namespace qtot::oracle {

/// A table, a row a tensor in dataflow order, and below it what differs first, where and why.
///
/// @param[in] all  every tensor; false leaves out parameters and gradients that agree, and what lies
///                 behind the first difference
std::string to_text(const Report& report, bool all = true);

/// The same as one object: source, dtype, tolerance, agrees, tensors [...], first (or null), reason,
/// ignored. Numbers that JSON cannot hold are null.
nlohmann::ordered_json to_json(const Report& report);

}  // namespace qtot::oracle
