#pragma once

#include <string>

#include "qtot/oracle/case.h"
#include "qtot/oracle/comparison.h"
#include "qtot/oracle/step.h"

namespace qtot::oracle {

/// What a person would want to know about the first tensor of `report` that differs: what kind of step
/// the place is, how near to a tie the greedy actions behind it are, whether all of theirs is a constant
/// times ours, what agrees before it. "" when all agree.
std::string reason_of(const Case& input, const Step& step, const Report& report);

}  // namespace qtot::oracle
