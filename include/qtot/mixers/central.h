#pragma once

#include <memory>

#include "qtot/mixers/mixer.h"

namespace qtot::mixers {

struct CentralConfig {
  int n_agents = 0;
  int state_dim = 0;
  int embed_dim = 256;      // C
  bool orthogonal = false;  // PyMARL2's use_orthogonal
};

/// Q* of Weighted QMIX (Rashid et al., 2020, sec. 5): values of central agents and the state, mixed by
/// a network that is not monotonic. It is no choice of the key `mixer`, since agents that act greedily
/// by their own values do not maximise it. Tensors "central_mixer.net.*" and "central_mixer.V.*".
template <class T>
std::unique_ptr<Mixer<T>> make_central_ff(const CentralConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::mixers
