#include "qtot/train/prioritised_sampling.h"

#include <algorithm>
#include <cmath>

#include "qtot/base/error.h"

namespace qtot::train {
namespace {

constexpr double kLeast = 1e-6;       // PyMARL2's: no priority is 0
constexpr double kRangeSlack = 1e-5;  // PyMARL2's, beside the range of the returns

constexpr const char* kLeaves = "priorities";
constexpr const char* kHighest = "priorities.highest";
constexpr const char* kReturns = "priorities.returns";  // their range

double return_of(const core::Episode& episode) {
  double sum = 0;
  for (const float reward : episode.rewards()) sum += static_cast<double>(reward);
  return sum;
}

// The numbers under a name, `n` of them and each one `valid`.
std::span<const double> numbers_of(const NamedNumbers& numbers, const char* name, std::size_t n,
                                   bool (*valid)(double), const std::string& what) {
  const auto found = numbers.find(name);
  const std::size_t n_found = found == numbers.end() ? 0 : found->second.size();
  if (n_found != n || (n > 0 && !std::ranges::all_of(found->second, valid))) {
    throw Error("checkpoint " + what + ": expected " + std::to_string(n) + " valid numbers of " +
                name + " (use_per = True), found " +
                (n_found == n ? "others" : std::to_string(n_found)));
  }
  return n > 0 ? std::span<const double>(found->second) : std::span<const double>();
}

bool is_positive(double x) {
  return x > 0 && std::isfinite(x);
}
bool is_finite(double x) {
  return std::isfinite(x);
}

}  // namespace

PrioritisedSampling::PrioritisedSampling(const config::TrainingConfig& config)
    : config_(config),
      priorities_(static_cast<std::size_t>(config.buffer_size), config.per_alpha,
                  config.per_skips_last),
      weights_(static_cast<std::size_t>(config.batch_size)),
      figures_(weights_.size()) {}

void PrioritisedSampling::sample(std::uint64_t update, std::int64_t t_env,
                                 std::span<core::Ticket> tickets) {
  priorities_.sample(config_.seed, update, beta_at(t_env), tickets, weights_);
}

double PrioritisedSampling::beta_at(std::int64_t t_env) const {
  const double passed = static_cast<double>(t_env) / static_cast<double>(config_.t_max);
  return std::min(1.0, config_.per_beta + (1 - config_.per_beta) * passed);
}

void PrioritisedSampling::learn(const learner::Learner<float>& learner,
                                const replay::EpisodeRing& ring,
                                std::span<const core::Ticket> tickets) {
  if (config_.return_priority) {
    find_returns(ring, tickets);
  } else {
    learner.error_figures(figures_);
  }
  for (std::size_t i = 0; i < figures_.size(); ++i) {
    figures_[i] += kLeast;
    if (is_positive(figures_[i])) continue;
    throw Error(
        "update " + std::to_string(learner.state().n_updates) + ": the priority of episode " +
            std::to_string(tickets[i]) +
            " is not finite, whatever non_finite says; a smaller lr or reward scale may help",
        ExitCode::kFailed);
  }
  priorities_.set(tickets, figures_);
}

void PrioritisedSampling::find_returns(const replay::EpisodeRing& ring,
                                       std::span<const core::Ticket> tickets) {
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    figures_[i] = return_of(ring.episode(tickets[i]));
    lowest_return_ = std::min(lowest_return_, figures_[i]);
    highest_return_ = std::max(highest_return_, figures_[i]);
  }
  const double range = highest_return_ - lowest_return_ + kRangeSlack;
  for (double& figure : figures_) figure = (figure - lowest_return_) / range;
}

NamedNumbers PrioritisedSampling::numbers(core::Ticket oldest) const {
  NamedNumbers numbers = {{kLeaves, priorities_.leaves(oldest)},
                          {kHighest, {priorities_.highest()}}};
  if (config_.return_priority) numbers[kReturns] = {lowest_return_, highest_return_};
  return numbers;
}

void PrioritisedSampling::restore(const NamedNumbers& numbers, core::Ticket end,
                                  std::size_t n_episodes, const std::string& what) {
  const auto leaves = numbers_of(numbers, kLeaves, n_episodes, is_positive, what);
  priorities_.restore(end, leaves, numbers_of(numbers, kHighest, 1, is_positive, what)[0]);
  if (!config_.return_priority) return;
  const auto range = numbers_of(numbers, kReturns, 2, is_finite, what);
  const bool is_initial = range[0] == lowest_return_ && range[1] == highest_return_;
  if (range[0] > range[1] && !is_initial) {
    throw Error("checkpoint " + what + ": expected the lowest return before the highest in " +
                kReturns + ", found the highest first");
  }
  lowest_return_ = range[0];
  highest_return_ = range[1];
}

}  // namespace qtot::train
