#pragma once

#include <cstddef>
#include <vector>

#include "qtot/arrays/npz.h"
#include "qtot/core/episode.h"

namespace qtot::oracle {

/// Shape of a padded batch: [B, T + 1, N, ...].
struct BatchSizes {
  std::size_t n_episodes = 0, n_slots = 0, n_agents = 0, n_actions = 0, obs_dim = 0, state_dim = 0;

  core::DecPomdpSpec spec() const;
};

/// From in/avail_actions, in/obs and in/state; Throws Error when the shapes of the batch do not fit each
/// other or a size is not in [1, 2^20].
BatchSizes batch_sizes(const arrays::Npz& file);

/// The episodes of the padded arrays, ragged. Throws Error, naming member and episode, unless `filled`
/// is ones and then zeros, `terminated` is set at the last step or nowhere, actions exist, and what is
/// seen are float32 numbers.
std::vector<core::Episode> read_episodes(const arrays::Npz& file, const BatchSizes& sizes);

}  // namespace qtot::oracle
