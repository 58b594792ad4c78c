#include "learner/episode_pass.h"

#include <algorithm>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/check.h"
#include "qtot/learner/returns.h"
#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::ConstMatView;
using math::Index;
using math::MatView;
using nn::Buffer;

constexpr double kUnavailableQ = -9999999;  // PyMARL's constant; exact in float

Index index(int n) {
  return static_cast<Index>(n);
}

template <class T>
void record(const PassContext<T>& context, std::string_view name, std::size_t position,
            ConstMatView<T> value) {
  if (context.probe != nullptr) context.probe->episode(name, position, value);
}

// [n_slots * N, X]; beyond the episode's last slot everything seen is zero
template <class T>
Buffer<T> gather_inputs(const agents::AgentConfig& config, const core::Episode& episode,
                        int n_slots, nn::Workspace<T>& workspace) {
  const Index n_agents = index(config.spec.n_agents);
  const Buffer<T> inputs = workspace.take(index(n_slots) * n_agents, agents::input_dim(config));
  const int n_seen = std::min(n_slots, episode.n_slots());
  for (int slot = 0; slot < n_seen; ++slot) {
    const auto last = slot > 0 ? episode.actions(slot - 1) : std::span<const Action>{};
    agents::write_inputs<T>(config, episode.obs(slot), last,
                            inputs.view(index(slot) * n_agents, n_agents));
  }
  if (n_seen == n_slots) return inputs;
  std::vector<float> nothing(static_cast<std::size_t>(n_agents * index(config.spec.obs_dim)), 0.0F);
  for (int slot = n_seen; slot < n_slots; ++slot) {
    const auto last =
        slot == episode.n_slots() ? episode.actions(slot - 1) : std::span<const Action>{};
    agents::write_inputs<T>(config, nothing, last, inputs.view(index(slot) * n_agents, n_agents));
  }
  return inputs;
}

// [n_slots, S]
template <class T>
Buffer<T> gather_states(const core::Episode& episode, int n_slots, nn::Workspace<T>& workspace) {
  const Buffer<T> states = workspace.take_zero(index(n_slots), index(episode.spec().state_dim));
  for (int slot = 0; slot < std::min(n_slots, episode.n_slots()); ++slot) {
    std::ranges::transform(episode.state(slot), states.row(index(slot)),
                           [](float value) { return static_cast<T>(value); });
  }
  return states;
}

bool is_available(const core::Episode& episode, int slot, int agent, Action action) {
  return slot < episode.n_slots() && episode.is_available(slot, agent, action);
}

Action stored_action(const core::Episode& episode, int slot, int agent) {
  return slot < episode.n_slots() ? episode.actions(slot)[static_cast<std::size_t>(agent)] : 0;
}

// The greedy values of slots 1 .. n_steps under the target network, [n_steps, N]: of the online
// network's greedy action with double Q (van Hasselt et al., 2016), of its own best without.
template <class T>
void greedy_values(const PassContext<T>& context, const EpisodePlan& plan, Buffer<T> online_qs,
                   Buffer<T> target_qs, MatView<T> greedy_qs, MatView<T> greedy_actions) {
  const core::Episode& episode = *plan.episode;
  const int n_agents = episode.spec().n_agents;
  for (int slot = 0; slot <= plan.n_steps; ++slot) {
    for (int n = 0; n < n_agents; ++n) {
      const Index row = index(slot) * index(n_agents) + index(n);
      const Action online = agents::greedy_action(online_qs.row(row), episode, slot, n);
      greedy_actions(index(slot), index(n)) = static_cast<T>(online);
      if (slot == 0) continue;
      const Action best = context.config.double_q
                              ? online
                              : agents::greedy_action(target_qs.row(row), episode, slot, n);
      const bool masked = context.config.mask_target_qs && !is_available(episode, slot, n, best);
      greedy_qs(index(slot) - 1, index(n)) =
          masked ? static_cast<T>(kUnavailableQ) : target_qs.row(row)[best];
    }
  }
}

