#include "qtot/learner/learner.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "learner/episode_pass.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"

namespace qtot::learner {
namespace {

constexpr std::size_t kChunk = 8192;  // parameters that one piece of parallel work sums or steps

std::size_t n_chunks(std::size_t n) {
  return (n + kChunk - 1) / kChunk;
}

}  // namespace

template <class T>
class Learner<T>::Scratch {
 public:
  Scratch(std::size_t n_params, std::size_t n_workers)
      : gradient(n_params), workspaces(n_workers), leaf_parts(n_workers), n_params_(n_params) {}

  void plan(core::Batch batch, const LearnerConfig& config) {
    QTOT_CHECK_GE(batch.size(), 1U);
    int longest = 0;
    for (const core::Episode* episode : batch) longest = std::max(longest, episode->length());
    plans.clear();
    n_valid = 0;
    for (const core::Episode* episode : batch) {
      QTOT_CHECK_GE(episode->length(), 1);
      plans.push_back(plan_episode(*episode, longest, config));
      n_valid += plans.back().n_valid;
    }
    // the longest first, so that no worker is left with a long one at the end
    order.resize(batch.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return plans[a].n_steps != plans[b].n_steps ? plans[a].n_steps > plans[b].n_steps : a < b;
    });
    sums.assign(batch.size(), {});
    if (leaves_.size() < batch.size() * n_params_) leaves_.resize(batch.size() * n_params_);
    column_.resize(batch.size());
  }

  T* leaf(std::size_t position) { return leaves_.data() + position * n_params_; }

  // a figure of the episodes, summed over the batch by the same tree as the gradients
  double total(double EpisodeSums::*figure) {
    for (std::size_t b = 0; b < sums.size(); ++b) column_[b] = sums[b].*figure;
    return math::tree_sum(column_);
  }

  std::vector<EpisodePlan> plans;                 // [B]
  std::vector<std::size_t> order;                 // positions, in the order of work
  std::vector<EpisodeSums> sums;                  // [B]
  std::int64_t n_valid = 0;                       // steps that the loss counts
  std::vector<T> gradient;                        // [P]
  std::vector<nn::Workspace<T>> workspaces;       // one a worker
  std::vector<std::vector<const T*>> leaf_parts;  // one a worker: where a chunk's leaves lie

 private:
  std::size_t n_params_;
  std::vector<T> leaves_;       // [B, P] gradients of single episodes
  std::vector<double> column_;  // [B]
};

template <class T>
Learner<T>::Learner(Network<T> network, const LearnerConfig& config, std::uint64_t seed,
                    Executor& executor)
    : network_(std::move(network)),
      config_(config),
      executor_(executor),
      transposed_(network_.layout.size()),
      target_transposed_(network_.layout.size()),
      scratch_(std::make_unique<Scratch>(network_.layout.size(), executor.n_workers())) {
  state_.params.resize(network_.layout.size());
  nn::initialise<T>(network_.layout, seed, state_.params);
  state_.target_params = state_.params;
  state_.optimiser = nn::make_optimiser_state<T>(config.optimiser, network_.layout.size());
  copy_transposed();
}

template <class T>
Learner<T>::~Learner() = default;

template <class T>
UpdateStats Learner<T>::update(core::Batch batch, std::int64_t episode, Probe<T>* probe) {
  Scratch& scratch = *scratch_;
  scratch.plan(batch, config_);
  const double n_terms = static_cast<double>(scratch.n_valid * network_.mixer->n_outputs());
  const PassContext<T> context{
      .network = network_,
      .config = config_,
      .online = weights(),
      .target = {.values = state_.target_params.data(), .transposed = target_transposed_.data()},
      .d_loss_factor = static_cast<T>(2 * config_.loss_factor / n_terms),
      .probe = probe};
  executor_.for_each(batch.size(), [&](std::size_t i, std::size_t worker) {
    const std::size_t position = scratch.order[i];
    scratch.sums[position] = learn_episode(context, scratch.plans[position], position,
                                           scratch.workspaces[worker], scratch.leaf(position));
  });

  sum_leaves(batch.size());
  const double norm = gradient_norm();
  const double per_agent = n_terms * static_cast<double>(network_.agent->config().spec.n_agents);
  const UpdateStats stats{
      .loss = config_.loss_factor * scratch.total(&EpisodeSums::squared_error) / n_terms,
      .grad_norm = norm,
      .td_error_abs = scratch.total(&EpisodeSums::abs_error) / n_terms,
      .q_taken_mean = scratch.total(&EpisodeSums::q_taken) / per_agent,
      .target_mean = scratch.total(&EpisodeSums::target) / per_agent};
  if (probe != nullptr) {
    for (const nn::TensorSpec& tensor : network_.layout.tensors()) {
      probe->update("grad/" + tensor.name,
                    std::span<const T>(scratch.gradient).subspan(tensor.offset, tensor.size()));
    }
    probe->scalar("loss", stats.loss);
    probe->scalar("grad_norm", stats.grad_norm);
  }
  step_optimiser(norm);
  update_targets(episode);
  return stats;
}

