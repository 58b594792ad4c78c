#include "learner/episode_targets.h"

#include <algorithm>

#include "learner/episode_returns.h"
#include "learner/mixed_actions.h"
#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::Index;
using nn::Buffer;

Index index(int n) {
  return static_cast<Index>(n);
}

// The slot whose values bootstrap row t is t + 1, unless by mistake.
template <class T>
int first_next_slot(const PassContext<T>& context) {
  return context.config.mistakes.values_of_own_slot ? 0 : 1;
}

// A target network's value of an action, [N] of slot `slot`.
template <class T>
T target_q(const PassContext<T>& context, const core::Episode& episode, int slot, int agent,
           Action action, const T* target_qs) {
  const bool masked = context.config.mask_target_qs && !is_available(episode, slot, agent, action);
  return masked ? static_cast<T>(kUnavailableQ) : target_qs[action];
}

// The action whose value under the target network is the greedy one: that of the online network with
// double Q (van Hasselt et al., 2016), without it the target network's own best.
template <class T>
Action target_action(const PassContext<T>& context, const core::Episode& episode, int slot,
                     int agent, Action online, const T* target_qs) {
  const Mistakes& mistakes = context.config.mistakes;
  return context.config.double_q
             ? online
             : greedy_action(target_qs, mistakes.ignores_avail || mistakes.target_ignores_avail,
                             episode, slot, agent);
}

template <class T>
T greedy_value(const PassContext<T>& context, const core::Episode& episode, int slot, int agent,
               Action online, const T* target_qs) {
  const Action best = target_action(context, episode, slot, agent, online, target_qs);
  return target_q(context, episode, slot, agent, best, target_qs);
}

// Fills row t with of(slot t + first_slot, agent, greedy action, target_qs), [n_steps, N].
template <class T, class Of>
Buffer<T> for_each_agent(const TargetInputs<T>& inputs, int first_slot, nn::Workspace<T>& workspace,
                         Of of) {
  const Buffer<T> values = workspace.take(inputs.greedy_qs.rows, inputs.greedy_qs.cols);
  for (Index t = 0; t < values.rows; ++t) {
    const Index slot = t + first_slot;
    for (Index n = 0; n < values.cols; ++n) {
      const T* const qs = inputs.target_utilities.row(slot * values.cols + n);
      const auto online = static_cast<Action>(inputs.greedy_actions.row(slot)[n]);
      values.row(t)[n] = of(static_cast<int>(slot), static_cast<int>(n), online, qs);
    }
  }
  return values;
}

template <class T>
Buffer<T> stored_values(const PassContext<T>& context, const core::Episode& episode,
                        const TargetInputs<T>& inputs, int first_slot,
                        nn::Workspace<T>& workspace) {
  return for_each_agent(inputs, first_slot, workspace, [&](int slot, int n, Action, const T* qs) {
    return target_q(context, episode, slot, n, stored_action(episode, slot, n), qs);
  });
}

// Whose values are mixed.
enum class Actions { kGreedy, kStored };

// Rows of slots from these on.
struct FirstSlots {
  Index values = 0;
  Index states = 0;
};

// What the target mixer makes of the agents' values, [rows, K].
template <class T>
Buffer<T> mix_targets(const PassContext<T>& context, const core::Episode& episode,
                      const TargetInputs<T>& inputs, Actions actions, Buffer<T> agent_qs,
                      FirstSlots first, nn::Workspace<T>& workspace, mixers::Tape<T>& tape) {
  const mixers::Mixer<T>& mixer = *inputs.mixer;
  const Mistakes& mistakes = context.config.mistakes;
  const Buffer<T> q_tot = workspace.take(agent_qs.rows, mixer.n_outputs());
  const auto action_of = [&](int slot, int n) {
    if (actions == Actions::kStored) return stored_action(episode, slot, n);
    const auto online = static_cast<Action>(inputs.greedy_actions.row(index(slot))[n]);
    const T* const qs = inputs.target_utilities.row(index(slot) * agent_qs.cols + n);
    return target_action(context, episode, slot, n, online, qs);
  };
  const mixers::MixerInputs<T> in = with_actions(
      mixer, episode, inputs.target_utilities, first.values, context.config, action_of, workspace,
      {.agent_qs = agent_qs.const_view(),
       .state = inputs.states.const_view(first.states, agent_qs.rows)});
  mixer.forward(mistakes.target_mixer_is_online ? context.online : context.target, in, workspace,
                tape, q_tot.view());
  return q_tot;
}

