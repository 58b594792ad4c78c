// CW-QMIX and OW-QMIX (Rashid et al., 2020, Weighted QMIX, sec. 4 and 5).
//
//   u*   the agents' greedy actions, of the online network that acts
//   y    the return of Q*, which the central target network says of u*
//   L  = mean (w (Q_tot(s, u) - y)^2) + c mean (Q*(s, u) - y)^2
//
//   OW   w = 1 where Q_tot(s, u) < y, else alpha
//   CW   w = 1 where u = u*, or y > Q*_target(s, u*), else alpha
//
// Neither y nor w has a gradient.
#include "learner/episode_targets.h"
#include "learner/objectives/loss.h"
#include "qtot/base/error.h"
#include "qtot/mixers/central.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::ConstMatView;
using math::Index;
using nn::Buffer;

// A mixer's way from the agents' values of the stored actions to a joint value and back.
template <class T>
struct Mixed {
  Buffer<T> agent_qs;  // [n_steps, N]
  Buffer<T> q;         // [n_steps, 1]
  Buffer<T> error;     // [n_steps, 1]
  Buffer<T> d_q;       // [n_steps, 1]
  mixers::Tape<T> tape;
};

template <class T>
Mixed<T> mix_stored(const PassContext<T>& context, const EpisodeWork<T>& work,
                    const mixers::Mixer<T>& mixer, Buffer<T> utilities, Buffer<T> states,
                    nn::Workspace<T>& workspace) {
  const auto n_steps = static_cast<Index>(work.plan().n_steps);
  Mixed<T> mixed = {.agent_qs = workspace.take(n_steps, work.unroll.n_agents),
                    .q = workspace.take(n_steps, 1),
                    .error = workspace.take(n_steps, 1),
                    .d_q = workspace.take(n_steps, 1),
                    .tape = {}};
  chosen_values(context, *work.plan().episode, utilities, mixed.agent_qs);
  mixer.forward(context.online,
                {.agent_qs = mixed.agent_qs.const_view(), .state = states.const_view(0, n_steps)},
                workspace, mixed.tape, mixed.q.view());
  return mixed;
}

template <class T>
Buffer<T> mix_back(const PassContext<T>& context, const EpisodeWork<T>& work,
                   const mixers::Mixer<T>& mixer, const Mixed<T>& mixed, Buffer<T> states,
                   Buffer<T> d_utilities, nn::Workspace<T>& workspace) {
  const Buffer<T> d_agent_qs = workspace.take(mixed.agent_qs.rows, mixed.agent_qs.cols);
  mixer.backward(
      context.online,
      {.agent_qs = mixed.agent_qs.const_view(), .state = states.const_view(0, mixed.q.rows)},
      workspace, mixed.tape, mixed.d_q.const_view(), d_agent_qs.view(), work.task->gradient);
  scatter_gradient(context, *work.plan().episode, d_agent_qs, d_utilities);
  return d_agent_qs;
}

template <class T>
SquaredErrors<T> errors_of(const Mixed<T>& mixed, Buffer<T> returns) {
  return {.estimate = mixed.q.const_view(),
          .target = returns.const_view(),
          .error = mixed.error.view(),
          .d_estimate = mixed.d_q.view()};
}

// Q*(s, u*) of the steps under the central target network, [n_steps, 1].
template <class T>
Buffer<T> greedy_central_values(const PassContext<T>& context, const EpisodeWork<T>& work,
                                const TargetInputs<T>& inputs, nn::Workspace<T>& workspace) {
  const core::Episode& episode = *work.plan().episode;
  const bool is_online =
      context.config.mistakes.weighting == Mistakes::Weighting::kComparesWithOnline;
  const Buffer<T> utilities = is_online ? work.central_utilities : work.target_utilities;
  const Buffer<T> agent_qs = workspace.take(inputs.greedy_qs.rows, inputs.greedy_qs.cols);
  for (Index t = 0; t < agent_qs.rows; ++t) {
    for (Index n = 0; n < agent_qs.cols; ++n) {
      const auto action = static_cast<Action>(inputs.greedy_actions.row(t)[n]);
      const bool masked = context.config.mask_target_qs &&
                          !is_available(episode, static_cast<int>(t), static_cast<int>(n), action);
      agent_qs.row(t)[n] =
          masked ? static_cast<T>(kUnavailableQ) : utilities.row(t * agent_qs.cols + n)[action];
    }
  }
  const Buffer<T> values = workspace.take(agent_qs.rows, 1);
  mixers::Tape<T> tape;
  context.network.central_mixer->forward(
      is_online ? context.online : context.target,
      {.agent_qs = agent_qs.const_view(), .state = inputs.states.const_view(0, agent_qs.rows)},
      workspace, tape, values.view());
  return values;
}

// 1 where every agent's stored action is its greedy one, [n_steps, 1].
template <class T>
Buffer<T> greedy_steps(const EpisodeWork<T>& work, const TargetInputs<T>& inputs,
                       nn::Workspace<T>& workspace) {
  const Buffer<T> is_greedy = workspace.take(inputs.greedy_qs.rows, 1);
  for (Index t = 0; t < is_greedy.rows; ++t) {
    bool all = true;
    for (Index n = 0; n < inputs.greedy_qs.cols; ++n) {
      const Action stored =
          stored_action(*work.plan().episode, static_cast<int>(t), static_cast<int>(n));
      all = all && stored == static_cast<Action>(inputs.greedy_actions.row(t)[n]);
    }
    is_greedy.data[t] = T(all ? 1 : 0);
  }
  return is_greedy;
}

