#pragma once

#include "learner/episode_inputs.h"
#include "qtot/core/episode.h"
#include "qtot/mixers/mixer.h"

namespace qtot::learner {

/// `in`, and beside it what a mixer that asks for it reads of the actions whose values it mixes.
///
/// @param[in]  utilities   [n_slots * N, A]  of the network whose values are mixed
/// @param[in]  first_slot  of row 0
/// @param[in]  action_of   (slot, agent) -> the action whose value is in.agent_qs
///
/// The best utility of an agent without an available action is masked where the target network's values are;
/// else it is that of action 0, which greedy_action() then takes.
template <class T, class ActionOf>
mixers::MixerInputs<T> with_actions(const mixers::Mixer<T>& mixer, const core::Episode& episode,
                                    nn::Buffer<T> utilities, math::Index first_slot,
                                    const LearnerConfig& config, ActionOf action_of,
                                    nn::Workspace<T>& workspace, const mixers::MixerInputs<T>& in) {
  if (!mixer.reads_actions()) return in;
  using math::Index;
  const Index n_rows = in.agent_qs.rows();
  const Index n_agents = in.agent_qs.cols();
  const bool ignores_avail = config.mistakes.ignores_avail;
  const nn::Buffer<T> best_qs = workspace.take(n_rows, n_agents);
  std::int32_t* const columns = workspace.take_columns(n_rows * n_agents);
  for (Index t = 0; t < n_rows; ++t) {
    const int slot = static_cast<int>(t + first_slot);
    for (Index n = 0; n < n_agents; ++n) {
      const int agent = static_cast<int>(n);
      const T* const qs = utilities.row((t + first_slot) * n_agents + n);
      const core::Action best = greedy_action(qs, ignores_avail, episode, slot, agent);
      const bool has_best = ignores_avail || is_available(episode, slot, agent, best);
      best_qs.row(t)[n] =
          has_best || !config.mask_target_qs ? qs[best] : static_cast<T>(kUnavailableQ);
      // behind its last slot an episode has no actions
      columns[t * n_agents + n] =
          slot > episode.length()
              ? -1
              : static_cast<std::int32_t>(n * utilities.cols + action_of(slot, agent));
    }
  }
  return {.agent_qs = in.agent_qs,
          .state = in.state,
          .best_qs = best_qs.const_view(),
          .joint_action = {.columns = columns, .rows = n_rows, .per_row = n_agents}};
}

}  // namespace qtot::learner
