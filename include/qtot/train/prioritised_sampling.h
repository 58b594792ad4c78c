#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "qtot/config/training_config.h"
#include "qtot/learner/learner.h"
#include "qtot/replay/priorities.h"
#include "qtot/replay/sampling.h"

namespace qtot::train {

/// What a checkpoint keeps by name, and a digest covers.
using NamedNumbers = std::map<std::string, std::vector<double>>;

/// Prioritised replay as the keys use_per, per_alpha, ... ask for it; after PyMARL2's per_run. What it draws
/// is a function of the seed, the update and the updates before it. Every rank has the same one.
class PrioritisedSampling {
 public:
  explicit PrioritisedSampling(const config::TrainingConfig& config);

  /// The window's end has moved.
  void advance(core::Ticket end) { priorities_.advance(end); }

  /// Fills `tickets` [batch_size] from the window, ascending; one may come twice. beta is per_beta at
  /// t_env = 0 and 1 from t_max on, linear between.
  void sample(std::uint64_t update, std::int64_t t_env, std::span<core::Ticket> tickets);
  /// [batch_size] of the last sample(): what the squared errors are multiplied by.
  std::span<const double> weights() const { return weights_; }

  /// After the update that learnt from `tickets`: their episodes' new priorities are 1e-6 above
  ///
  ///   sum over t of |td_error| / sqrt(L)                           Learner::error_figures
  ///   (R - R_min) / (R_max - R_min + 1e-5)    with return_priority: R the return, undiscounted, and the
  ///                                           range that of all batches so far, this one included
  ///
  /// Throws Error (kFailed) where that is not finite.
  void learn(const learner::Learner<float>& learner, const replay::EpisodeRing& ring,
             std::span<const core::Ticket> tickets);

  /// Of the episodes [oldest, end).
  NamedNumbers numbers(core::Ticket oldest) const;
  /// Inverse, for a ring that ends at `end` and holds `n_episodes`. Throws Error that names `what`.
  void restore(const NamedNumbers& numbers, core::Ticket end, std::size_t n_episodes,
               const std::string& what);

 private:
  double beta_at(std::int64_t t_env) const;
  void find_returns(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets);

  config::TrainingConfig config_;
  replay::Priorities priorities_;
  std::vector<double> weights_;
  std::vector<double> figures_;  // [batch_size] new priorities
  double lowest_return_ = std::numeric_limits<double>::max();
  double highest_return_ = std::numeric_limits<double>::lowest();
};

}  // namespace qtot::train
