#pragma once

#include <string>
#include <vector>

#include "qtot/metrics/record.h"
#include "qtot/rollout/play.h"

namespace qtot::train {

/// Means over episodes as PyMARL logs them: of training over what happened since they were last logged,
/// of an evaluation over its episodes. The sums run in the order of add().
class EpisodeMeans {
 public:
  void add(const rollout::EpisodeStats& stats);
  void add(const std::vector<rollout::EpisodeStats>& episodes);

  double return_mean() const;
  /// sqrt(max(0, mean of squares - square of mean))
  double return_std() const;
  double ep_length_mean() const;
  double battle_won_mean() const;

  /// Adds <prefix>return_mean, return_std, ep_length_mean and, with `reports_wins`, battle_won_mean.
  void write(metrics::Record& record, const std::string& prefix, bool reports_wins) const;

  /// What a checkpoint keeps: five plain numbers, of which the last counts the wins.
  std::vector<double> numbers() const { return {n_, sum_, squares_, length_, won_}; }
  /// Inverse of numbers(). Four numbers, which checkpoints before the count of wins hold, are no wins;
  /// any other amount is nothing at all.
  static EpisodeMeans from(const std::vector<double>& numbers);

 private:
  double n_ = 0, sum_ = 0, squares_ = 0, length_ = 0, won_ = 0;
};

}  // namespace qtot::train
