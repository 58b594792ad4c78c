#include "learner/episode_pass.h"

#include <algorithm>

#include "learner/episode_targets.h"
#include "qtot/base/check.h"
#include "qtot/base/inline_vector.h"
#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::ConstMatView;
using math::Index;
using math::MatView;
using nn::Buffer;

Index index(int n) {
  return static_cast<Index>(n);
}

template <class T>
void record(const PassContext<T>& context, std::string_view name, std::size_t position,
            ConstMatView<T> value) {
  if (context.probe != nullptr) context.probe->episode(name, position, value);
}

// What the slots of an episode are to the agents: N rows a slot that share one hidden state each, or,
// where the hidden state is forgotten, one slot of many rows.
struct Unroll {
  Index n_slots = 0;
  Index n_agents = 0;
  bool forgets = false;

  Index n_rows() const { return n_slots * n_agents; }
  Index rows_side_by_side() const { return forgets ? n_rows() : n_agents; }
  Index rows_with_gradient(Index n_steps) const { return forgets ? n_rows() : n_steps * n_agents; }
};

// Q of the stored actions, [n_steps, N]
template <class T>
void chosen_values(const PassContext<T>& context, const core::Episode& episode, Buffer<T> utilities,
                   Buffer<T> chosen_qs) {
  for (Index t = 0; t < chosen_qs.rows; ++t) {
    for (Index n = 0; n < chosen_qs.cols; ++n) {
      const int slot = static_cast<int>(t);
      const int agent = static_cast<int>(n);
      const Action action = stored_action(episode, slot, agent);
      const bool masked =
          context.config.mask_online_qs && !is_available(episode, slot, agent, action);
      chosen_qs.row(t)[n] =
          masked ? static_cast<T>(kUnavailableQ) : utilities.row(t * chosen_qs.cols + n)[action];
    }
  }
}

// dL/dutilities from dL/dchosen_qs: the gather of chosen_values() backwards
template <class T>
void scatter_gradient(const PassContext<T>& context, const core::Episode& episode,
                      Buffer<T> d_chosen_qs, Buffer<T> d_utilities) {
  for (Index t = 0; t < d_chosen_qs.rows; ++t) {
    for (Index n = 0; n < d_chosen_qs.cols; ++n) {
      const int slot = static_cast<int>(t);
      const int agent = static_cast<int>(n);
      const Action action = stored_action(episode, slot, agent);
      if (context.config.mask_online_qs && !is_available(episode, slot, agent, action)) continue;
      d_utilities.row(t * d_chosen_qs.cols + n)[action] = d_chosen_qs.row(t)[n];
    }
  }
}

// td_error = q_tot - returns on valid rows, 0 elsewhere, and d_q_tot = factor * td_error
template <class T>
EpisodeSums<T> errors_of(const PassContext<T>& context, const EpisodePlan& plan,
                         ConstMatView<T> q_tot, ConstMatView<T> returns, MatView<T> td_error,
                         MatView<T> d_q_tot) {
  using Sum = math::Sum<T>;
  const Sum weight = plan.weight;
  const T factor = static_cast<T>(context.d_loss_factor * weight);
  EpisodeSums<T> sums;
  td_error.setZero();
  d_q_tot.setZero();
  for (Index t = 0; t < index(plan.n_steps); ++t) {
    if (!plan.loss.contains(static_cast<int>(t))) continue;
    for (Index k = 0; k < q_tot.cols(); ++k) {
      const T error = q_tot(t, k) - returns(t, k);
      td_error(t, k) = error;
      d_q_tot(t, k) = factor * error;
      const Sum wide = static_cast<Sum>(error);
      sums.squared_error = math::fma(wide, wide, sums.squared_error);
      sums.abs_error += math::abs(wide);
      sums.q_taken += static_cast<Sum>(q_tot(t, k));
      sums.target += static_cast<Sum>(returns(t, k));
    }
  }
  sums.squared_error = sums.squared_error * weight;
  return sums;
}

