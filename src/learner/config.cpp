#include "qtot/learner/config.h"

#include <cstddef>
#include <string>

#include "qtot/math/scalars.h"

namespace qtot::learner {
namespace {

nn::OptimiserConfig optimiser_config(const config::TrainingConfig& config) {
  nn::OptimiserConfig optimiser;
  optimiser.optimiser = config.optimizer;
  optimiser.lr = config.lr;
  optimiser.alpha = config.optim_alpha;
  optimiser.eps = config.optimizer == "rmsprop" ? config.optim_eps : config.adam_eps;
  optimiser.weight_decay = config.weight_decay;
  optimiser.clip_eps = config.grad_norm_clip_eps;
  return optimiser;
}

RewardScaling reward_scaling(const std::string& name) {
  if (name == "steps") return RewardScaling::kValidSteps;
  if (name == "running") return RewardScaling::kRunning;
  if (name == "padded_batch") return RewardScaling::kPaddedBatch;
  if (name == "padded_running") return RewardScaling::kPaddedRunning;
  return RewardScaling::kNone;
}

ReturnRule return_rule(const std::string& name) {
  if (name == "n_step") return ReturnRule::kNStep;
  if (name == "watkins") return ReturnRule::kWatkins;
  if (name == "harutyunyan") return ReturnRule::kHarutyunyan;
  if (name == "tree_backup") return ReturnRule::kTreeBackup;
  if (name == "retrace") return ReturnRule::kRetrace;
  if (name == "importance_sampling") return ReturnRule::kImportanceSampling;
  if (name == "sarsa") return ReturnRule::kSarsa;
  return ReturnRule::kPeng;
}

}  // namespace

agents::AgentConfig agent_config(const config::TrainingConfig& config,
                                 const core::DecPomdpSpec& spec) {
  return {.agent = config.agent,
          .spec = spec,
          .hidden_dim = config.rnn_hidden_dim,
          .obs_last_action = config.obs_last_action,
          .obs_agent_id = config.obs_agent_id,
          .layer_norm = config.use_layer_norm,
          .orthogonal_gain = config.use_orthogonal ? config.gain : 0};
}

mixers::MixerConfig mixer_config(const config::TrainingConfig& config,
                                 const core::DecPomdpSpec& spec) {
  mixers::MixerConfig mixer;
  mixer.mixer = config.mixer;
  mixer.n_agents = spec.n_agents;
  mixer.state_dim = spec.state_dim;
  mixer.mixing_embed_dim = config.mixing_embed_dim;
  mixer.hypernet_layers = config.hypernet_layers;
  mixer.hypernet_embed = config.hypernet_embed;
  mixer.positivity = config.abs ? config.qmix_pos_func : "none";
  mixer.softplus_beta = config.qmix_pos_func_beta;
  mixer.bias_place = config.qmix_bias_place;
  mixer.orthogonal = config.use_orthogonal;
  mixer.ns_state_bias = config.qmix_ns_state_bias;
  mixer.unit_dim = config.unit_dim;
  mixer.n_heads = config.n_attention_head;
  mixer.query_hidden = config.n_query_embedding_layer1;
  mixer.key_embed = config.n_key_embedding_layer1;
  mixer.head_hidden = config.n_head_embedding_layer1;
  mixer.value_hidden = config.n_constrant_value;
  mixer.weighted_heads =
      config.mixer == "qplex_qatten" ? config.weighted_head : config.type == "weighted";
  mixer.n_actions = spec.n_actions;
  mixer.n_kernels = config.num_kernel;
  mixer.kernel_layers = config.adv_hypernet_layers;
  mixer.kernel_hidden = config.adv_hypernet_embed;
  mixer.advantage_minus_one = config.is_minus_one;
  mixer.weighted_agents = config.weighted_head;
  mixer.state_bias = config.state_bias;
  return mixer;
}

ObjectiveConfig objective_config(const config::TrainingConfig& config) {
  return {.objective = config.objective,
          .central_mixing_embed_dim = config.central_mixing_embed_dim,
          .orthogonal = config.use_orthogonal,
          .joint_embed_dim = config.mixing_embed_dim,
          .network_size = config.network_size,
          .qtran_arch = config.qtran_arch};
}

LearnerConfig learner_config(const config::TrainingConfig& config) {
  LearnerConfig learner;
  learner.gamma = config.gamma;
  learner.td_lambda = config.td_lambda;
  learner.returns = return_rule(config.returns);
  learner.n_step = config.n_step;
  learner.target_epsilon = config.target_epsilon;
  learner.double_q = config.double_q;
  learner.loss_factor = config.loss_factor;
  learner.weight = config.w;
  learner.optimistic = config.hysteretic_qmix;
  learner.central_loss = config.central_loss;
  learner.opt_loss = config.opt_loss;
  learner.nopt_min_loss = config.nopt_min_loss;
  learner.attend_reg_coef = config.attend_reg_coef;
  learner.grad_norm_clip = config.grad_norm_clip;
  learner.optimiser = optimiser_config(config);
  learner.target_update_interval = config.target_update_interval;
  learner.target_update_tau = config.target_update_tau;
  learner.target_cache_bytes = static_cast<std::size_t>(config.target_cache_mib) << 20;
  learner.time_limit_is_terminal = config.time_limit == "terminal";
  learner.pymarl_padding_mask = config.padding_mask == "pymarl";
  learner.lambda_from_batch_end = config.lambda_start == "batch_end";
  learner.mask_target_qs = config.mask_target_qs;
  learner.mask_online_qs = config.mask_online_qs;
  learner.regularises_padding = config.attend_reg_mean == "padded_batch";
  learner.nan_without_steps = config.empty_batch == "nan";
  learner.reward_scale = config.reward_scale;
  learner.reward_scaling = reward_scaling(config.standardise_rewards);
  learner.q_lambda = config.q_lambda;
  learner.bootstrap_terminal = config.terminal_step == "bootstraps";
  learner.terminal_return_is_value = config.terminal_step == "returns_value";
  learner.target_skips_first_slot = config.target_unroll == "second_slot";
  learner.use_target_network = config.use_target_network;
  learner.target_interval_in_updates = config.target_update_unit == "updates";
  learner.ignore_non_finite = config.non_finite == "ignore";
  return learner;
}

core::Extras extras_of(const LearnerConfig& config) {
  return weighs_by_behaviour(config.returns) ? core::Extras::kBehaviour : core::Extras::kNone;
}

template <class T>
Network<T> make_network(const config::TrainingConfig& config, const core::DecPomdpSpec& spec) {
  return make_network<T>(agent_config(config, spec), mixer_config(config, spec),
                         objective_config(config));
}

#define QTOT_INSTANTIATE(T)                                                 \
  template Network<T> make_network<T>(const config::TrainingConfig& config, \
                                      const core::DecPomdpSpec& spec);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
