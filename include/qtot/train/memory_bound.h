#pragma once

#include <cstddef>

#include "qtot/config/training_config.h"
#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::train {

/// Bytes that the replay ring of a run and the target utilities that it keeps can come to: every slot filled
/// by an episode of the longest kind. The largest number where that is more. A rank of several keeps its
/// share of the slots.
std::size_t ring_bytes_bound(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                             int n_ranks = 1);

/// Throws Error when that is more than `limit` bytes. The message names buffer_size and the largest one that
/// fits, if any does and the run may still choose: `resumes` says that it may not.
void require_ring_fits(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                       std::size_t limit, bool resumes = false, int n_ranks = 1);

}  // namespace qtot::train