template <class T>
void record_mask(const PassContext<T>& context, const EpisodePlan& plan, std::size_t position,
                 nn::Workspace<T>& workspace) {
  if (context.probe == nullptr) return;
  const Buffer<T> mask = workspace.take_zero(index(plan.n_steps), 1);
  for (int t = 0; t < plan.n_steps; ++t) mask.data[t] = T(plan.mask.contains(t) ? 1 : 0);
  record(context, "mask", position, mask.const_view());
}

// One episode on its way through the pass.
template <class T>
struct Work {
  const EpisodeTask<T>* task = nullptr;
  Unroll unroll;
  agents::Inputs<T> inputs;    // n_slots * N rows
  Buffer<T> utilities;         // [n_slots * N, A]
  Buffer<T> target_utilities;  // [n_slots * N, A]
  Buffer<T> d_utilities;       // [n_steps * N, A]
  agents::Tape<T> tape;

  const EpisodePlan& plan() const { return *task->plan; }
};

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
Work<T> begin(const PassContext<T>& context, const EpisodeTask<T>& task, std::int32_t* columns,
              nn::Workspace<T>& workspace) {
  const EpisodePlan& plan = *task.plan;
  const agents::Agent<T>& agent = *context.network.agent;
  const int n_slots = plan.n_steps + 1;
  const Unroll unroll{.n_slots = index(n_slots),
                      .n_agents = index(plan.episode->spec().n_agents),
                      .forgets = context.config.mistakes.forgets_hidden};
  return {
      .task = &task,
      .unroll = unroll,
      .inputs = gather_inputs<T>(agent.config(), context.config, *plan.episode, n_slots, workspace,
                                 {columns, n_one_hot_columns(agent.config(), n_slots)}),
      .utilities = workspace.take(unroll.n_rows(), agent.n_actions()),
      .target_utilities =
          place_of_target_utilities(task, unroll.n_rows(), agent.n_actions(), workspace),
      .d_utilities =
          workspace.take_zero(unroll.rows_with_gradient(index(plan.n_steps)), agent.n_actions()),
      .tape = {}};
}

template <class T>
using ForwardPasses = InlineVector<agents::ForwardPass<T>, agents::kMaxTogether>;
template <class T>
using BackwardPasses = InlineVector<agents::BackwardPass<T>, agents::kMaxTogether>;

// Utilities of both networks over all slots. By T9 the target network's begin with the second one.
template <class T>
void agents_forward(const PassContext<T>& context, std::span<Work<T>> works,
                    nn::Workspace<T>& workspace) {
  const agents::Agent<T>& agent = *context.network.agent;
  const Unroll& first = works.front().unroll;
  const Index skipped = context.config.target_skips_first_slot ? first.n_agents : 0;
  ForwardPasses<T> online;
  ForwardPasses<T> target;
  for (Work<T>& work : works) {
    const Index n_rows = work.unroll.n_rows() - skipped;
    online.push_back(
        {.inputs = work.inputs, .utilities = work.utilities.view(), .tape = &work.tape});
    if (work.task->target_utilities.is_filled) continue;
    target.push_back({.inputs = agents::rows(work.inputs, skipped, n_rows),
                      .utilities = work.target_utilities.view(skipped, n_rows)});
  }
  const Index n_rows = first.rows_side_by_side();
  agent.forward_together(context.online, online.span(), n_rows, workspace);
  const bool is_online = context.config.mistakes.target_agent_is_online;
  agent.forward_together(is_online ? context.online : context.target, target.span(),
                         first.forgets ? n_rows - skipped : n_rows, workspace);
}

template <class T>
void agents_backward(const PassContext<T>& context, std::span<Work<T>> works,
                     nn::Workspace<T>& workspace) {
  BackwardPasses<T> passes;
  for (const Work<T>& work : works) {
    passes.push_back({.inputs = work.inputs,
                      .d_utilities = work.d_utilities.const_view(),
                      .tape = &work.tape,
                      .gradient = work.task->gradient});
  }
  context.network.agent->backward_together(context.online, passes.span(),
                                           works.front().unroll.rows_side_by_side(), workspace);
}