// Each parameter's gradients of single episodes are added by the fixed tree over positions.
template <class T>
void Learner<T>::sum_leaves(std::size_t n_leaves) {
  Scratch& scratch = *scratch_;
  const std::size_t n_params = scratch.gradient.size();
  executor_.for_each(n_chunks(n_params), [&](std::size_t chunk, std::size_t worker) {
    const std::size_t first = chunk * kChunk;
    std::vector<const T*>& leaves = scratch.leaf_parts[worker];
    leaves.resize(n_leaves);
    for (std::size_t b = 0; b < n_leaves; ++b) leaves[b] = scratch.leaf(b) + first;
    math::tree_sum<T>(leaves, std::min(kChunk, n_params - first), scratch.gradient.data() + first);
  });
}

// sqrt of the sum over tensors, in the layout's order, of their sums of squares
template <class T>
double Learner<T>::gradient_norm() const {
  double sum = 0;
  for (const nn::TensorSpec& tensor : network_.layout.tensors()) {
    const double squares = math::sum_of_squares<T>(
        std::span<const T>(scratch_->gradient).subspan(tensor.offset, tensor.size()));
    if (!std::isfinite(squares)) {
      throw Error("update " + std::to_string(state_.n_updates) + ": the gradient of " +
                      tensor.name + " is not finite; a smaller lr or reward scale may help",
                  ExitCode::kFailed);
    }
    sum += squares;
  }
  return math::sqrt(sum);
}

template <class T>
void Learner<T>::step_optimiser(double norm) {
  const T coefficient = static_cast<T>(nn::clip_coefficient(norm, config_.grad_norm_clip));
  nn::OptimiserState<T>& optimiser = state_.optimiser;
  const std::size_t n_params = state_.params.size();
  ++optimiser.n_steps;
  executor_.for_each(n_chunks(n_params), [&](std::size_t chunk, std::size_t) {
    const std::size_t first = chunk * kChunk;
    const std::size_t count = std::min(kChunk, n_params - first);
    const auto part = [&](std::vector<T>& all) {
      return all.empty() ? std::span<T>() : std::span<T>(all).subspan(first, count);
    };
    nn::optimiser_step<T>(config_.optimiser, optimiser.n_steps, coefficient,
                          std::span<const T>(scratch_->gradient).subspan(first, count),
                          part(state_.params), part(optimiser.first), part(optimiser.second));
  });
  ++state_.n_updates;
  nn::transpose_params<T>(network_.layout, state_.params, transposed_);
}

// Hard copies are counted in environment episodes, as PyMARL counts them; Polyak averaging rounds
// target (1 - tau) + online tau once an operation.
template <class T>
void Learner<T>::update_targets(std::int64_t episode) {
  if (config_.target_update_tau > 0) {
    const T tau = static_cast<T>(config_.target_update_tau);
    const T rest = static_cast<T>(1 - config_.target_update_tau);
    for (std::size_t i = 0; i < state_.params.size(); ++i) {
      const T kept = state_.target_params[i] * rest;
      const T added = state_.params[i] * tau;
      state_.target_params[i] = kept + added;
    }
    nn::transpose_params<T>(network_.layout, state_.target_params, target_transposed_);
  } else if (episode - state_.last_target_update_episode >= config_.target_update_interval) {
    state_.target_params = state_.params;
    target_transposed_ = transposed_;
    state_.last_target_update_episode = episode;
  }
}

template <class T>
void Learner<T>::set_state(LearnerState<T> state) {
  const std::size_t n_params = network_.layout.size();
  QTOT_CHECK_EQ(state.params.size(), n_params);
  QTOT_CHECK_EQ(state.target_params.size(), n_params);
  QTOT_CHECK_EQ(state.optimiser.second.size(), n_params);
  QTOT_CHECK_EQ(state.optimiser.first.size(), state_.optimiser.first.size());
  state_ = std::move(state);
  copy_transposed();
}

template <class T>
nn::Weights<T> Learner<T>::weights() const {
  return {.values = state_.params.data(), .transposed = transposed_.data()};
}

template <class T>
void Learner<T>::copy_transposed() {
  nn::transpose_params<T>(network_.layout, state_.params, transposed_);
  nn::transpose_params<T>(network_.layout, state_.target_params, target_transposed_);
}

template class Learner<float>;
template class Learner<double>;

}  // namespace qtot::learner
