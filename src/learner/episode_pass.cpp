#include "learner/episode_pass.h"

#include <algorithm>

#include "learner/objectives/objective.h"
#include "qtot/base/inline_vector.h"

namespace qtot::learner {
namespace {

using math::Index;
using nn::Buffer;

Index index(int n) {
  return static_cast<Index>(n);
}

// [n_rows, A], zero unless they are known from an earlier update.
template <class T>
Buffer<T> place_of_target_utilities(const EpisodeTask<T>& task, Index n_rows, Index n_actions,
                                    nn::Workspace<T>& workspace) {
  if (task.target_utilities.values == nullptr) return workspace.take_zero(n_rows, n_actions);
  const Buffer<T> kept{.data = task.target_utilities.values, .rows = n_rows, .cols = n_actions};
  if (!task.target_utilities.is_filled) std::fill_n(kept.data, n_rows * n_actions, T(0));
  return kept;
}

template <class T>
EpisodeWork<T> begin(const PassContext<T>& context, const EpisodeTask<T>& task,
                     std::int32_t* columns, nn::Workspace<T>& workspace) {
  const EpisodePlan& plan = *task.plan;
  const Network<T>& network = context.network;
  const agents::Agent<T>& agent = *network.agent;
  const int n_slots = plan.n_steps + 1;
  const Unroll unroll{.n_slots = index(n_slots),
                      .n_agents = index(plan.episode->spec().n_agents),
                      .forgets = context.config.mistakes.forgets_hidden};
  const Index n_rows = unroll.n_rows();
  const Index n_with_gradient = unroll.rows_with_gradient(index(plan.n_steps));
  const Index n_actions = agent.n_actions();
  EpisodeWork<T> work{
      .task = &task,
      .unroll = unroll,
      .inputs = gather_inputs<T>(agent.config(), context.config, *plan.episode, n_slots, workspace,
                                 {columns, n_one_hot_columns(agent.config(), n_slots)})};
  work.utilities = workspace.take(n_rows, n_actions);
  work.target_utilities = place_of_target_utilities(task, n_rows, n_actions, workspace);
  work.d_utilities = workspace.take_zero(n_with_gradient, n_actions);
  if (network.central_agent != nullptr) {
    work.central_utilities = workspace.take(n_rows, n_actions);
    work.d_central_utilities = workspace.take_zero(n_with_gradient, n_actions);
    if (context.probe != nullptr) {
      work.acting_target_utilities = workspace.take_zero(n_rows, n_actions);
    }
  }
  if (network.joint != nullptr) {
    work.d_hidden = workspace.take_zero(n_with_gradient, index(agent.config().hidden_dim));
  }
  return work;
}

template <class T>
using ForwardPasses = InlineVector<agents::ForwardPass<T>, agents::kMaxTogether>;
template <class T>
using BackwardPasses = InlineVector<agents::BackwardPass<T>, agents::kMaxTogether>;

// Utilities of an online network, whose tapes are kept.
template <class T>
void online_forward(const PassContext<T>& context, const agents::Agent<T>& agent,
                    std::span<EpisodeWork<T>> works, Buffer<T> EpisodeWork<T>::*utilities,
                    agents::Tape<T> EpisodeWork<T>::*tape, nn::Workspace<T>& workspace) {
  ForwardPasses<T> passes;
  for (EpisodeWork<T>& work : works) {
    passes.push_back(
        {.inputs = work.inputs, .utilities = (work.*utilities).view(), .tape = &(work.*tape)});
  }
  agent.forward_together(context.online, passes.span(), works.front().unroll.rows_side_by_side(),
                         workspace);
}

// Utilities of a target network. By T9 they begin with the second slot.
template <class T>
void target_forward(const PassContext<T>& context, const agents::Agent<T>& agent,
                    std::span<EpisodeWork<T>> works, Buffer<T> EpisodeWork<T>::*utilities,
                    nn::Workspace<T>& workspace) {
  const Unroll& first = works.front().unroll;
  const Index skipped = context.config.target_skips_first_slot ? first.n_agents : 0;
  const bool is_cached = utilities == &EpisodeWork<T>::target_utilities;
  ForwardPasses<T> passes;
  for (EpisodeWork<T>& work : works) {
    if (is_cached && work.task->target_utilities.is_filled) continue;
    const Index n_rows = work.unroll.n_rows() - skipped;
    passes.push_back({.inputs = agents::rows(work.inputs, skipped, n_rows),
                      .utilities = (work.*utilities).view(skipped, n_rows),
                      .tape = context.network.joint != nullptr ? &work.target_tape : nullptr});
  }
  const Index n_rows = first.rows_side_by_side();
  const bool is_online = context.config.mistakes.target_agent_is_online;
  agent.forward_together(is_online ? context.online : context.target, passes.span(),
                         first.forgets ? n_rows - skipped : n_rows, workspace);
}

// Every agent network over all slots.
template <class T>
void agents_forward(const PassContext<T>& context, std::span<EpisodeWork<T>> works,
                    nn::Workspace<T>& workspace) {
  using Work = EpisodeWork<T>;
  const Network<T>& network = context.network;
  online_forward(context, *network.agent, works, &Work::utilities, &Work::tape, workspace);
  if (network.central_agent == nullptr) {
    return target_forward(context, *network.agent, works, &Work::target_utilities, workspace);
  }
  online_forward(context, *network.central_agent, works, &Work::central_utilities,
                 &Work::central_tape, workspace);
  target_forward(context, *network.central_agent, works, &Work::target_utilities, workspace);
  if (context.probe != nullptr) {
    target_forward(context, *network.agent, works, &Work::acting_target_utilities, workspace);
  }
}

template <class T>
void agents_backward(const PassContext<T>& context, std::span<EpisodeWork<T>> works,
                     nn::Workspace<T>& workspace) {
  const Network<T>& network = context.network;
  const Index n_rows = works.front().unroll.rows_side_by_side();
  BackwardPasses<T> passes;
  BackwardPasses<T> central;
  for (const EpisodeWork<T>& work : works) {
    passes.push_back({.inputs = work.inputs,
                      .d_utilities = work.d_utilities.const_view(),
                      .tape = &work.tape,
                      .gradient = work.task->gradient,
                      .d_hidden = work.d_hidden.const_view()});
    central.push_back({.inputs = work.inputs,
                       .d_utilities = work.d_central_utilities.const_view(),
                       .tape = &work.central_tape,
                       .gradient = work.task->gradient});
  }
  network.agent->backward_together(context.online, passes.span(), n_rows, workspace);
  if (network.central_agent != nullptr) {
    network.central_agent->backward_together(context.online, central.span(), n_rows, workspace);
  }
}

}  // namespace

template <class T>
void learn_episodes(const PassContext<T>& context, std::span<const EpisodeTask<T>> tasks,
                    PassMemory<T>& memory) {
  nn::Workspace<T>& workspace = memory.workspace;
  workspace.reset();
  const auto n_columns = [&](const EpisodeTask<T>& task) {
    return n_one_hot_columns(context.network.agent->config(), task.plan->n_steps + 1);
  };
  std::size_t n_all = 0;
  for (const EpisodeTask<T>& task : tasks) n_all += n_columns(task);
  memory.columns.resize(n_all);

  InlineVector<EpisodeWork<T>, agents::kMaxTogether> works;
  std::int32_t* columns = memory.columns.data();
  for (const EpisodeTask<T>& task : tasks) {
    works.push_back(begin(context, task, columns, workspace));
    columns += n_columns(task);
  }
  agents_forward(context, works.span(), workspace);
  for (const EpisodeWork<T>& work : works.span()) {
    context.network.objective->learn(context, work, workspace);
  }
  agents_backward(context, works.span(), workspace);
}

#define QTOT_INSTANTIATE(T)                                                               \
  template void learn_episodes<T>(const PassContext<T>&, std::span<const EpisodeTask<T>>, \
                                  PassMemory<T>&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
