// QTRAN-alt (Son et al., 2019, sec. 4.3): a counterfactual joint value for each agent i. [.] has no
// gradient; u_-i are the other agents' actions.
//
//   td_i   = Q_jt,i(s, u_i, u_-i) - [y_i]                       y_i: the return of Q_jt,i_target(s', u*')
//   opt_i  = sum_n max Q_n - [Q_jt,i(s, u*_i, u*_-i)] + V(s)
//   nopt_i = min over available u' of  Q_i(u') + sum_{j != i} Q_j(u_j) - [Q_jt,i(s, u', u_-i)] + V(s)
//   L      = mean td_i^2 + opt_loss mean opt_i^2 + nopt_min_loss mean nopt_i^2      over steps and agents
#include <algorithm>

#include "learner/objectives/qtran_parts.h"

namespace qtot::learner {
namespace {

using core::Action;
using math::Index;
using nn::Buffer;

// The column of agent n's own action in row t of counterfactual values.
template <class T>
Index own_column(Buffer<T> actions, Index t, Index n, Index n_actions) {
  return n * n_actions + static_cast<Index>(actions.row(t)[n]);
}

// Of values [n_steps, N A] those of every agent's own action, [n_steps, N].
template <class T>
Buffer<T> own_values(Buffer<T> values, Buffer<T> actions, Index n_agents,
                     nn::Workspace<T>& workspace) {
  const Buffer<T> own = workspace.take(values.rows, n_agents);
  for (Index t = 0; t < own.rows; ++t) {
    for (Index n = 0; n < n_agents; ++n) {
      own.row(t)[n] = values.row(t)[own_column(actions, t, n, values.cols / n_agents)];
    }
  }
  return own;
}

// The gap between the agents' values and the joint one at the action that makes it smallest; the lowest
// of those that do, -1 where none is available.
template <class T>
struct SmallestGaps {
  Buffer<T> gap;     // [n_steps, N]
  Buffer<T> action;  // [n_steps, N]
};

template <class T>
SmallestGaps<T> smallest_gaps(const EpisodeWork<T>& work, const QtranSteps<T>& steps, Buffer<T> q,
                              nn::Workspace<T>& workspace) {
  const core::Episode& episode = *work.plan().episode;
  const Index n_agents = work.unroll.n_agents;
  const Index n_actions = q.cols / n_agents;
  const SmallestGaps<T> smallest = {.gap = workspace.take_zero(q.rows, n_agents),
                                    .action = workspace.take(q.rows, n_agents)};
  for (Index t = 0; t < q.rows; ++t) {
    for (Index i = 0; i < n_agents; ++i) {
      T others = 0;
      for (Index j = 0; j < n_agents; ++j) {
        if (j != i) others = others + steps.chosen_qs.row(t)[j];
      }
      Index best = -1;
      for (Index u = 0; u < n_actions; ++u) {
        if (!is_available(episode, static_cast<int>(t), static_cast<int>(i),
                          static_cast<Action>(u))) {
          continue;
        }
        const T sum = others + work.utilities.row(t * n_agents + i)[u];
        const T gap = sum + steps.value.data[t] - q.row(t)[i * n_actions + u];
        if (best >= 0 && !(gap < smallest.gap.row(t)[i])) continue;
        best = u;
        smallest.gap.row(t)[i] = gap;
      }
      smallest.action.row(t)[i] = static_cast<T>(best);
    }
  }
  return smallest;
}

// dL/dutilities from d_gap [n_steps, N]: agent i's at the smallest gap, the others' at their stored action.
template <class T>
void scatter_gaps(const PassContext<T>& context, const EpisodeWork<T>& work,
                  const SmallestGaps<T>& smallest, math::ConstMatView<T> d_gap,
                  nn::Workspace<T>& workspace) {
  const Index n_agents = work.unroll.n_agents;
  const Buffer<T> d_chosen_qs = workspace.take_zero(d_gap.rows(), n_agents);
  for (Index t = 0; t < d_gap.rows(); ++t) {
    for (Index j = 0; j < n_agents; ++j) {
      T& d = d_chosen_qs.row(t)[j];
      for (Index i = 0; i < n_agents; ++i) {
        if (i != j && smallest.action.row(t)[i] >= T(0)) d = d + d_gap(t, i);
      }
    }
  }
  scatter_gradient(context, *work.plan().episode, d_chosen_qs, work.d_utilities);
  record(context, "d_chosen_qs", work.task->position, d_chosen_qs.const_view());
  for (Index t = 0; t < d_gap.rows(); ++t) {
    for (Index i = 0; i < n_agents; ++i) {
      if (smallest.action.row(t)[i] < T(0)) continue;
      const auto action = static_cast<Index>(smallest.action.row(t)[i]);
      T& d_utility = work.d_utilities.row(t * n_agents + i)[action];
      d_utility = d_utility + d_gap(t, i);
    }
  }
}

template <class T>
class QtranAlt final : public Objective<T> {
 public:
  void add_networks(const agents::AgentConfig& agent, const ObjectiveConfig& config,
                    Network<T>& network) const override {
    add_joint_networks(true, agent, config, network);
  }

