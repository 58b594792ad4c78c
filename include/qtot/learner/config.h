#pragma once

#include <cstddef>

#include "qtot/agents/agent.h"
#include "qtot/config/training_config.h"
#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/core/episode.h"
#include "qtot/learner/mistakes.h"
#include "qtot/learner/network.h"
#include "qtot/learner/returns.h"
#include "qtot/mixers/mixer.h"
#include "qtot/nn/optimiser.h"

namespace qtot::learner {

/// Whether and how rewards are shifted and scaled before they enter the returns (quirk M6).
enum class RewardScaling {
  kNone,
  kValidSteps,    // (r - mean) / (std + 1e-5) over the steps of the batch
  kRunning,       // by mean and deviation of the steps of all batches so far, this one included
  kPaddedBatch,   // the same over the padded batch, zeros included (EPyMARL of 2021)
  kPaddedRunning  // running mean and variance over padded batches (EPyMARL since 2022)
};

/// What a step of learning is; the keys of the same names (docs/configuration.md). The switches below
/// the line reproduce what the peers do differently (docs/oracle.md has the catalogue) and are off in
/// the strict preset.
struct LearnerConfig {
  double gamma = 0.99;
  double td_lambda = 0;
  ReturnRule returns = ReturnRule::kPeng;
  int n_step = 1;  // of ReturnRule::kNStep
  double target_epsilon =
      0;  // the corrected returns' target policy explores: K = N or Q_tot linear
  bool double_q = true;
  double loss_factor = 1;      // 1 in PyMARL, 0.5 in PyMARL2
  double weight = 0.1;         // Weighted QMIX: alpha, of errors that do not count in full; key w
  bool optimistic = false;     // Weighted QMIX: OW in place of CW; key hysteretic_qmix
  double central_loss = 1;     // Weighted QMIX: c, of the loss of Q*
  double opt_loss = 1;         // QTRAN: lambda_opt
  double nopt_min_loss = 0.1;  // QTRAN: lambda_nopt
  double attend_reg_coef = 0.001;  // of the regulariser, for mixers that have one
  double grad_norm_clip = 10;
  nn::OptimiserConfig optimiser = {};
  double reward_scale = 1;           // times each reward
  int target_update_interval = 200;  // episodes between hard copies
  double target_update_tau = 0;      // > 0: Polyak averaging after every update instead
  /// What is kept of the target network's utilities between two copies into it, at most; in no bit
  std::size_t target_cache_bytes = 0;
  // ---
  bool time_limit_is_terminal = false;  // M2: no bootstrap where only the time limit ended
  bool pymarl_padding_mask = false;     // M1: counts the slot after a truncated, shorter episode
  bool lambda_from_batch_end = false;   // T1: the recursion starts at the end of the padded batch
  bool mask_target_qs = false;          // M3: unavailable actions of the target network at -9999999
  bool mask_online_qs = false;       // M4: the same for the stored action under the online network
  bool nan_without_steps = false;    // M5: a batch without a valid step gives NaN, not nothing
  bool regularises_padding = false;  // M7: the regulariser is a mean over the padded batch
  RewardScaling reward_scaling = RewardScaling::kNone;  // M6
  bool q_lambda = false;                                // T2: PyMARL2's q_lambda
  bool bootstrap_terminal = false;        // T4: the value after a terminal step counts
  bool terminal_return_is_value = false;  // T5: a terminal step returns that value, not the reward
  bool target_skips_first_slot = false;   // T9: the target network's unroll starts at slot 1
  bool use_target_network = true;         // T11: false takes the online network in its place
  bool target_interval_in_updates = false;  // O2: the interval counts updates, not episodes
  bool ignore_non_finite = false;           // O4: a NaN gradient is stepped with, silently
  // ---
  /// T of the padded batch, which the peers' padding quirks (M1, T1, M6) go by, where that is more
  /// than its longest episode.
  int padded_length = 0;
  Mistakes mistakes = {};
};

/// What the keys of a configuration mean to the parts.
agents::AgentConfig agent_config(const config::TrainingConfig& config,
                                 const core::DecPomdpSpec& spec);
mixers::MixerConfig mixer_config(const config::TrainingConfig& config,
                                 const core::DecPomdpSpec& spec);
ObjectiveConfig objective_config(const config::TrainingConfig& config);
LearnerConfig learner_config(const config::TrainingConfig& config);

/// What the episodes must have that such a learner learns from.
core::Extras extras_of(const LearnerConfig& config);

/// The network of a configuration.
template <class T>
Network<T> make_network(const config::TrainingConfig& config, const core::DecPomdpSpec& spec);

}  // namespace qtot::learner
