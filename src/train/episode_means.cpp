#include "qtot/train/episode_means.h"

#include <algorithm>

#include "qtot/math/elementary.h"

namespace qtot::train {

void EpisodeMeans::add(const rollout::EpisodeStats& stats) {
  n_ += 1;
  sum_ += stats.episode_return;
  squares_ = math::fma(stats.episode_return, stats.episode_return, squares_);
  length_ += stats.length;
  won_ += stats.won ? 1 : 0;
}

void EpisodeMeans::add(const std::vector<rollout::EpisodeStats>& episodes) {
  for (const rollout::EpisodeStats& stats : episodes) add(stats);
}

double EpisodeMeans::return_mean() const {
  return sum_ / n_;
}

double EpisodeMeans::return_std() const {
  return math::sqrt(std::max(0.0, squares_ / n_ - return_mean() * return_mean()));
}

double EpisodeMeans::ep_length_mean() const {
  return length_ / n_;
}

double EpisodeMeans::battle_won_mean() const {
  return won_ / n_;
}

void EpisodeMeans::write(metrics::Record& record, const std::string& prefix,
                         bool reports_wins) const {
  record.add(prefix + "return_mean", return_mean());
  record.add(prefix + "return_std", return_std());
  record.add(prefix + "ep_length_mean", ep_length_mean());
  if (reports_wins) record.add(prefix + "battle_won_mean", battle_won_mean());
}

EpisodeMeans EpisodeMeans::from(const std::vector<double>& numbers) {
  EpisodeMeans means;
  if (numbers.size() != 4 && numbers.size() != 5) return means;
  means.n_ = numbers[0];
  means.sum_ = numbers[1];
  means.squares_ = numbers[2];
  means.length_ = numbers[3];
  if (numbers.size() == 5) means.won_ = numbers[4];
  return means;
}

}  // namespace qtot::train
