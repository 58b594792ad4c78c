#include "learner/objectives/loss.h"

#include "qtot/math/elementary.h"

namespace qtot::learner {

using core::Action;
using math::Index;
using nn::Buffer;

template <class T>
void record_mask(const PassContext<T>& context, const EpisodePlan& plan, std::size_t position,
                 nn::Workspace<T>& workspace) {
  if (context.probe == nullptr) return;
  const Buffer<T> mask = workspace.take_zero(static_cast<Index>(plan.n_steps), 1);
  for (int t = 0; t < plan.n_steps; ++t) mask.data[t] = T(plan.mask.contains(t) ? 1 : 0);
  record(context, "mask", position, mask.const_view());
}

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

template <class T>
math::Sum<T> squared_errors(const PassContext<T>& context, const EpisodePlan& plan,
                            const SquaredErrors<T>& of) {
  using Sum = math::Sum<T>;
  const Sum weight = plan.weight;
  const T factor = static_cast<T>(context.d_loss_factor * weight * of.coefficient);
  const Index n_columns = of.estimate.cols();
  math::MatView<T> errors = of.error;
  math::MatView<T> d_estimate = of.d_estimate;
  errors.setZero();
  d_estimate.setZero();
  Sum sum = 0;
  for (Index t = 0; t < static_cast<Index>(plan.n_steps); ++t) {
    if (!plan.loss.contains(static_cast<int>(t))) continue;
    for (Index k = 0; k < n_columns; ++k) {
      const T error = of.estimate(t, k) - of.target(t, k);
      const Sum wide = static_cast<Sum>(error);
      errors(t, k) = error;
      if (of.weights == nullptr) {
        d_estimate(t, k) = factor * error;
        sum = math::fma(wide, wide, sum);
      } else {
        const T w = of.weights[t * n_columns + k];
        d_estimate(t, k) = factor * w * error;
        sum = math::fma(static_cast<Sum>(w) * wide, wide, sum);
      }
    }
  }
  return sum * weight;
}

template <class T>
void add_figures(const EpisodePlan& plan, const SquaredErrors<T>& of, EpisodeSums<T>& sums) {
  using Sum = math::Sum<T>;
  for (Index t = 0; t < static_cast<Index>(plan.n_steps); ++t) {
    if (!plan.loss.contains(static_cast<int>(t))) continue;
    for (Index k = 0; k < of.estimate.cols(); ++k) {
      sums.abs_error += math::abs(static_cast<Sum>(of.error(t, k)));
      sums.q_taken += static_cast<Sum>(of.estimate(t, k));
      sums.target += static_cast<Sum>(of.target(t, k));
    }
  }
}

#define QTOT_INSTANTIATE(T)                                                                 \
  template void record_mask<T>(const PassContext<T>&, const EpisodePlan&, std::size_t,      \
                               nn::Workspace<T>&);                                          \
  template void chosen_values<T>(const PassContext<T>&, const core::Episode&, Buffer<T>,    \
                                 Buffer<T>);                                                \
  template void scatter_gradient<T>(const PassContext<T>&, const core::Episode&, Buffer<T>, \
                                    Buffer<T>);                                             \
  template math::Sum<T> squared_errors<T>(const PassContext<T>&, const EpisodePlan&,        \
                                          const SquaredErrors<T>&);                         \
  template void add_figures<T>(const EpisodePlan&, const SquaredErrors<T>&, EpisodeSums<T>&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