  void learn(const PassContext<T>& context, const EpisodeWork<T>& work,
             nn::Workspace<T>& workspace) const override {
    const EpisodePlan& plan = work.plan();
    const std::size_t position = work.task->position;
    const auto n_steps = static_cast<Index>(plan.n_steps);
    const Index n_agents = work.unroll.n_agents;
    const QtranSteps<T> steps = qtran_steps(context, work, workspace);

    // joint values, of the stored, of the greedy, and of the next greedy actions
    mixers::JointTape<T> tape;
    mixers::JointTape<T> unread;
    const Buffer<T> all_q = joint_values(context, steps, steps.stored_actions, tape, workspace);
    const Buffer<T> all_greedy =
        joint_values(context, steps, steps.inputs.greedy_actions, unread, workspace);
    const Buffer<T> all_next = next_joint_values(context, steps, workspace);
    const Buffer<T> q = own_values(all_q, steps.stored_actions, n_agents, workspace);
    const Buffer<T> greedy_q =
        own_values(all_greedy, steps.inputs.greedy_actions, n_agents, workspace);
    const Buffer<T> target_q = own_values(all_next, steps.next_actions, n_agents, workspace);
    const Buffer<T> returns = workspace.take(n_steps, n_agents);
    targets(context, plan, steps.inputs, target_q, workspace, returns.view());
    record(context, "q_tot", position, q.const_view());
    record(context, "target_q_tot", position, target_q.const_view());
    record(context, "returns", position, returns.const_view());

    // the sums of the utilities, with V(s), against them
    const Buffer<T> opt = workspace.take(n_steps, n_agents);
    const Buffer<T> zeros = workspace.take_zero(n_steps, n_agents);
    const SmallestGaps<T> smallest = smallest_gaps(work, steps, all_q, workspace);
    for (Index t = 0; t < n_steps; ++t) {
      std::fill_n(opt.row(t), n_agents, steps.greedy_sum.data[t] + steps.value.data[t]);
    }
    const auto errors_of = [&](Buffer<T> estimate, Buffer<T> target, double coefficient) {
      return SquaredErrors<T>{.estimate = estimate.const_view(),
                              .target = target.const_view(),
                              .coefficient = coefficient,
                              .error = workspace.take(n_steps, n_agents).view(),
                              .d_estimate = workspace.take(n_steps, n_agents).view()};
    };
    const SquaredErrors<T> td_errors = errors_of(q, returns, 1);
    const SquaredErrors<T> opt_errors = errors_of(opt, greedy_q, context.config.opt_loss);
    const SquaredErrors<T> nopt_errors =
        errors_of(smallest.gap, zeros, context.config.nopt_min_loss);
    *work.task->sums = {.squared_error = squared_errors(context, plan, td_errors),
                        .squared_opt = squared_errors(context, plan, opt_errors),
                        .squared_nopt = squared_errors(context, plan, nopt_errors)};
    add_figures(plan, td_errors, *work.task->sums);
    record_mask(context, plan, position, workspace);
    record(context, "td_error", position, math::as_const(td_errors.error));
    record(context, "opt_error", position, math::as_const(opt_errors.error));
    record(context, "nopt_error", position, math::as_const(nopt_errors.error));

    // back
    const Buffer<T> d_q = workspace.take_zero(n_steps, all_q.cols);
    const Buffer<T> d_value = workspace.take_zero(n_steps, 1);
    const Buffer<T> d_greedy_sum = workspace.take_zero(n_steps, 1);
    for (Index t = 0; t < n_steps; ++t) {
      for (Index n = 0; n < n_agents; ++n) {
        const Index column = own_column(steps.stored_actions, t, n, all_q.cols / n_agents);
        d_q.row(t)[column] = td_errors.d_estimate(t, n);
        d_greedy_sum.data[t] = d_greedy_sum.data[t] + opt_errors.d_estimate(t, n);
        const T d_gap = smallest.action.row(t)[n] < T(0) ? T(0) : nopt_errors.d_estimate(t, n);
        d_value.data[t] = d_value.data[t] + opt_errors.d_estimate(t, n) + d_gap;
      }
    }
    qtran_backward(context, work, steps, tape, d_q, d_value, workspace);
    scatter_gaps(context, work, smallest, math::as_const(nopt_errors.d_estimate), workspace);
    add_greedy_gradient(work, steps, d_greedy_sum.data);
    record(context, "d_q_tot", position, math::as_const(td_errors.d_estimate));
  }
};

}  // namespace

template <class T>
const Objective<T>& qtran_alt_objective() {
  static const QtranAlt<T> objective;
  return objective;
}

#define QTOT_INSTANTIATE(T) template const Objective<T>& qtran_alt_objective<T>();
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
