#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "qtot/base/executor.h"
#include "qtot/core/episode.h"
#include "qtot/learner/config.h"
#include "qtot/learner/network.h"
#include "qtot/math/scalars.h"
#include "qtot/nn/optimiser.h"

namespace qtot::learner {

template <class T>
class Peers;
template <class T>
class TargetCache;

/// Figures of one update, as PyMARL logs them. Means are over valid steps.
struct UpdateStats {
  double loss = 0;
  double loss_td = 0;       // its part that trains Q_tot, or QTRAN's Q_jt
  double loss_central = 0;  // Weighted QMIX: its part that trains Q*, before central_loss
  double loss_opt = 0;      // QTRAN: before opt_loss and nopt_min_loss
  double loss_nopt = 0;
  double loss_regulariser = 0;  // of mixers that have one: before attend_reg_coef
  double grad_norm = 0;         // before clipping
  double td_error_abs = 0;
  double q_taken_mean = 0;  // Q_tot / N
  double target_mean = 0;   // y / N
};

/// Watches one update. Null in training; the oracle and the tests record with it. Calls for one
/// episode come in dataflow order; with several workers, episodes come side by side.
///
///   utilities, target_utilities [slots * N, A]   greedy_actions [slots, N]   chosen_qs [steps, N]
///   greedy_qs [steps, N] (row t: slot t + 1)   q_tot, target_q_tot, returns, td_error [steps, K]
///   best_qs [steps, N]   value_part, advantage_part, target_value_part, target_advantage_part [steps, 1],
///   of mixers that tell them apart   mask [steps, 1]   and per update: grad/<name>, loss and its parts, grad_norm
///
/// Weighted QMIX adds central_utilities, central_target_utilities [slots * N, A] and central_q, weights,
/// is_greedy, greedy_central_q [steps, 1]; QTRAN adds transformed_q, state_value, opt_error, nopt_error.
template <class T>
class Probe {
 public:
  virtual ~Probe() = default;
  virtual void episode(std::string_view name, std::size_t position,
                       math::ConstMatView<T> value) = 0;
  virtual void update(std::string_view name, std::span<const T> value) = 0;
  virtual void scalar(std::string_view name, math::Sum<T> value) = 0;
};

/// Running statistics of rewards; what they start with is EPyMARL's.
template <class T>
struct RewardStatistics {
  math::Sum<T> mean = 0;
  math::Sum<T> variance = 1;
  math::Sum<T> count = 1e-4;
};

/// The learner's memory between updates: all that a checkpoint must hold.
template <class T>
struct LearnerState {
  std::vector<T> params;
  std::vector<T> target_params;
  nn::OptimiserState<T> optimiser;
  std::int64_t n_updates = 0;
  std::int64_t last_target_update_episode = 0;
  RewardStatistics<T> rewards;  // of RewardScaling::kRunning and kPaddedRunning
};

/// Maps a batch of episodes to new parameters: a step down the network's objective, by default that of
/// double Q-learning on the mixed value (Rashid et al., 2018, eq. 6). Knows no replay, no environment, no
/// clock; the executor shows in no bit.
template <class T>
class Learner {
 public:
  /// Parameters are drawn from `seed`; targets start as their copy. Throws Error for a target policy
  /// that explores (target_epsilon) under a mixer that is not linear.
  Learner(Network<T> network, const LearnerConfig& config, std::uint64_t seed, Executor& executor);
  ~Learner();

  /// One gradient step on `batch` (at least one episode), then the target update if it is due at
  /// environment episode `episode`. A batch without a valid step changes no parameter. Throws Error
  /// (kFailed) that names the first tensor when a gradient is not finite, and for an episode without
  /// the probabilities that the returns weigh by; the state is then unchanged.
  ///
  /// @param[in] weights  [B] of prioritised replay: what each episode's squared errors are multiplied
  ///                     by (Schaul et al., 2016); empty for 1
  /// @param[in] tickets  [B] that name the episodes for good: the target network's utilities of one that
  ///                     comes again are reused (config().target_cache_bytes); empty: none are
  /// @param[in] lr_factor  of the optimiser's step size, for rates that fall over time
  UpdateStats update(core::Batch batch, std::int64_t episode, Probe<T>* probe = nullptr,
                     std::span<const double> weights = {},
                     std::span<const core::Ticket> tickets = {}, double lr_factor = 1);

  /// What prioritised replay goes by, of each episode of the last update's batch: the sum of |td_error|
  /// over its valid steps (and agents, where each has its own) over the root of their number, 0 without
  /// one; after PyMARL2's nq_learner.
  ///
  /// @param[out] out  [B]
  void error_figures(std::span<double> out) const;

  /// From now on every update is made together with other processes, each of which calls update() with
  /// the same batch. No probe then. `peers` must outlive the learner.
  void share_with(Peers<T>& peers) { peers_ = &peers; }

  const Network<T>& network() const { return network_; }
  const LearnerConfig& config() const { return config_; }

  const LearnerState<T>& state() const { return state_; }
  /// Replaces everything; sizes must fit the layout (QTOT_CHECK).
  void set_state(LearnerState<T> state);

  /// The online parameters for acting; valid until the next update().
  nn::Weights<T> weights() const;

 private:
  class Scratch;  // what one update works with: plans, workspaces, leaves of the gradient tree

  void sum_leaves();
  bool target_stays() const;
  std::size_t together() const;
  math::Sum<T> divisor() const;
  math::Sum<T> regulariser_divisor() const;
  UpdateStats figures(math::Sum<T> norm, Probe<T>* probe);
  math::Sum<T> gradient_norm() const;
  void step_optimiser(double lr_factor);
  void update_targets(std::int64_t episode);
  void copy_transposed();

  Network<T> network_;
  LearnerConfig config_;
  Executor& executor_;
  Peers<T>* peers_ = nullptr;
  LearnerState<T> state_;
  std::vector<T> transposed_;  // derived from the state, for the products
  std::vector<T> target_transposed_;
  T clip_coefficient_ = 1;  // of the update that runs
  std::unique_ptr<TargetCache<T>> target_cache_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace qtot::learner
