#pragma once

#include "learner/episode_pass.h"

namespace qtot::learner {

/// What an episode's targets are made of, beside its rewards.
template <class T>
struct TargetInputs {
  nn::Buffer<T> target_utilities;  // [n_slots * N, A]
  nn::Buffer<T> greedy_actions;    // [n_slots, N]  of the online network
  nn::Buffer<T> greedy_qs;         // [n_steps, N]  of the slots that bootstrap the loss rows
  nn::Buffer<T> states;            // [n_slots, S]
  const mixers::Mixer<T>* mixer = nullptr;  // of the values that the returns take
};

/// Greedy actions of the online network, and the greedy values of the slots that bootstrap the loss rows.
///
/// @param[in]  utilities  [n_slots * N, A] of the online network
/// @param[out] inputs     greedy_actions and greedy_qs are filled
template <class T>
void greedy_values(const PassContext<T>& context, const EpisodePlan& plan, nn::Buffer<T> utilities,
                   const TargetInputs<T>& inputs);

/// The joint value of slot t + 1 that the returns take, in row t: of the greedy actions, for SARSA's of
/// the stored ones, and where the target policy explores its expectation. [n_steps, K]
/// `tape`, where given, is the target mixer's.
template <class T>
nn::Buffer<T> next_values(const PassContext<T>& context, const EpisodePlan& plan,
                          const TargetInputs<T>& inputs, nn::Workspace<T>& workspace,
                          mixers::Tape<T>* tape = nullptr);

/// The targets of an episode's loss rows.
///
/// @param[in]  target_q_tot  [n_steps, K]  of next_values()
/// @param[out] returns       [n_steps, K]
template <class T>
void targets(const PassContext<T>& context, const EpisodePlan& plan, const TargetInputs<T>& inputs,
             nn::Buffer<T> target_q_tot, nn::Workspace<T>& workspace, math::MatView<T> returns);

}  // namespace qtot::learner
