#pragma once

#include <string_view>

#include "learner/objectives/objective.h"

/// What the objectives have in common: values of the stored actions, and squared errors.
namespace qtot::learner {

template <class T>
void record(const PassContext<T>& context, std::string_view name, std::size_t position,
            math::ConstMatView<T> value) {
  if (context.probe != nullptr) context.probe->episode(name, position, value);
}

/// Records the rows that count as "mask" [n_steps, 1].
template <class T>
void record_mask(const PassContext<T>& context, const EpisodePlan& plan, std::size_t position,
                 nn::Workspace<T>& workspace);

/// Q of the stored actions, [n_steps, N].
template <class T>
void chosen_values(const PassContext<T>& context, const core::Episode& episode,
                   nn::Buffer<T> utilities, nn::Buffer<T> chosen_qs);

/// dL/dutilities from dL/dchosen_qs: the gather of chosen_values() backwards.
template <class T>
void scatter_gradient(const PassContext<T>& context, const core::Episode& episode,
                      nn::Buffer<T> d_chosen_qs, nn::Buffer<T> d_utilities);

/// One mean of squared errors that the loss adds up. All [n_steps, K].
template <class T>
struct SquaredErrors {
  math::ConstMatView<T> estimate;
  math::ConstMatView<T> target;
  const T* weights = nullptr;    // of each error; null for 1
  math::Sum<T> coefficient = 1;  // of the mean in the loss
  math::MatView<T> error;        // written: estimate - target where the loss counts, else 0
  math::MatView<T> d_estimate;   // written: dL/destimate
};

/// Fills error and d_estimate. Returns the sum of the squared errors, each times its weight, times the
/// episode's.
template <class T>
math::Sum<T> squared_errors(const PassContext<T>& context, const EpisodePlan& plan,
                            const SquaredErrors<T>& of);

/// Fills the sums that are logged beside the loss, over the same rows.
template <class T>
void add_figures(const EpisodePlan& plan, const SquaredErrors<T>& of, EpisodeSums<T>& sums);

}  // namespace qtot::learner