// The same of slot t + 1 in row t.
template <class T>
Buffer<T> mix_next(const PassContext<T>& context, const core::Episode& episode,
                   const TargetInputs<T>& inputs, Actions actions, Buffer<T> agent_qs,
                   nn::Workspace<T>& workspace, mixers::Tape<T>& tape) {
  const Mistakes& mistakes = context.config.mistakes;
  const bool is_own = mistakes.values_of_own_slot || mistakes.target_state_of_step;
  const FirstSlots first = {.values = first_next_slot(context), .states = is_own ? 0 : 1};
  return mix_targets(context, episode, inputs, actions, agent_qs, first, workspace, tape);
}

// Rewards of the loss rows, [n_steps, K]. PyMARL2's q_lambda (T2) adds V[t] - Q[t], the target
// network's values of the greedy and of the stored actions.
template <class T>
Buffer<T> rewards_of(const PassContext<T>& context, const EpisodePlan& plan,
                     const TargetInputs<T>& inputs, nn::Workspace<T>& workspace) {
  const core::Episode& episode = *plan.episode;
  const Index n_outputs = context.network.n_outputs();
  const Buffer<T> earned =
      gather_rewards<T>(episode, context.config, plan.n_steps, context.rewards, workspace);
  const Buffer<T> rewards = workspace.take(earned.rows, n_outputs);
  for (Index t = 0; t < rewards.rows; ++t) {
    std::fill_n(rewards.row(t), n_outputs, earned.data[t]);
  }
  if (!context.config.q_lambda) return rewards;
  const Buffer<T> greedy =
      for_each_agent(inputs, 0, workspace, [&](int slot, int n, Action online, const T* qs) {
        return greedy_value(context, episode, slot, n, online, qs);
      });
  const Buffer<T> stored = stored_values(context, episode, inputs, 0, workspace);
  mixers::Tape<T> tape;
  const auto mix = [&](Actions actions, Buffer<T> agent_qs) {
    return mix_targets(context, episode, inputs, actions, agent_qs, {}, workspace, tape);
  };
  const Buffer<T> v = mix(Actions::kGreedy, greedy);
  const Buffer<T> q = mix(Actions::kStored, stored);
  for (Index i = 0; i < rewards.rows * n_outputs; ++i) {
    rewards.data[i] = rewards.data[i] + v.data[i] - q.data[i];
  }
  return rewards;
}

int n_available(const core::Episode& episode, int slot, int agent) {
  int n = 0;
  for (Action a = 0; a < episode.spec().n_actions; ++a) {
    if (is_available(episode, slot, agent, a)) ++n;
  }
  return n;
}

// Expectation of an agent's value over the target policy: the greedy action, with probability
// target_epsilon one of the available ones, each as likely.
template <class T>
T expected_value(const PassContext<T>& context, const core::Episode& episode, int slot, int agent,
                 T greedy_q, const T* target_qs) {
  const int n = n_available(episode, slot, agent);
  if (n == 0) return greedy_q;
  T sum = 0;
  for (Action a = 0; a < episode.spec().n_actions; ++a) {
    if (is_available(episode, slot, agent, a)) sum = sum + target_qs[a];
  }
  const double epsilon = context.config.target_epsilon;
  return math::fma(static_cast<T>(epsilon), T(sum / static_cast<T>(n)),
                   T(static_cast<T>(1 - epsilon) * greedy_q));
}

// The probability of the stored action under that policy.
template <class T>
T probability(const PassContext<T>& context, const core::Episode& episode, int slot, int agent,
              Action online, const T* target_qs) {
  const Action best = target_action(context, episode, slot, agent, online, target_qs);
  const bool is_best = stored_action(episode, slot, agent) == best;
  const int n = n_available(episode, slot, agent);
  const double epsilon = context.config.target_epsilon;
  if (epsilon == 0 || n == 0) return T(is_best ? 1 : 0);
  const T explored = static_cast<T>(epsilon) / static_cast<T>(n);
  return is_best ? explored + static_cast<T>(1 - epsilon) : explored;
}

// What an agent's stored action contributes to the trace: pi, or pi / mu.
template <class T>
T trace_factor(const PassContext<T>& context, const core::Episode& episode, int slot, int agent,
               Action online, const T* target_qs) {
  const ReturnRule rule = context.config.returns;
  if (rule == ReturnRule::kHarutyunyan) return T(1);
  const T pi = probability(context, episode, slot, agent, online, target_qs);
  if (!weighs_by_behaviour(rule)) return pi;
  return pi / static_cast<T>(episode.mu(slot)[static_cast<std::size_t>(agent)]);
}

