#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "qtot/learner/peers.h"

namespace qtot::cluster {

/// Cuts a batch into one range of positions a rank: about the same cost each, and where little is lost by
/// it at positions that many powers of two divide, since fewer subtrees need to travel then. A function of
/// its arguments alone, computed by every rank; which it is shows in no bit.
///
/// @param[in] costs  [B] of the episodes, e.g. steps; >= 0
/// @return           [R]; consecutive, from 0 to B; some are empty where R > B
std::vector<learner::Positions> cut_batch(std::span<const std::int64_t> costs, int n_ranks);

}  // namespace qtot::cluster
