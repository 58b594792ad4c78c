#pragma once

#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/learner/config.h"
#include "qtot/mixers/mixer.h"

namespace qtot::oracle {

struct Case;

/// Mistakes that come down to reading the weights differently. Each is a linear map in front of the
/// network, and its transpose behind the gradient.
enum class WeightChange {
  kGatesZrn,                // GRU: blocks in the order z, r, n
  kGatesNzr,                // n, z, r
  kGatesRnz,                // r, n, z
  kGatesZnr,                // z, n, r
  kGatesNrz,                // n, r, z
  kUpdateGateSwapped,       // h' = z n + (1 - z) h
  kCandidateBiasOutside,    // n = tanh(.. + b_hn + r (W_hn h)): the bias is outside the reset
  kNoLastAction,            // the input columns of the last action read nothing
  kNoAgentId,               // likewise those of the agent's id
  kMixingWeightsTransposed  // hyper_w1's output taken as [E, N]
};

/// What a learner step is computed with, beside batch and weights.
struct Variant {
  agents::AgentConfig agent;
  mixers::MixerConfig mixer;
  learner::ObjectiveConfig objective;
  learner::LearnerConfig learner;
  std::vector<WeightChange> changes;
  bool has_behaviour = false;  // the case says how likely its actions were
};

/// As the case asks for.
Variant variant_of(const Case& input);

}  // namespace qtot::oracle
