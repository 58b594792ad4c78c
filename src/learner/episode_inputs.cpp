#include "learner/episode_inputs.h"

#include <algorithm>
#include <vector>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::Index;
using nn::Buffer;

Index index(int n) {
  return static_cast<Index>(n);
}

// the actions whose one-hots are part of the inputs of `slot`; empty for zeros
std::span<const Action> last_actions(const LearnerConfig& config, const core::Episode& episode,
                                     int slot) {
  const int of = config.mistakes.last_action_of_slot ? slot : slot - 1;
  return of >= 0 && of < episode.n_slots() ? episode.actions(of) : std::span<const Action>{};
}

}  // namespace

template <class T>
Buffer<T> gather_inputs(const agents::AgentConfig& agent, const LearnerConfig& config,
                        const core::Episode& episode, int n_slots, nn::Workspace<T>& workspace) {
  const Index n_agents = index(agent.spec.n_agents);
  const Buffer<T> inputs = workspace.take(index(n_slots) * n_agents, agents::input_dim(agent));
  const int n_seen = std::min(n_slots, episode.n_slots());
  for (int slot = 0; slot < n_seen; ++slot) {
    agents::write_inputs<T>(agent, episode.obs(slot), last_actions(config, episode, slot),
                            inputs.view(index(slot) * n_agents, n_agents));
  }
  if (n_seen == n_slots) return inputs;
  const std::vector<float> nothing(static_cast<std::size_t>(n_agents * index(agent.spec.obs_dim)),
                                   0.0F);
  for (int slot = n_seen; slot < n_slots; ++slot) {
    agents::write_inputs<T>(agent, nothing, last_actions(config, episode, slot),
                            inputs.view(index(slot) * n_agents, n_agents));
  }
  return inputs;
}

template <class T>
Buffer<T> gather_states(const core::Episode& episode, int n_slots, nn::Workspace<T>& workspace) {
  const Buffer<T> states = workspace.take_zero(index(n_slots), index(episode.spec().state_dim));
  for (int slot = 0; slot < std::min(n_slots, episode.n_slots()); ++slot) {
    std::ranges::transform(episode.state(slot), states.row(index(slot)),
                           [](float value) { return static_cast<T>(value); });
  }
  return states;
}

template <class T>
Buffer<T> gather_rewards(const core::Episode& episode, const LearnerConfig& config, int n,
                         const RewardTransform<T>& transform, nn::Workspace<T>& workspace) {
  const Buffer<T> rewards = workspace.take_zero(index(n), 1);
  const int first = config.mistakes.reward_of_next_step ? 1 : 0;
  for (int t = 0; t < std::min(n, episode.length() - first); ++t) {
    rewards.data[t] = static_cast<T>(episode.rewards()[static_cast<std::size_t>(t + first)]);
  }
  if (transform.is_identity) return rewards;
  for (int t = 0; t < n; ++t) {
    const auto earned = static_cast<math::Sum<T>>(rewards.data[t]);
    rewards.data[t] = static_cast<T>((earned - transform.mean) / transform.deviation);
  }
  return rewards;
}

bool is_available(const core::Episode& episode, int slot, int agent, Action action) {
  return slot < episode.n_slots() && episode.is_available(slot, agent, action);
}

Action stored_action(const core::Episode& episode, int slot, int agent) {
  return slot < episode.n_slots() ? episode.actions(slot)[static_cast<std::size_t>(agent)] : 0;
}

template <class T>
Action greedy_action(const T* utilities, bool ignores_avail, const core::Episode& episode, int slot,
                     int agent) {
  if (!ignores_avail) {
    return agents::greedy_action(utilities, episode, slot, agent);
  }
  Action best = 0;
  for (Action a = 1; a < episode.spec().n_actions; ++a) {
    if (utilities[a] > utilities[best]) best = a;
  }
  return best;
}

#define QTOT_INSTANTIATE(T)                                                             \
  template Buffer<T> gather_inputs<T>(const agents::AgentConfig&, const LearnerConfig&, \
                                      const core::Episode&, int, nn::Workspace<T>&);    \
  template Buffer<T> gather_states<T>(const core::Episode&, int, nn::Workspace<T>&);    \
  template Buffer<T> gather_rewards<T>(const core::Episode&, const LearnerConfig&, int, \
                                       const RewardTransform<T>&, nn::Workspace<T>&);   \
  template Action greedy_action<T>(const T*, bool, const core::Episode&, int, int);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
