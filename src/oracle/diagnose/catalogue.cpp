#include <algorithm>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "oracle/diagnose/entries.h"
#include "qtot/base/error.h"
#include "qtot/oracle/diagnose.h"

namespace qtot::oracle {
namespace {

using learner::LearnerConfig;
using learner::Mistakes;
using learner::RewardScaling;

// Rows of the quirk catalogue (docs/oracle.md) that a learner step can show, each turned to what the
// case does not ask for.
void add_quirks(std::vector<Deviation>& list) {
  const std::size_t first = list.size();
  list.push_back(of_learner("M1_pymarl_mask", "mask",
                            "the mask counts the slot behind a truncated, shorter episode (M1)",
                            &LearnerConfig::pymarl_padding_mask, true));
  list.push_back(of_learner("M1_strict_mask", "mask",
                            "the mask counts the steps of an episode and nothing behind (not M1)",
                            &LearnerConfig::pymarl_padding_mask, false));
  list.push_back(of_learner("M2_time_limit_terminal", "terminal",
                            "the time limit counts as terminal, no bootstrap (M2)",
                            &LearnerConfig::time_limit_is_terminal, true));
  list.push_back(of_learner("M2_time_limit_truncation", "terminal",
                            "the time limit bootstraps (not M2)",
                            &LearnerConfig::time_limit_is_terminal, false));
  list.push_back(of_learner("M3_target_masked", "target_mask",
                            "unavailable actions of the target network are set to -9999999 (M3)",
                            &LearnerConfig::mask_target_qs, true));
  list.push_back(of_learner("M3_target_unmasked", "target_mask",
                            "values of the target network are not masked",
                            &LearnerConfig::mask_target_qs, false));
  list.push_back(of_learner("M4_online_masked", "online_mask",
                            "the online values are masked in place before the gather (M4)",
                            &LearnerConfig::mask_online_qs, true));
  list.push_back(of_learner("M4_online_unmasked", "online_mask",
                            "the online values are not masked before the gather (not M4)",
                            &LearnerConfig::mask_online_qs, false));
  list.push_back(of_learner("M6_rewards_by_steps", "rewards",
                            "rewards are standardised over the valid steps of the batch",
                            &LearnerConfig::reward_scaling, RewardScaling::kValidSteps));
  list.push_back(of_learner("M6_rewards_by_padded_batch", "rewards",
                            "rewards are standardised over the batch with its padding (M6)",
                            &LearnerConfig::reward_scaling, RewardScaling::kPaddedBatch));
  list.push_back(of_learner("M6_rewards_running", "rewards",
                            "rewards are standardised by running statistics with padding (M6)",
                            &LearnerConfig::reward_scaling, RewardScaling::kPaddedRunning));
  list.push_back(of_learner("M6_rewards_plain", "rewards", "rewards are not standardised",
                            &LearnerConfig::reward_scaling, RewardScaling::kNone));
  list.push_back(of_learner("T1_from_batch_end", "lambda_start",
                            "the lambda recursion starts at the end of the padded batch (T1)",
                            &LearnerConfig::lambda_from_batch_end, true));
  list.push_back(of_learner("T1_from_episode_end", "lambda_start",
                            "the lambda recursion starts at the end of the episode (not T1)",
                            &LearnerConfig::lambda_from_batch_end, false));
  list.push_back(of_learner("T2_q_lambda", "q_lambda", "PyMARL2's q_lambda adds V - Q (T2)",
                            &LearnerConfig::q_lambda, true));
  list.push_back(of_learner("T2_no_q_lambda", "q_lambda",
                            "PyMARL2's q_lambda, which adds V - Q, is off",
                            &LearnerConfig::q_lambda, false));
  list.push_back(of_learner("T4_bootstraps_through_terminal", "terminal",
                            "the value behind a terminal step counts (also T4, JaxMARL's dones)",
                            &LearnerConfig::bootstrap_terminal, true));
  list.push_back(of_learner("T5_terminal_returns_value", "terminal",
                            "a terminal step returns the next value in place of its reward (T5)",
                            &LearnerConfig::terminal_return_is_value, true));
  list.push_back(of_learner("T8_no_double_q", "double_q",
                            "no double Q: the target network chooses the greedy action (T8)",
                            &LearnerConfig::double_q, false));
  list.push_back(of_learner("T8_double_q", "double_q",
                            "double Q: the online network chooses the greedy action",
                            &LearnerConfig::double_q, true));
  list.push_back(of_learner("T9_target_from_second_slot", "target_unroll",
                            "the target network's unroll starts at slot 1 (T9)",
                            &LearnerConfig::target_skips_first_slot, true));
  list.push_back(of_learner("T11_no_target_network", "target_network",
                            "the target network is not used: its values are the online one's (T11)",
                            &LearnerConfig::use_target_network, false));
  for (const auto& [id, factor, words] :
       {std::tuple{"O1_loss_factor_1", 1.0, "the loss has no factor 1/2 (O1)"},
        std::tuple{"O1_loss_factor_half", 0.5, "the loss has a factor 1/2 (O1)"}}) {
    list.push_back(of_learner(id, "divisor", words, &LearnerConfig::loss_factor, factor));
  }
  list.push_back(of_learner("O2_interval_in_updates", "interval",
                            "the target interval counts updates (O2)",
                            &LearnerConfig::target_interval_in_updates, true));
  list.push_back(of_qmix<std::string>("A5_bias_after_elu", "bias_place",
                                      "the first bias of the mixer joins after the elu (A5)",
                                      &mixers::MixerConfig::bias_place, "after"));
  list.push_back(of_optimiser("J2_clip_without_eps", "clip",
                              "clipping divides by the norm without 1e-6 (J2)",
                              &nn::OptimiserConfig::clip_eps, false));
  list.push_back(of_optimiser<std::string>("J2_radam", "optimiser", "the optimiser is RAdam (J2)",
                                           &nn::OptimiserConfig::optimiser, "radam"));
  for (std::size_t i = first; i < list.size(); ++i) list[i].is_quirk = true;
}

void add_masks(std::vector<Deviation>& list) {
  using Mask = Mistakes::Mask;
  list.push_back(of_mistakes("no_mask", "mask", "no mask: padding enters the loss", &Mistakes::mask,
                             Mask::kNone));
  list.push_back(
      of_mistakes("mask_drops_terminal_step", "mask",
                  "the mask is filled[t+1] (1 - terminated[t]): the terminal step is lost",
                  &Mistakes::mask, Mask::kDropsLast));
  list.push_back(of_mistakes("mask_counts_filled_slots", "mask",
                             "the mask is filled[t]: the slot behind the last step counts",
                             &Mistakes::mask, Mask::kFilledSlots));
  list.push_back(of_mistakes("mask_unshifted", "mask",
                             "the mask is filled[t] (1 - terminated[t]): terminated is not shifted",
                             &Mistakes::mask, Mask::kUnshifted));
  list.push_back(of_mistakes("mask_one_early", "mask", "the mask is one step early",
                             &Mistakes::mask, Mask::kEarly));
  list.push_back(of_mistakes("mask_one_late", "mask",
                             "the mask is one step late and leaves out the first step",
                             &Mistakes::mask, Mask::kLate));
  list.push_back(together("no_mask_though_stored", "mask",
                          "no mask: padding enters returns and loss, and its steps divide the loss",
                          [](Variant& v) {
                            Mistakes& m = v.learner.mistakes;
                            m.loss_ignores_mask = m.returns_ignore_mask = true;
                            m.divisor = Mistakes::Divisor::kAllSteps;
                            return true;
                          }));
  list.push_back(of_mistakes("loss_without_mask", "loss_mask",
                             "the errors of padding are summed, though valid steps divide the loss",
                             &Mistakes::loss_ignores_mask, true));
  list.push_back(together("loss_mean_without_mask", "loss_mask",
                          "the loss is the mean over all steps, padding included", [](Variant& v) {
                            v.learner.mistakes.loss_ignores_mask = true;
                            v.learner.mistakes.divisor = Mistakes::Divisor::kAllSteps;
                            return true;
                          }));
  list.push_back(with_lambda("returns_without_mask", "returns_mask",
                             "the recursion of the returns takes padding for steps",
                             &Mistakes::returns_ignore_mask, true));
  using Divisor = Mistakes::Divisor;
  list.push_back(of_mistakes("loss_summed", "divisor", "the loss is a sum, not a mean",
                             &Mistakes::divisor, Divisor::kOne));
  list.push_back(of_mistakes("loss_over_all_steps", "divisor",
                             "the loss is divided by all steps, padding included",
                             &Mistakes::divisor, Divisor::kAllSteps));
  list.push_back(of_mistakes("loss_over_episodes", "divisor",
                             "the loss is divided by the number of episodes", &Mistakes::divisor,
                             Divisor::kEpisodes));
  list.push_back({.id = "loss_over_steps_not_agents",
                  .sentence = "the loss of IQL is a sum over agents, not a mean",
                  .group = "divisor",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    return v.mixer.mixer == "iql" &&
                           set(v.learner.mistakes.divisor, Divisor::kValidSteps);
                  }});
}

void add_targets(std::vector<Deviation>& list) {
  list.push_back(of_mistakes("max_over_unavailable", "avail",
                             "the greedy action is taken over unavailable actions, too",
                             &Mistakes::ignores_avail, true));
  list.push_back(together(
      "no_availability_anywhere", "avail",
      "availability is ignored, in the greedy action and in the target's values", [](Variant& v) {
        return v.learner.mask_target_qs && set(v.learner.mistakes.ignores_avail, true) &&
               set(v.learner.mask_target_qs, false);
      }));
  list.push_back(together("target_max_over_unavailable", "double_q",
                          "the target network's own maximum, over unavailable actions, too",
                          [](Variant& v) {
                            const bool a = set(v.learner.double_q, false);
                            const bool b = set(v.learner.mask_target_qs, false);
                            return set(v.learner.mistakes.target_ignores_avail, true) || a || b;
                          }));
  list.push_back(together("target_max_masked", "double_q",
                          "the target network's own maximum, with unavailable actions at -9999999",
                          [](Variant& v) {
                            return !v.learner.mask_target_qs && set(v.learner.double_q, false) &&
                                   set(v.learner.mask_target_qs, true);
                          }));
  using Terminal = Mistakes::Terminal;
  list.push_back(with_lambda("recursion_bootstraps_through_terminal", "terminal",
                             "the lambda recursion lacks (1 - terminated[t]), its start is right",
                             &Mistakes::terminal, Terminal::kRecursionBootstraps));
  list.push_back(with_lambda("start_bootstraps_through_terminal", "terminal",
                             "the lambda recursion starts with a value though the episode ended",
                             &Mistakes::terminal, Terminal::kStartBootstraps));
  list.push_back(of_mistakes("target_agent_is_online", "target_network",
                             "the target mixer mixes the online network's utilities",
                             &Mistakes::target_agent_is_online, true));
  list.push_back(of_mistakes("target_mixer_is_online", "target_network",
                             "the online mixer mixes the target network's utilities",
                             &Mistakes::target_mixer_is_online, true));
  list.push_back(of_mistakes("value_of_own_slot", "next_value",
                             "the target takes V[t] in place of V[t+1]",
                             &Mistakes::values_of_own_slot, true));
  list.push_back(of_mistakes("target_state_of_step", "next_value",
                             "the target mixer reads state[t] in place of state[t+1]",
                             &Mistakes::target_state_of_step, true));
  list.push_back(of_mistakes("lambda_from_wrong_end", "recursion",
                             "the lambda recursion runs from the first step to the last",
                             &Mistakes::returns_forwards, true));
  list.push_back(with_lambda("lambda_accumulates_forwards", "recursion",
                             "the lambda recursion builds on the row before, not on the one behind",
                             &Mistakes::returns_accumulate, true));
  list.push_back(
      {.id = "lambda_swapped",
       .sentence = "lambda and 1 - lambda are swapped",
       .group = "lambda",
       .is_quirk = false,
       .apply = [](Variant& v) { return set(v.learner.td_lambda, 1 - v.learner.td_lambda); }});
  list.push_back(of_learner("lambda_zero", "lambda", "the returns are one-step, lambda = 0",
                            &LearnerConfig::td_lambda, 0.0));
  list.push_back(
      of_learner("gamma_one", "gamma", "no discount, gamma = 1", &LearnerConfig::gamma, 1.0));
  list.push_back(of_mistakes("reward_of_next_step", "reward_shift",
                             "the target takes r[t+1] in place of r[t]",
                             &Mistakes::reward_of_next_step, true));
}

std::vector<Deviation> make_catalogue() {
  std::vector<Deviation> list;
  add_quirks(list);
  add_masks(list);
  add_targets(list);
  add_returns(list);
  add_objectives(list);
  add_networks(list);
  return list;
}

}  // namespace

const std::vector<Deviation>& deviations() {
  static const std::vector<Deviation> catalogue = make_catalogue();
  return catalogue;
}

const Deviation& deviation(const std::string& id) {
  const auto found = std::ranges::find(deviations(), id, &Deviation::id);
  if (found == deviations().end()) throw Error(id + ": no such deviation");
  return *found;
}

}  // namespace qtot::oracle
