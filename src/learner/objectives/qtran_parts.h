// What QTRAN-base and QTRAN-alt share: the steps' joint values, and the way back into the agents.
#pragma once

#include "learner/episode_targets.h"
#include "learner/objectives/loss.h"

namespace qtot::learner {

/// What the joint networks see of an episode.
template <class T>
struct QtranSteps {
  TargetInputs<T> inputs;             // greedy actions and states of all slots
  math::ConstMatView<T> hidden;       // [n_steps * N, H]
  math::ConstMatView<T> next_hidden;  // [n_steps * N, H]  of slot t + 1, of the target network
  nn::Buffer<T> stored_actions;       // [n_steps, N]
  nn::Buffer<T> next_actions;         // [n_steps, N]      that bootstrap step t
  nn::Buffer<T> chosen_qs;            // [n_steps, N]
  nn::Buffer<T> greedy_sum;           // [n_steps, 1]      sum over n of max Q_n
  nn::Buffer<T> value;                // [n_steps, 1]      V(s)
  mixers::JointTape<T> value_tape = {};
};

/// Adds the joint networks to a network whose mixer is the sum.
template <class T>
void add_joint_networks(bool counterfactual, const agents::AgentConfig& agent,
                        const ObjectiveConfig& config, Network<T>& network);

template <class T>
QtranSteps<T> qtran_steps(const PassContext<T>& context, const EpisodeWork<T>& work,
                          nn::Workspace<T>& workspace);

/// Joint values [n_steps, n_values()] of the steps at `actions`, online.
template <class T>
nn::Buffer<T> joint_values(const PassContext<T>& context, const QtranSteps<T>& steps,
                           nn::Buffer<T> actions, mixers::JointTape<T>& tape,
                           nn::Workspace<T>& workspace);

/// Those of slot t + 1 in row t, at next_actions, under the target network.
template <class T>
nn::Buffer<T> next_joint_values(const PassContext<T>& context, const QtranSteps<T>& steps,
                                nn::Workspace<T>& workspace);

/// From the gradients of Q_jt at the stored actions [n_steps, n_values()] and of V [n_steps, 1] into their
/// networks and the agents' hidden states.
template <class T>
void qtran_backward(const PassContext<T>& context, const EpisodeWork<T>& work,
                    const QtranSteps<T>& steps, const mixers::JointTape<T>& tape, nn::Buffer<T> d_q,
                    nn::Buffer<T> d_value, nn::Workspace<T>& workspace);

/// dL/dutilities of the greedy actions, added; d_sum [n_steps], of greedy_sum.
template <class T>
void add_greedy_gradient(const EpisodeWork<T>& work, const QtranSteps<T>& steps, const T* d_sum);

}  // namespace qtot::learner
