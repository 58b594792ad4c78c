#include "learner/objectives/qtran_parts.h"

namespace qtot::learner {

using core::Action;
using math::ConstMatView;
using math::Index;
using nn::Buffer;

namespace {

// Hidden states of `n_steps` slots from `first_slot` on, of an unroll that began with `skipped` rows less.
template <class T>
ConstMatView<T> hidden_of(const PassContext<T>& context, const EpisodeWork<T>& work,
                          const agents::Tape<T>& tape, Index first_slot, Index skipped) {
  const Unroll& unroll = work.unroll;
  const Index n_rows = unroll.rows_side_by_side() - (unroll.forgets ? skipped : 0);
  const auto n_steps = static_cast<Index>(work.plan().n_steps);
  return math::rows(context.network.agent->hidden(tape, n_rows),
                    first_slot * unroll.n_agents - skipped, n_steps * unroll.n_agents);
}

// The greedy actions of slot t + 1: the online network's, without double Q the target network's own.
template <class T>
void next_actions(const PassContext<T>& context, const EpisodeWork<T>& work,
                  const TargetInputs<T>& inputs, Buffer<T> actions) {
  const core::Episode& episode = *work.plan().episode;
  for (Index t = 0; t < actions.rows; ++t) {
    for (Index n = 0; n < actions.cols; ++n) {
      const T* const qs = work.target_utilities.row((t + 1) * actions.cols + n);
      actions.row(t)[n] =
          context.config.double_q
              ? inputs.greedy_actions.row(t + 1)[n]
              : static_cast<T>(greedy_action(qs, context.config.mistakes.ignores_avail, episode,
                                             static_cast<int>(t) + 1, static_cast<int>(n)));
    }
  }
}

}  // namespace

template <class T>
void add_joint_networks(bool counterfactual, const agents::AgentConfig& agent,
                        const ObjectiveConfig& config, Network<T>& network) {
  network.joint = mixers::make_joint_value<T>({.counterfactual = counterfactual,
                                               .n_agents = agent.spec.n_agents,
                                               .n_actions = agent.spec.n_actions,
                                               .state_dim = agent.spec.state_dim,
                                               .hidden_dim = agent.hidden_dim,
                                               .embed_dim = config.joint_embed_dim,
                                               .is_big = config.network_size == "big",
                                               .reads_hidden = config.qtran_arch == "qtran_paper"},
                                              network.layout);
}

template <class T>
QtranSteps<T> qtran_steps(const PassContext<T>& context, const EpisodeWork<T>& work,
                          nn::Workspace<T>& workspace) {
  const EpisodePlan& plan = work.plan();
  const core::Episode& episode = *plan.episode;
  const std::size_t position = work.task->position;
  const Index n_agents = work.unroll.n_agents;
  const auto n_steps = static_cast<Index>(plan.n_steps);
  const Index skipped = context.config.target_skips_first_slot ? n_agents : 0;
  record(context, "utilities", position, work.utilities.const_view());
  record(context, "target_utilities", position, work.target_utilities.const_view());
  QtranSteps<T> steps{.inputs = {.target_utilities = work.target_utilities,
                                 .greedy_actions = workspace.take(work.unroll.n_slots, n_agents),
                                 .greedy_qs = workspace.take(n_steps, n_agents),
                                 .states = gather_states(episode, plan.n_steps + 1, workspace)},
                      .hidden = hidden_of(context, work, work.tape, 0, 0),
                      .next_hidden = hidden_of(context, work, work.target_tape, 1, skipped),
                      .stored_actions = workspace.take(n_steps, n_agents),
                      .next_actions = workspace.take(n_steps, n_agents),
                      .chosen_qs = workspace.take(n_steps, n_agents),
                      .greedy_sum = workspace.take_zero(n_steps, 1),
                      .value = workspace.take(n_steps, 1)};
  greedy_values(context, plan, work.utilities, steps.inputs);
  next_actions(context, work, steps.inputs, steps.next_actions);
  chosen_values(context, episode, work.utilities, steps.chosen_qs);
  for (Index t = 0; t < n_steps; ++t) {
    T& sum = steps.greedy_sum.data[t];
    for (Index n = 0; n < n_agents; ++n) {
      const auto greedy = static_cast<Index>(steps.inputs.greedy_actions.row(t)[n]);
      steps.stored_actions.row(t)[n] =
          static_cast<T>(stored_action(episode, static_cast<int>(t), static_cast<int>(n)));
      sum = sum + work.utilities.row(t * n_agents + n)[greedy];
    }
  }
  context.network.joint->value_forward(context.online, steps.inputs.states.const_view(0, n_steps),
                                       workspace, steps.value_tape, steps.value.view());
  record(context, "greedy_actions", position, steps.inputs.greedy_actions.const_view());
  record(context, "chosen_qs", position, steps.chosen_qs.const_view());
  record(context, "state_value", position, steps.value.const_view());
  return steps;
}

template <class T>
Buffer<T> joint_values(const PassContext<T>& context, const QtranSteps<T>& steps, Buffer<T> actions,
                       mixers::JointTape<T>& tape, nn::Workspace<T>& workspace) {
  const mixers::JointValue<T>& joint = *context.network.joint;
  const Index n_steps = steps.stored_actions.rows;
  const Buffer<T> q = workspace.take(n_steps, joint.n_values());
  joint.forward(context.online,
                {.state = steps.inputs.states.const_view(0, n_steps),
                 .hidden = steps.hidden,
                 .actions = actions.const_view(0, n_steps)},
                workspace, tape, q.view());
  return q;
}

template <class T>
Buffer<T> next_joint_values(const PassContext<T>& context, const QtranSteps<T>& steps,
                            nn::Workspace<T>& workspace) {
  const mixers::JointValue<T>& joint = *context.network.joint;
  const Index n_steps = steps.next_actions.rows;
  const Buffer<T> q = workspace.take(n_steps, joint.n_values());
  mixers::JointTape<T> unread;
  joint.forward(context.target,
                {.state = steps.inputs.states.const_view(1, n_steps),
                 .hidden = steps.next_hidden,
                 .actions = steps.next_actions.const_view()},
                workspace, unread, q.view());
  return q;
}

template <class T>
void qtran_backward(const PassContext<T>& context, const EpisodeWork<T>& work,
                    const QtranSteps<T>& steps, const mixers::JointTape<T>& tape, Buffer<T> d_q,
                    Buffer<T> d_value, nn::Workspace<T>& workspace) {
  const mixers::JointValue<T>& joint = *context.network.joint;
  const auto states = steps.inputs.states.const_view(0, d_q.rows);
  const Index n_rows = d_q.rows * work.unroll.n_agents;
  math::MatView<T> d_hidden = work.d_hidden.view(0, n_rows);
  joint.backward(
      context.online,
      {.state = states, .hidden = steps.hidden, .actions = steps.stored_actions.const_view()},
      workspace, tape, d_q.const_view(), d_hidden, work.task->gradient);
  if (context.config.mistakes.hidden_detached) d_hidden.setZero();
  joint.value_backward(context.online, states, workspace, steps.value_tape, d_value.const_view(),
                       work.task->gradient);
}

template <class T>
void add_greedy_gradient(const EpisodeWork<T>& work, const QtranSteps<T>& steps, const T* d_sum) {
  const Index n_agents = work.unroll.n_agents;
  for (Index t = 0; t < steps.greedy_sum.rows; ++t) {
    for (Index n = 0; n < n_agents; ++n) {
      const auto greedy = static_cast<Index>(steps.inputs.greedy_actions.row(t)[n]);
      T& d_utility = work.d_utilities.row(t * n_agents + n)[greedy];
      d_utility = d_utility + d_sum[t];
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                     \
  template void add_joint_networks<T>(bool, const agents::AgentConfig&, const ObjectiveConfig&, \
                                      Network<T>&);                                             \
  template QtranSteps<T> qtran_steps<T>(const PassContext<T>&, const EpisodeWork<T>&,           \
                                        nn::Workspace<T>&);                                     \
  template Buffer<T> joint_values<T>(const PassContext<T>&, const QtranSteps<T>&, Buffer<T>,    \
                                     mixers::JointTape<T>&, nn::Workspace<T>&);                 \
  template Buffer<T> next_joint_values<T>(const PassContext<T>&, const QtranSteps<T>&,          \
                                          nn::Workspace<T>&);                                   \
  template void qtran_backward<T>(const PassContext<T>&, const EpisodeWork<T>&,                 \
                                  const QtranSteps<T>&, const mixers::JointTape<T>&, Buffer<T>, \
                                  Buffer<T>, nn::Workspace<T>&);                                \
  template void add_greedy_gradient<T>(const EpisodeWork<T>&, const QtranSteps<T>&, const T*);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