// c[t + 1] in row t, [n_steps, K]: for each agent where values stay apart, else of the joint action. None
// follows slot L.
template <class T>
Buffer<T> next_traces(const PassContext<T>& context, const EpisodePlan& plan,
                      const TargetInputs<T>& inputs, nn::Workspace<T>& workspace) {
  const core::Episode& episode = *plan.episode;
  const Buffer<T> factors = for_each_agent(
      inputs, first_next_slot(context), workspace,
      [&](int slot, int n, Action online, const T* qs) {
        return slot < episode.length() ? trace_factor(context, episode, slot, n, online, qs) : T(0);
      });
  const Buffer<T> traces = workspace.take(factors.rows, context.network.n_outputs());
  const bool is_joint = traces.cols == 1;
  const bool is_clipped = context.config.returns == ReturnRule::kRetrace;
  for (Index t = 0; t < traces.rows; ++t) {
    for (Index k = 0; k < traces.cols; ++k) {
      T product = 1;
      for (Index n = 0; n < factors.cols; ++n) {
        if (is_joint || n == k) product = product * factors.row(t)[n];
      }
      if (is_clipped && product > 1) product = 1;
      traces.row(t)[k] = static_cast<T>(context.config.td_lambda) * product;
    }
  }
  return traces;
}

}  // namespace

template <class T>
void greedy_values(const PassContext<T>& context, const EpisodePlan& plan, Buffer<T> utilities,
                   const TargetInputs<T>& inputs) {
  const core::Episode& episode = *plan.episode;
  const Index n_agents = inputs.greedy_qs.cols;
  const int next = first_next_slot(context);
  for (int slot = 0; slot <= plan.n_steps; ++slot) {
    for (int n = 0; n < episode.spec().n_agents; ++n) {
      const Index row = index(slot) * n_agents + index(n);
      const Action online = greedy_action(utilities.row(row), context.config.mistakes.ignores_avail,
                                          episode, slot, n);
      inputs.greedy_actions.row(index(slot))[n] = static_cast<T>(online);
      if (slot < next || slot - next >= plan.n_steps) continue;
      inputs.greedy_qs.row(index(slot - next))[n] =
          greedy_value(context, episode, slot, n, online, inputs.target_utilities.row(row));
    }
  }
}

template <class T>
Buffer<T> next_values(const PassContext<T>& context, const EpisodePlan& plan,
                      const TargetInputs<T>& inputs, nn::Workspace<T>& workspace,
                      mixers::Tape<T>* tape) {
  const core::Episode& episode = *plan.episode;
  const int first = first_next_slot(context);
  const bool follows = context.config.returns == ReturnRule::kSarsa;
  Buffer<T> agent_qs = inputs.greedy_qs;
  if (follows) {
    agent_qs = stored_values(context, episode, inputs, first, workspace);
  } else if (context.config.target_epsilon > 0) {
    agent_qs = for_each_agent(inputs, first, workspace, [&](int slot, int n, Action, const T* qs) {
      const T greedy_q = inputs.greedy_qs.row(index(slot - first))[n];
      return expected_value(context, episode, slot, n, greedy_q, qs);
    });
  }
  mixers::Tape<T> own;
  return mix_next(context, episode, inputs, follows ? Actions::kStored : Actions::kGreedy, agent_qs,
                  workspace, tape == nullptr ? own : *tape);
}

template <class T>
void targets(const PassContext<T>& context, const EpisodePlan& plan, const TargetInputs<T>& inputs,
             Buffer<T> target_q_tot, nn::Workspace<T>& workspace, math::MatView<T> returns) {
  const Buffer<T> rewards = rewards_of(context, plan, inputs, workspace);
  Buffer<T> next_qs;
  Buffer<T> traces;
  if (is_corrected(context.config.returns)) {
    const Buffer<T> stored =
        stored_values(context, *plan.episode, inputs, first_next_slot(context), workspace);
    mixers::Tape<T> tape;
    next_qs = mix_next(context, *plan.episode, inputs, Actions::kStored, stored, workspace, tape);
    traces = next_traces(context, plan, inputs, workspace);
  }
  episode_returns<T>(context.config, plan,
                     {.rewards = rewards.const_view(),
                      .next_values = target_q_tot.const_view(),
                      .next_qs = next_qs.const_view(),
                      .next_traces = traces.const_view()},
                     returns);
}

#define QTOT_INSTANTIATE(T)                                                                       \
  template void greedy_values<T>(const PassContext<T>&, const EpisodePlan&, Buffer<T>,            \
                                 const TargetInputs<T>&);                                         \
  template Buffer<T> next_values<T>(const PassContext<T>&, const EpisodePlan&,                    \
                                    const TargetInputs<T>&, nn::Workspace<T>&, mixers::Tape<T>*); \
  template void targets<T>(const PassContext<T>&, const EpisodePlan&, const TargetInputs<T>&,     \
                           Buffer<T>, nn::Workspace<T>&, math::MatView<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
