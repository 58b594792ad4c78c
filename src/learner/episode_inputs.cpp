#include "learner/episode_inputs.h"

#include <algorithm>
#include <type_traits>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/check.h"
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

// [n_slots * N, O]
template <class T>
math::ConstMatView<T> gather_obs(const core::Episode& episode, int n_slots,
                                 nn::Workspace<T>& workspace) {
  const Index n_rows = index(n_slots) * index(episode.spec().n_agents);
  const Index obs_dim = index(episode.spec().obs_dim);
  if constexpr (std::is_same_v<T, float>) {
    if (n_slots <= episode.n_slots()) {
      return math::view(episode.all_obs().data(), n_rows, obs_dim);
    }
  }
  const Buffer<T> obs = workspace.take_zero(n_rows, obs_dim);
  const std::size_t n_seen =
      std::min(episode.all_obs().size(), static_cast<std::size_t>(n_rows * obs_dim));
  std::ranges::transform(episode.all_obs().first(n_seen), obs.data,
                         [](float value) { return static_cast<T>(value); });
  return obs.const_view();
}

}  // namespace

std::size_t n_one_hot_columns(const agents::AgentConfig& agent, int n_slots) {
  return static_cast<std::size_t>(index(n_slots) * index(agent.spec.n_agents) *
                                  agents::n_one_hots(agent));
}

template <class T>
agents::Inputs<T> gather_inputs(const agents::AgentConfig& agent, const LearnerConfig& config,
                                const core::Episode& episode, int n_slots,
                                nn::Workspace<T>& workspace, std::span<std::int32_t> columns) {
  QTOT_CHECK_EQ(columns.size(), n_one_hot_columns(agent, n_slots));
  const std::size_t n_a_slot = n_one_hot_columns(agent, 1);
  for (int slot = 0; slot < n_slots; ++slot) {
    agents::write_one_hots(agent, last_actions(config, episode, slot),
                           columns.subspan(static_cast<std::size_t>(slot) * n_a_slot, n_a_slot));
  }
  const auto obs = gather_obs<T>(episode, n_slots, workspace);
  return {.obs = obs,
          .one_hots = {
              .columns = columns.data(), .rows = obs.rows(), .per_row = agents::n_one_hots(agent)}};
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
    const math::Sum<T> earned = transform.factor * static_cast<math::Sum<T>>(rewards.data[t]);
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

#define QTOT_INSTANTIATE(T)                                                                     \
  template agents::Inputs<T> gather_inputs<T>(const agents::AgentConfig&, const LearnerConfig&, \
                                              const core::Episode&, int, nn::Workspace<T>&,     \
                                              std::span<std::int32_t>);                         \
  template Buffer<T> gather_states<T>(const core::Episode&, int, nn::Workspace<T>&);            \
  template Buffer<T> gather_rewards<T>(const core::Episode&, const LearnerConfig&, int,         \
                                       const RewardTransform<T>&, nn::Workspace<T>&);           \
  template Action greedy_action<T>(const T*, bool, const core::Episode&, int, int);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
