#include "learner/episode_plan.h"

#include <algorithm>

namespace qtot::learner {
namespace {

// The rows that count: the steps, and where PyMARL's mask is asked for, one behind the end of an episode
// that was truncated before the longest of its batch.
RowSet right_mask(const LearnerConfig& config, int length, int longest, bool terminated) {
  const bool is_cut_short = !terminated && length < longest;
  return {.end = config.pymarl_padding_mask && is_cut_short ? length + 1 : length};
}

RowSet mask_of(const LearnerConfig& config, int length, int longest, bool terminated) {
  using Mask = Mistakes::Mask;
  const RowSet right = right_mask(config, length, longest, terminated);
  const int n_filled = std::min(length + 1, longest);
  switch (config.mistakes.mask) {
    case Mask::kRight:
      return right;
    case Mask::kNone:
      return {.end = longest};
    case Mask::kDropsLast:
      return {.end = terminated ? length - 1 : right.end};
    case Mask::kFilledSlots:
      return {.end = n_filled};
    case Mask::kUnshifted:
      return {.end = n_filled, .excluded = terminated ? length - 1 : -1};
    case Mask::kEarly:
      return {.end = right.end - 1};
    case Mask::kLate:
      return {.first = 1, .end = std::min(right.end + 1, longest)};
  }
  return right;
}

// As the equations have it, or with one of the two factors of a terminal step left out.
ReturnShape terminal_shape(const LearnerConfig& config, int length, bool terminated) {
  using Terminal = Mistakes::Terminal;
  ReturnShape shape{.n = length, .n_valid = length};
  const bool ends = terminated && !config.bootstrap_terminal;
  shape.bootstrap = !ends || config.mistakes.terminal == Terminal::kStartBootstraps;
  shape.end = ends && config.mistakes.terminal != Terminal::kRecursionBootstraps ? length - 1 : -1;
  shape.end_is_value = config.terminal_return_is_value;
  return shape;
}

}  // namespace

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config) {
  const Mistakes& mistakes = config.mistakes;
  const int length = episode.length();
  const bool terminated = episode.terminated() || config.time_limit_is_terminal;
  EpisodePlan plan;
  plan.episode = &episode;
  plan.mask = mask_of(config, length, longest, terminated);
  plan.loss = mistakes.loss_ignores_mask ? RowSet{.end = longest} : plan.mask;
  // states of padding are 0, and so are their logits: by M7 one more slot is added, those divide alone
  plan.regularised =
      config.regularises_padding ? RowSet{.end = std::min(length + 1, longest)} : plan.mask;
  plan.returns = terminal_shape(config, length, terminated);
  ReturnShape& returns = plan.returns;
  const bool runs_to_batch_end =
      config.lambda_from_batch_end && (returns.bootstrap || mistakes.loss_ignores_mask);
  if (runs_to_batch_end || mistakes.returns_ignore_mask) returns.n = longest;
  if (mistakes.mask != Mistakes::Mask::kRight) returns.n = std::max(returns.n, plan.mask.end);
  const RowSet earning = mistakes.returns_ignore_mask ? RowSet{.end = longest} : plan.mask;
  returns.n_valid = std::clamp(earning.end, 0, returns.n);
  returns.first_valid = earning.first;
  returns.excluded = earning.excluded;
  plan.n_steps = std::max({returns.n, plan.mask.end, plan.loss.end, 0});
  return plan;
}

}  // namespace qtot::learner
