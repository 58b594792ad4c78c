#pragma once

#include <cstddef>

#include "qtot/config/training_config.h"
#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::train {

/// Bytes that the replay ring of a run and the target utilities that it keeps can come to: every slot filled
/// by an episode of the longest kind. The largest number where that is more. A rank of several keeps its
/// share of the slots; the first gathers all of them to save them.
struct RingHolders {
  int n_ranks = 1;
  int n_here = 1;            // of them on this machine
  bool gathers_here = true;  // the first is among them
};
std::size_t ring_bytes_bound(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                             const RingHolders& holders = {});

/// Throws Error when that is more than `limit` bytes. The message names buffer_size and the largest one that
/// fits, if any does and the run may still choose: `resumes` says that it may not.
void require_ring_fits(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                       std::size_t limit, bool resumes = false, const RingHolders& holders = {});

}  // namespace qtot::train