// w of the steps, [n_steps, 1].
template <class T>
Buffer<T> weights_of(const PassContext<T>& context, const EpisodeWork<T>& work,
                     const TargetInputs<T>& inputs, Buffer<T> q_tot, Buffer<T> returns,
                     nn::Workspace<T>& workspace) {
  const LearnerConfig& config = context.config;
  const std::size_t position = work.task->position;
  const Buffer<T> weights = workspace.take(q_tot.rows, 1);
  Buffer<T> is_greedy;
  Buffer<T> greedy_values;
  if (!config.optimistic || context.probe != nullptr) {
    is_greedy = greedy_steps(work, inputs, workspace);
    greedy_values = greedy_central_values(context, work, inputs, workspace);
    record(context, "is_greedy", position, is_greedy.const_view());
    record(context, "greedy_central_q", position, greedy_values.const_view());
  }
  const bool is_swapped = config.mistakes.weighting == Mistakes::Weighting::kSwapped;
  for (Index t = 0; t < weights.rows; ++t) {
    const bool is_full = config.optimistic
                             ? q_tot.data[t] < returns.data[t]
                             : is_greedy.data[t] == T(1) || returns.data[t] > greedy_values.data[t];
    weights.data[t] = is_full != is_swapped ? T(1) : static_cast<T>(config.weight);
  }
  record(context, "weights", position, weights.const_view());
  return weights;
}

template <class T>
class WeightedTd final : public Objective<T> {
 public:
  void add_networks(const agents::AgentConfig& agent, const ObjectiveConfig& config,
                    Network<T>& network) const override {
    if (network.mixer->n_outputs() != 1 || network.mixer->reads_actions()) {
      throw Error(
          "objective = \"weighted_td\": needs a mixer that makes one joint value of the agents' "
          "values and the state, such as qmix; iql and qplex do not");
    }
    agents::AgentConfig central = agent;
    central.tensors = "central_agent";
    network.central_agent = agents::make_agent<T>(central, network.layout);
    network.central_mixer =
        mixers::make_central_ff<T>({.n_agents = agent.spec.n_agents,
                                    .state_dim = agent.spec.state_dim,
                                    .embed_dim = config.central_mixing_embed_dim,
                                    .orthogonal = config.orthogonal},
                                   network.layout);
  }

  void learn(const PassContext<T>& context, const EpisodeWork<T>& work,
             nn::Workspace<T>& workspace) const override {
    const Network<T>& network = context.network;
    const EpisodePlan& plan = work.plan();
    const std::size_t position = work.task->position;
    const auto n_steps = static_cast<Index>(plan.n_steps);
    record(context, "utilities", position, work.utilities.const_view());
    record(context, "target_utilities", position, work.acting_target_utilities.const_view());
    record(context, "central_utilities", position, work.central_utilities.const_view());
    record(context, "central_target_utilities", position, work.target_utilities.const_view());

    // the agents choose, the central target network says what that is worth
    const TargetInputs<T> inputs = {
        .target_utilities = work.target_utilities,
        .greedy_actions = workspace.take(work.unroll.n_slots, work.unroll.n_agents),
        .greedy_qs = workspace.take(n_steps, work.unroll.n_agents),
        .states = gather_states(*plan.episode, plan.n_steps + 1, workspace),
        .mixer = network.central_mixer.get()};
    greedy_values(context, plan, work.utilities, inputs);
    const Buffer<T> target_q = next_values(context, plan, inputs, workspace);
    const Buffer<T> returns = workspace.take(n_steps, 1);
    targets(context, plan, inputs, target_q, workspace, returns.view());
    record(context, "greedy_actions", position, inputs.greedy_actions.const_view());
    record(context, "target_q_tot", position, target_q.const_view());
    record(context, "returns", position, returns.const_view());

    // both joint values of the stored actions
    const Mixed<T> tot =
        mix_stored(context, work, *network.mixer, work.utilities, inputs.states, workspace);
    const Mixed<T> central = mix_stored(context, work, *network.central_mixer,
                                        work.central_utilities, inputs.states, workspace);
    record(context, "chosen_qs", position, tot.agent_qs.const_view());
    record(context, "q_tot", position, tot.q.const_view());
    record(context, "central_q", position, central.q.const_view());

    // loss
    const Buffer<T> weights = weights_of(context, work, inputs, tot.q, returns, workspace);
    SquaredErrors<T> errors = errors_of(tot, returns);
    errors.weights = weights.data;
    SquaredErrors<T> central_errors = errors_of(central, returns);
    central_errors.coefficient = context.config.central_loss;
    *work.task->sums = {.squared_error = squared_errors(context, plan, errors),
                        .squared_central = squared_errors(context, plan, central_errors)};
    add_figures(plan, errors, *work.task->sums);
    record_mask(context, plan, position, workspace);
    record(context, "td_error", position, tot.error.const_view());

    // back
    const Buffer<T> d_chosen_qs =
        mix_back(context, work, *network.mixer, tot, inputs.states, work.d_utilities, workspace);
    mix_back(context, work, *network.central_mixer, central, inputs.states,
             work.d_central_utilities, workspace);
    record(context, "d_q_tot", position, tot.d_q.const_view());
    record(context, "d_chosen_qs", position, d_chosen_qs.const_view());
  }
};

}  // namespace

template <class T>
const Objective<T>& weighted_td_objective() {
  static const WeightedTd<T> objective;
  return objective;
}

#define QTOT_INSTANTIATE(T) template const Objective<T>& weighted_td_objective<T>();
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
