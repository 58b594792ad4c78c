#pragma once

#include <cstddef>

#include "qtot/config/training_config.h"
#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::train {

/// Bytes that the replay ring of a run can come to: every slot filled by an episode of the longest kind.
std::size_t ring_bytes_bound(const config::TrainingConfig& config, const core::DecPomdpSpec& spec);

/// Throws Error when the ring can come to more than `limit` bytes. The message names buffer_size and the
/// largest one that fits.
void require_ring_fits(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                       std::size_t limit);

}  // namespace qtot::train
