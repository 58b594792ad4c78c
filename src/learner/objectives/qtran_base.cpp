// QTRAN-base (Son et al., 2019, sec. 4; PyMARL's qtran_learner). [.] has no gradient.
//
//   td    = Q_jt(s, u) - [y]                                  y: the return of Q_jt_target(s', u*')
//   opt   = sum_n max Q_n - [Q_jt(s, u*)] + V(s)              u*: the agents' greedy actions
//   nopt  = min(sum_n Q_n(u_n) - [Q_jt(s, u)] + V(s), 0)
//   L     = mean td^2 + opt_loss mean opt^2 + nopt_min_loss mean nopt^2
//
// The loss of Q_jt reaches the agents through their hidden states.
#include "learner/objectives/qtran_parts.h"

namespace qtot::learner {
namespace {

using math::Index;
using nn::Buffer;

template <class T>
class QtranBase final : public Objective<T> {
 public:
  void add_networks(const agents::AgentConfig& agent, const ObjectiveConfig& config,
                    Network<T>& network) const override {
    add_joint_networks(false, agent, config, network);
  }

  void learn(const PassContext<T>& context, const EpisodeWork<T>& work,
             nn::Workspace<T>& workspace) const override {
    const EpisodePlan& plan = work.plan();
    const std::size_t position = work.task->position;
    const auto n_steps = static_cast<Index>(plan.n_steps);
    const QtranSteps<T> steps = qtran_steps(context, work, workspace);

    // joint values of the stored, of the greedy, and of the next greedy actions
    mixers::JointTape<T> tape;
    mixers::JointTape<T> unread;
    const Buffer<T> q = joint_values(context, steps, steps.stored_actions, tape, workspace);
    const Buffer<T> greedy_q =
        joint_values(context, steps, steps.inputs.greedy_actions, unread, workspace);
    const Buffer<T> target_q = next_joint_values(context, steps, workspace);
    const Buffer<T> returns = workspace.take(n_steps, 1);
    targets(context, plan, steps.inputs, target_q, workspace, returns.view());
    record(context, "q_tot", position, q.const_view());
    record(context, "target_q_tot", position, target_q.const_view());
    record(context, "returns", position, returns.const_view());

    // the sums of the utilities, with V(s), against them
    const Buffer<T> opt = workspace.take(n_steps, 1);
    const Buffer<T> nopt = workspace.take(n_steps, 1);
    const Buffer<T> zeros = workspace.take_zero(n_steps, 1);
    for (Index t = 0; t < n_steps; ++t) {
      T sum = 0;
      for (Index n = 0; n < work.unroll.n_agents; ++n) sum = sum + steps.chosen_qs.row(t)[n];
      const T gap = sum + steps.value.data[t] - q.data[t];
      opt.data[t] = steps.greedy_sum.data[t] + steps.value.data[t];
      nopt.data[t] = gap < T(0) ? gap : T(0);
    }
    const auto errors_of = [&](Buffer<T> estimate, Buffer<T> target, double coefficient) {
      return SquaredErrors<T>{.estimate = estimate.const_view(),
                              .target = target.const_view(),
                              .coefficient = coefficient,
                              .error = workspace.take(n_steps, 1).view(),
                              .d_estimate = workspace.take(n_steps, 1).view()};
    };
    const SquaredErrors<T> td_errors = errors_of(q, returns, 1);
    const SquaredErrors<T> opt_errors = errors_of(opt, greedy_q, context.config.opt_loss);
    const SquaredErrors<T> nopt_errors = errors_of(nopt, zeros, context.config.nopt_min_loss);
    *work.task->sums = {.squared_error = squared_errors(context, plan, td_errors),
                        .squared_opt = squared_errors(context, plan, opt_errors),
                        .squared_nopt = squared_errors(context, plan, nopt_errors)};
    add_figures(plan, td_errors, *work.task->sums);
    record_mask(context, plan, position, workspace);
    record(context, "td_error", position, math::as_const(td_errors.error));
    record(context, "opt_error", position, math::as_const(opt_errors.error));
    record(context, "nopt_error", position, math::as_const(nopt_errors.error));

    // back
    const Buffer<T> d_q = workspace.take(n_steps, 1);
    const Buffer<T> d_value = workspace.take(n_steps, 1);
    const Buffer<T> d_chosen_qs = workspace.take(n_steps, work.unroll.n_agents);
    for (Index t = 0; t < n_steps; ++t) {
      d_q.data[t] = td_errors.d_estimate(t, 0);
      d_value.data[t] = opt_errors.d_estimate(t, 0) + nopt_errors.d_estimate(t, 0);
      std::fill_n(d_chosen_qs.row(t), d_chosen_qs.cols, nopt_errors.d_estimate(t, 0));
    }
    qtran_backward(context, work, steps, tape, d_q, d_value, workspace);
    scatter_gradient(context, *plan.episode, d_chosen_qs, work.d_utilities);
    add_greedy_gradient(work, steps, opt_errors.d_estimate.data());
    record(context, "d_q_tot", position, d_q.const_view());
    record(context, "d_chosen_qs", position, d_chosen_qs.const_view());
  }
};

}  // namespace

template <class T>
const Objective<T>& qtran_base_objective() {
  static const QtranBase<T> objective;
  return objective;
}

#define QTOT_INSTANTIATE(T) template const Objective<T>& qtran_base_objective<T>();
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
