#include "learner/episode_plan.h"

#include <algorithm>

namespace qtot::learner {
namespace {

// The rows that PyMARL's mask counts after the last step: one, where an episode was truncated before
// the longest of its batch.
int n_fictitious(const LearnerConfig& config, int length, int longest, bool terminated) {
  return config.pymarl_padding_mask && !terminated && length < longest ? 1 : 0;
}

void apply_mask_mistake(const LearnerConfig& config, int length, int longest, bool terminated,
                        EpisodePlan& plan) {
  switch (config.mistakes.mask) {
    case Mistakes::Mask::kRight:
      return;
    case Mistakes::Mask::kNone:
      plan.n_valid = plan.n_steps = longest;
      plan.returns.n = longest;
      break;
    case Mistakes::Mask::kDropsLast:
      if (terminated) plan.n_valid = length - 1;
      break;
    case Mistakes::Mask::kFilledSlots:
      plan.n_valid = std::min(length + 1, longest);
      plan.n_steps = std::max(plan.n_steps, plan.n_valid);
      plan.returns.n = std::max(plan.returns.n, plan.n_valid);
      break;
  }
  plan.returns.n_valid = std::min(plan.n_valid, plan.returns.n);
}

}  // namespace

EpisodePlan plan_episode(const core::Episode& episode, int longest, const LearnerConfig& config) {
  const int length = episode.length();
  const bool terminated = episode.terminated() || config.time_limit_is_terminal;
  const bool bootstrap = !terminated || config.bootstrap_terminal;
  EpisodePlan plan{.episode = &episode, .n_steps = length, .n_valid = length, .returns = {}};
  plan.n_valid += n_fictitious(config, length, longest, terminated);
  plan.n_steps = plan.n_valid;
  plan.returns = {.n = length,
                  .n_valid = length,
                  .bootstrap = bootstrap,
                  .end = bootstrap ? -1 : length - 1,
                  .end_is_value = config.terminal_return_is_value};
  if (config.lambda_from_batch_end && bootstrap) {
    plan.n_steps = plan.returns.n = longest;
    plan.returns.n_valid = plan.n_valid;
  }
  apply_mask_mistake(config, length, longest, terminated, plan);
  return plan;
}

}  // namespace qtot::learner
