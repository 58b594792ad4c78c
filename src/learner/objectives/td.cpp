// Double Q-learning on the mixed value (van Hasselt et al., 2016; Rashid et al., 2018, eq. 6).
//
//   L = mean over valid steps of (Q_tot(s, q(u)) - y)^2      y: learner/episode_targets.h
#include "learner/episode_targets.h"
#include "learner/mixed_actions.h"
#include "learner/objectives/loss.h"

namespace qtot::learner {
namespace {

using math::Index;
using nn::Buffer;

// What mixers tell of their values, where they do.
template <class T>
void record_parts(const PassContext<T>& context, std::size_t position,
                  const mixers::MixerInputs<T>& mixed, const mixers::Tape<T>& tape,
                  const mixers::Tape<T>& target_tape) {
  if (tape.value_part.data == nullptr) return;
  record(context, "best_qs", position, mixed.best_qs);
  record(context, "value_part", position, tape.value_part.const_view());
  record(context, "advantage_part", position, tape.advantage_part.const_view());
  record(context, "target_value_part", position, target_tape.value_part.const_view());
  record(context, "target_advantage_part", position, target_tape.advantage_part.const_view());
}

// The mixer's own part of the loss: its sum over the episode's steps.
template <class T>
math::Sum<T> regularise(const PassContext<T>& context, const EpisodeWork<T>& work, Buffer<T> states,
                        nn::Workspace<T>& workspace) {
  const mixers::Mixer<T>& mixer = *context.network.mixer;
  const RowSet& rows = work.plan().regularised;
  if (!mixer.is_regularised() || rows.size() == 0) return 0;
  return mixer.add_regulariser(
      context.online, states.const_view(rows.first, static_cast<Index>(rows.end - rows.first)),
      static_cast<T>(context.d_regulariser), workspace, work.task->gradient);
}

template <class T>
class Td final : public Objective<T> {
 public:
  void learn(const PassContext<T>& context, const EpisodeWork<T>& work,
             nn::Workspace<T>& workspace) const override {
    const Network<T>& network = context.network;
    const EpisodePlan& plan = work.plan();
    const core::Episode& episode = *plan.episode;
    const std::size_t position = work.task->position;
    const auto n_steps = static_cast<Index>(plan.n_steps);
    const Index n_outputs = network.mixer->n_outputs();
    record(context, "utilities", position, work.utilities.const_view());
    record(context, "target_utilities", position, work.target_utilities.const_view());

    // values of the stored and of the greedy actions
    const Buffer<T> chosen_qs = workspace.take(n_steps, work.unroll.n_agents);
    const TargetInputs<T> inputs = {
        .target_utilities = work.target_utilities,
        .greedy_actions = workspace.take(work.unroll.n_slots, work.unroll.n_agents),
        .greedy_qs = workspace.take(n_steps, work.unroll.n_agents),
        .states = gather_states(episode, plan.n_steps + 1, workspace),
        .mixer = network.mixer.get()};
    chosen_values(context, episode, work.utilities, chosen_qs);
    greedy_values(context, plan, work.utilities, inputs);
    record(context, "greedy_actions", position, inputs.greedy_actions.const_view());
    record(context, "chosen_qs", position, chosen_qs.const_view());
    record(context, "greedy_qs", position, inputs.greedy_qs.const_view());

    // joint values: of slots 0 .. n - 1 online, of slots 1 .. n under the target network
    const auto action_of = [&](int slot, int n) { return stored_action(episode, slot, n); };
    const mixers::MixerInputs<T> mixed = with_actions(
        *network.mixer, episode, work.utilities, Index{0}, context.config, action_of, workspace,
        {.agent_qs = chosen_qs.const_view(), .state = inputs.states.const_view(0, n_steps)});
    const Buffer<T> q_tot = workspace.take(n_steps, n_outputs);
    mixers::Tape<T> mixer_tape;
    mixers::Tape<T> target_tape;
    network.mixer->forward(context.online, mixed, workspace, mixer_tape, q_tot.view());
    const Buffer<T> target_q_tot = next_values(context, plan, inputs, workspace, &target_tape);
    record_parts(context, position, mixed, mixer_tape, target_tape);
    record(context, "q_tot", position, q_tot.const_view());
    record(context, "target_q_tot", position, target_q_tot.const_view());

    // targets and loss
    const Buffer<T> returns = workspace.take(n_steps, n_outputs);
    const Buffer<T> td_error = workspace.take(n_steps, n_outputs);
    const Buffer<T> d_q_tot = workspace.take(n_steps, n_outputs);
    targets(context, plan, inputs, target_q_tot, workspace, returns.view());
    const SquaredErrors<T> errors = {.estimate = q_tot.const_view(),
                                     .target = returns.const_view(),
                                     .error = td_error.view(),
                                     .d_estimate = d_q_tot.view()};
    *work.task->sums = {.squared_error = squared_errors(context, plan, errors)};
    add_figures(plan, errors, *work.task->sums);
    record(context, "returns", position, returns.const_view());
    record_mask(context, plan, position, workspace);
    record(context, "td_error", position, td_error.const_view());

    // back through the mixer and the choice of the action
    const Buffer<T> d_chosen_qs = workspace.take(n_steps, work.unroll.n_agents);
    network.mixer->backward(context.online, mixed, workspace, mixer_tape, d_q_tot.const_view(),
                            d_chosen_qs.view(), work.task->gradient);
    work.task->sums->regulariser = regularise(context, work, inputs.states, workspace);
    scatter_gradient(context, episode, d_chosen_qs, work.d_utilities);
    record(context, "d_q_tot", position, d_q_tot.const_view());
    record(context, "d_chosen_qs", position, d_chosen_qs.const_view());
  }
};

}  // namespace

template <class T>
const Objective<T>& td_objective() {
  static const Td<T> objective;
  return objective;
}

#define QTOT_INSTANTIATE(T) template const Objective<T>& td_objective<T>();
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
