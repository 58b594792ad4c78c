#pragma once

#include <optional>

#include "qtot/checkpoint/state.h"
#include "qtot/train/crew.h"

namespace qtot::train {

/// What the first rank loaded, at every rank: of the episodes those that it keeps, and outlines. What the
/// other ranks pass is ignored.
std::optional<checkpoint::State> share_state(Crew& crew, std::optional<checkpoint::State> state);

}  // namespace qtot::train
