#pragma once

#include <cstdint>
#include <span>

#include "qtot/agents/agent.h"
#include "qtot/core/episode.h"
#include "qtot/learner/config.h"
#include "qtot/math/scalars.h"
#include "qtot/nn/workspace.h"

/// What the networks read of one episode, slot by slot. Slots behind its last one, which only quirks
/// and mistakes unroll, are seen as zeros, with no action available and action 0 stored.
namespace qtot::learner {

constexpr double kUnavailableQ = -9999999;  // PyMARL's constant; exact in float

/// How many columns gather_inputs() writes.
std::size_t n_one_hot_columns(const agents::AgentConfig& agent, int n_slots);

/// Inputs of the agents, n_slots * N rows. `columns` takes their one-hots and has to stay as long as they.
/// In float the observations are the episode's own; else, or where there are slots behind its last one,
/// a copy.
template <class T>
agents::Inputs<T> gather_inputs(const agents::AgentConfig& agent, const LearnerConfig& config,
                                const core::Episode& episode, int n_slots,
                                nn::Workspace<T>& workspace, std::span<std::int32_t> columns);

/// [n_slots, S]
template <class T>
nn::Buffer<T> gather_states(const core::Episode& episode, int n_slots, nn::Workspace<T>& workspace);

/// Rewards of `n` rows as the returns take them, [n, 1]: (factor r - mean) / deviation in Sum<T>, rounded
/// once; behind the end with r = 0.
template <class T>
struct RewardTransform {
  bool is_identity = true;
  math::Sum<T> factor = 1;
  math::Sum<T> mean = 0;
  math::Sum<T> deviation = 1;
};
template <class T>
nn::Buffer<T> gather_rewards(const core::Episode& episode, const LearnerConfig& config, int n,
                             const RewardTransform<T>& transform, nn::Workspace<T>& workspace);

bool is_available(const core::Episode& episode, int slot, int agent, core::Action action);
core::Action stored_action(const core::Episode& episode, int slot, int agent);

/// Lowest index among the largest available utilities, or, by mistake, among all; 0 where none is
/// available.
template <class T>
core::Action greedy_action(const T* utilities, bool ignores_avail, const core::Episode& episode,
                           int slot, int agent);

}  // namespace qtot::learner
