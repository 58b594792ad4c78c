#pragma once

#include <nlohmann/json_fwd.hpp>

#include "qtot/oracle/diagnose.h"

namespace qtot::oracle {

/// One object: source, dtype, agrees, explained, explanations [...], nearest, computations. Numbers that
/// JSON cannot hold are null.
nlohmann::ordered_json to_json(const Diagnosis& diagnosis);

}  // namespace qtot::oracle