template <class T>
void targets_of(const PassContext<T>& context, const EpisodePlan& plan, nn::Workspace<T>& workspace,
                ConstMatView<T> target_q_tot, MatView<T> returns) {
  // a fictitious step (M1) has reward 0
  const Buffer<T> rewards = workspace.take_zero(1, index(plan.n_valid));
  std::ranges::transform(plan.episode->rewards(), rewards.data,
                         [](float value) { return static_cast<T>(value); });
  const int n = plan.n_return_steps;
  const std::span<const T> earned(rewards.data,
                                  static_cast<std::size_t>(std::min(n, plan.n_valid)));
  lambda_returns<T>(earned, math::rows(target_q_tot, 0, index(n)), plan.bootstrap,
                    ReturnWeights<T>::from(context.config.gamma, context.config.td_lambda),
                    math::rows(returns, 0, index(n)));
  // the recursion ended with the episode: the fictitious step stands alone
  const T gamma = static_cast<T>(context.config.gamma);
  for (Index t = index(n); t < returns.rows(); ++t) {
    for (Index k = 0; k < returns.cols(); ++k) returns(t, k) = gamma * target_q_tot(t, k);
  }
}

// td_error = q_tot - returns on valid rows, 0 elsewhere, and d_q_tot = factor * td_error
template <class T>
EpisodeSums errors_of(const EpisodePlan& plan, T factor, ConstMatView<T> q_tot,
                      ConstMatView<T> returns, MatView<T> td_error, MatView<T> d_q_tot) {
  EpisodeSums sums;
  td_error.setZero();
  d_q_tot.setZero();
  for (Index t = 0; t < index(plan.n_valid); ++t) {
    for (Index k = 0; k < q_tot.cols(); ++k) {
      const T error = q_tot(t, k) - returns(t, k);
      td_error(t, k) = error;
      d_q_tot(t, k) = factor * error;
      const double wide = static_cast<double>(error);
      sums.squared_error = math::fma(wide, wide, sums.squared_error);
      sums.abs_error += math::abs(wide);
      sums.q_taken += static_cast<double>(q_tot(t, k));
      sums.target += static_cast<double>(returns(t, k));
    }
  }
  return sums;
}

template <class T>
void record_mask(const PassContext<T>& context, const EpisodePlan& plan, std::size_t position,
                 nn::Workspace<T>& workspace) {
  if (context.probe == nullptr) return;
  const Buffer<T> mask = workspace.take_zero(index(plan.n_steps), 1);
  std::fill_n(mask.data, plan.n_valid, T(1));
  record(context, "mask", position, mask.const_view());
}

}  // namespace

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config) {
  const int length = episode.length();
  const bool terminated = episode.terminated() || config.time_limit_is_terminal;
  EpisodePlan plan{.episode = &episode,
                   .n_steps = length,
                   .n_return_steps = length,
                   .n_valid = length,
                   .bootstrap = !terminated};
  if (terminated || length == longest) return plan;
  if (config.pymarl_padding_mask) {
    plan.n_valid = length + 1;
    plan.n_steps = length + 1;
  }
  if (config.lambda_from_batch_end) {
    plan.n_steps = longest;
    plan.n_return_steps = longest;
  }
  return plan;
}