// From the utilities to the loss, and back to dL/dutilities.
template <class T>
void joint_pass(const PassContext<T>& context, const Work<T>& work, nn::Workspace<T>& workspace) {
  const Network<T>& network = context.network;
  const EpisodePlan& plan = work.plan();
  const core::Episode& episode = *plan.episode;
  const std::size_t position = work.task->position;
  const Index n_steps = index(plan.n_steps);
  const Index n_outputs = network.mixer->n_outputs();
  record(context, "utilities", position, work.utilities.const_view());
  record(context, "target_utilities", position, work.target_utilities.const_view());

  // values of the stored and of the greedy actions
  const Buffer<T> chosen_qs = workspace.take(n_steps, work.unroll.n_agents);
  const TargetInputs<T> inputs = {
      .target_utilities = work.target_utilities,
      .greedy_actions = workspace.take(work.unroll.n_slots, work.unroll.n_agents),
      .greedy_qs = workspace.take(n_steps, work.unroll.n_agents),
      .states = gather_states(episode, plan.n_steps + 1, workspace)};
  chosen_values(context, episode, work.utilities, chosen_qs);
  greedy_values(context, plan, work.utilities, inputs);
  record(context, "greedy_actions", position, inputs.greedy_actions.const_view());
  record(context, "chosen_qs", position, chosen_qs.const_view());
  record(context, "greedy_qs", position, inputs.greedy_qs.const_view());

  // joint values: of slots 0 .. n - 1 online, of slots 1 .. n under the target network
  const ConstMatView<T> states = inputs.states.const_view(0, n_steps);
  const Buffer<T> q_tot = workspace.take(n_steps, n_outputs);
  mixers::Tape<T> mixer_tape;
  network.mixer->forward(context.online, chosen_qs.const_view(), states, workspace, mixer_tape,
                         q_tot.view());
  const Buffer<T> target_q_tot = next_values(context, plan, inputs, workspace);
  record(context, "q_tot", position, q_tot.const_view());
  record(context, "target_q_tot", position, target_q_tot.const_view());

  // targets and loss
  const Buffer<T> returns = workspace.take(n_steps, n_outputs);
  const Buffer<T> td_error = workspace.take(n_steps, n_outputs);
  const Buffer<T> d_q_tot = workspace.take(n_steps, n_outputs);
  targets(context, plan, inputs, target_q_tot, workspace, returns.view());
  *work.task->sums = errors_of(context, plan, q_tot.const_view(), returns.const_view(),
                               td_error.view(), d_q_tot.view());
  record(context, "returns", position, returns.const_view());
  record_mask(context, plan, position, workspace);
  record(context, "td_error", position, td_error.const_view());

  // back through the mixer and the choice of the action
  const Buffer<T> d_chosen_qs = workspace.take(n_steps, work.unroll.n_agents);
  network.mixer->backward(context.online, chosen_qs.const_view(), states, workspace, mixer_tape,
                          d_q_tot.const_view(), d_chosen_qs.view(), work.task->gradient);
  scatter_gradient(context, episode, d_chosen_qs, work.d_utilities);
  record(context, "d_q_tot", position, d_q_tot.const_view());
  record(context, "d_chosen_qs", position, d_chosen_qs.const_view());
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

  InlineVector<Work<T>, agents::kMaxTogether> works;
  std::int32_t* columns = memory.columns.data();
  for (const EpisodeTask<T>& task : tasks) {
    works.push_back(begin(context, task, columns, workspace));
    columns += n_columns(task);
  }
  agents_forward(context, works.span(), workspace);
  for (const Work<T>& work : works.span()) joint_pass(context, work, workspace);
  agents_backward(context, works.span(), workspace);
}

#define QTOT_INSTANTIATE(T)                                                               \
  template void learn_episodes<T>(const PassContext<T>&, std::span<const EpisodeTask<T>>, \
                                  PassMemory<T>&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
