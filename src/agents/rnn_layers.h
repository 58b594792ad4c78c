// What forward and backward of the recurrent agent share: its layers and what the tape holds.
#pragma once

#include <algorithm>

#include "agents/input_layer.h"
#include "qtot/agents/agent.h"
#include "qtot/nn/layer_norm.h"
#include "qtot/nn/linear.h"

namespace qtot::agents {

struct RnnLayers {
  InputLayer fc1;
  nn::Linear input;      // W_ih, b_ih
  nn::Linear recurrent;  // W_hh, b_hh
  nn::Linear fc2;
  nn::LayerNorm norm;  // dim 0: none
  bool input_relu = true;

  Index hidden_dim() const { return recurrent.in; }
};

enum RnnSaved {  // entries of the tape; R = n_slots * n_rows, or the rows of a chunk where nothing is kept
  kX,            // [R, H]   after the relu
  kGates,    // [R, 3H]  r, z, n
  kGhN,      // [R, H]   third block of gh, which backward reads
  kHidden,   // [n_rows + R, H]  h before the first slot, then after each slot
  kNormal,   // [R, H]   layer norm: before scale and shift
  kInverse,  // [R, 1]   layer norm: 1 / deviation
  kNormed,   // [R, H]   layer norm: what fc2 reads
};

inline constexpr Index kChunkRows = 128;  // of all episodes together

// Slots of `n_passes` episodes at once.
inline Index chunk_slots(Index n_rows, std::size_t n_passes) {
  return std::max<Index>(1, kChunkRows / (n_rows * static_cast<Index>(n_passes)));
}

}  // namespace qtot::agents