template <class T>
EpisodeSums learn_episode(const PassContext<T>& context, const EpisodePlan& plan,
                          std::size_t position, nn::Workspace<T>& workspace, T* gradient) {
  const auto& [network, config, online, target, d_loss_factor, probe] = context;
  const core::Episode& episode = *plan.episode;
  const int n_slots = plan.n_steps + 1;
  const Index n_agents = index(episode.spec().n_agents);
  const Index n_actions = index(episode.spec().n_actions);
  const Index n_steps = index(plan.n_steps);
  const Index n_outputs = network.mixer->n_outputs();
  workspace.reset();

  // utilities of both networks over all slots
  const Buffer<T> inputs = gather_inputs(network.agent->config(), episode, n_slots, workspace);
  const Buffer<T> utilities = workspace.take(inputs.rows, n_actions);
  const Buffer<T> target_utilities = workspace.take(inputs.rows, n_actions);
  agents::Tape<T> agent_tape;
  agents::Tape<T> target_agent_tape;
  network.agent->forward(online, inputs.const_view(), n_agents, nullptr, workspace, agent_tape,
                         utilities.view());
  network.agent->forward(target, inputs.const_view(), n_agents, nullptr, workspace,
                         target_agent_tape, target_utilities.view());
  record(context, "utilities", position, utilities.const_view());
  record(context, "target_utilities", position, target_utilities.const_view());

  // values of the stored and of the greedy actions
  const Buffer<T> chosen_qs = workspace.take(n_steps, n_agents);
  const Buffer<T> greedy_qs = workspace.take(n_steps, n_agents);
  const Buffer<T> greedy_actions = workspace.take(index(n_slots), n_agents);
  for (Index t = 0; t < n_steps; ++t) {
    for (Index n = 0; n < n_agents; ++n) {
      const Action action = stored_action(episode, static_cast<int>(t), static_cast<int>(n));
      chosen_qs.row(t)[n] = utilities.row(t * n_agents + n)[action];
    }
  }
  greedy_values(context, plan, utilities, target_utilities, greedy_qs.view(),
                greedy_actions.view());
  record(context, "greedy_actions", position, greedy_actions.const_view());
  record(context, "chosen_qs", position, chosen_qs.const_view());
  record(context, "greedy_qs", position, greedy_qs.const_view());

  // joint values: of slots 0 .. n - 1 online, of slots 1 .. n under the target network
  const Buffer<T> states = gather_states(episode, n_slots, workspace);
  const Buffer<T> q_tot = workspace.take(n_steps, n_outputs);
  const Buffer<T> target_q_tot = workspace.take(n_steps, n_outputs);
  mixers::Tape<T> mixer_tape;
  mixers::Tape<T> target_mixer_tape;
  network.mixer->forward(online, chosen_qs.const_view(), states.const_view(0, n_steps), workspace,
                         mixer_tape, q_tot.view());
  network.mixer->forward(target, greedy_qs.const_view(), states.const_view(1, n_steps), workspace,
                         target_mixer_tape, target_q_tot.view());
  record(context, "q_tot", position, q_tot.const_view());
  record(context, "target_q_tot", position, target_q_tot.const_view());

  // targets and loss
  const Buffer<T> returns = workspace.take(n_steps, n_outputs);
  const Buffer<T> td_error = workspace.take(n_steps, n_outputs);
  const Buffer<T> d_q_tot = workspace.take(n_steps, n_outputs);
  targets_of(context, plan, workspace, target_q_tot.const_view(), returns.view());
  const EpisodeSums sums = errors_of(plan, d_loss_factor, q_tot.const_view(), returns.const_view(),
                                     td_error.view(), d_q_tot.view());
  record(context, "returns", position, returns.const_view());
  record_mask(context, plan, position, workspace);
  record(context, "td_error", position, td_error.const_view());

  // back through the mixer, the choice of the action, and the agents
  const Buffer<T> d_chosen_qs = workspace.take(n_steps, n_agents);
  const Buffer<T> d_utilities = workspace.take_zero(n_steps * n_agents, n_actions);
  network.mixer->backward(online, chosen_qs.const_view(), states.const_view(0, n_steps), workspace,
                          mixer_tape, d_q_tot.const_view(), d_chosen_qs.view(), gradient);
  for (Index t = 0; t < n_steps; ++t) {
    for (Index n = 0; n < n_agents; ++n) {
      const Action action = stored_action(episode, static_cast<int>(t), static_cast<int>(n));
      d_utilities.row(t * n_agents + n)[action] = d_chosen_qs.row(t)[n];
    }
  }
  network.agent->backward(online, inputs.const_view(), n_agents, workspace, agent_tape,
                          d_utilities.const_view(), gradient);
  return sums;
}

#define QTOT_INSTANTIATE(T)                                                                     \
  template EpisodeSums learn_episode<T>(const PassContext<T>&, const EpisodePlan&, std::size_t, \
                                        nn::Workspace<T>&, T*);
QTOT_INSTANTIATE(float)
QTOT_INSTANTIATE(double)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
