#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtot/config/options.h"
#include "qtot/config/value.h"

/// Every key of a training run, under the names that PyMARL and PyMARL2 use. The defaults are
/// PyMARL's for QMIX, but for a small replay buffer: small ones learn faster (Hu et al., 2021,
/// "Rethinking the implementation tricks and monotonicity constraint in cooperative MARL").
namespace qtot::config {

struct TrainingConfig {
  std::string name = "qmix";
  std::string preset = "strict";  // a name of presets()

  // ---- the run: environment steps are counted over all environments, without evaluation
  std::uint64_t seed = 1;
  std::string env;  // "" until an environment's file or the command line names one
  Map env_args;     // read by the environment
  std::int64_t t_max = 2050000;
  int batch_size_run = 1;
  int n_updates_per_round = 1;
  int pipeline = 0;
  std::string scalar = "float";

  // ---- replay
  int batch_size = 32;
  int buffer_size = 1000;
  bool use_per = false;
  double per_alpha = 0.6;
  double per_beta = 0.4;
  bool return_priority = false;
  bool per_skips_last = false;

  // ---- exploration
  double epsilon_start = 1;
  double epsilon_finish = 0.05;
  std::int64_t epsilon_anneal_time = 50000;

  // ---- targets and loss
  double gamma = 0.99;
  double td_lambda = 0;
  std::string returns = "peng";  // docs/algorithms.md lists them
  int n_step = 1;
  double target_epsilon = 0;
  bool q_lambda = false;
  bool double_q = true;
  double loss_factor = 1;
  std::string objective = "td";  // td | weighted_td | qtran_base | qtran_alt
  double w = 0.1;
  bool hysteretic_qmix = false;
  double central_loss = 1;
  double opt_loss = 1;
  double nopt_min_loss = 0.1;
  int target_update_interval = 200;
  std::string target_update_unit = "episodes";  // episodes | updates
  double target_update_tau = 0;
  bool use_target_network = true;
  std::string time_limit = "truncation";     // truncation | terminal
  std::string padding_mask = "strict";       // strict | pymarl
  std::string lambda_start = "episode_end";  // episode_end | batch_end
  bool mask_target_qs = false;
  bool mask_online_qs = false;
  std::string terminal_step = "ends";        // ends | bootstraps | returns_value
  std::string target_unroll = "first_slot";  // first_slot | second_slot
  double reward_scale = 1;
  std::string standardise_rewards =
      "none";                        // none | steps | running | padded_batch | padded_running
  std::string empty_batch = "skip";  // skip | nan
  std::string non_finite = "error";  // error | ignore

  // ---- optimiser
  std::string optimizer = "rmsprop";  // rmsprop | adam | radam
  double lr = 0.0005;
  std::string lr_decay = "none";  // none | linear
  double optim_alpha = 0.99;
  double optim_eps = 1e-5;
  double adam_eps = 1e-8;
  double weight_decay = 0;
  double grad_norm_clip = 10;
  bool grad_norm_clip_eps = true;

  // ---- agent
  std::string agent = "rnn";  // rnn | ff
  int rnn_hidden_dim = 64;
  bool obs_agent_id = true;
  bool obs_last_action = true;
  bool use_layer_norm = false;
  bool use_orthogonal = false;
  double gain = 0.01;

  // ---- mixer
  std::string mixer = "qmix";  // a name of src/mixers/mixers.def; see require_known
  int mixing_embed_dim = 32;
  int hypernet_layers = 2;
  int hypernet_embed = 64;
  bool abs = true;
  std::string qmix_pos_func = "abs";  // abs | softplus | quadratic
  double qmix_pos_func_beta = 1;
  std::string qmix_bias_place = "before";  // before | after
  bool qmix_ns_state_bias = true;
  int unit_dim = 0;  // of qatten and qplex_qatten; 0: state_dim / n_agents
  int n_attention_head = 4;
  int n_query_embedding_layer1 = 64;
  int n_query_embedding_layer2 = 32;
  int n_key_embedding_layer1 = 32;
  int n_head_embedding_layer1 = 64;
  int n_head_embedding_layer2 = 4;
  int n_constrant_value = 32;
  std::string type = "weighted";  // weighted | none
  int num_kernel = 4;             // of qplex
  int adv_hypernet_layers = 3;
  int adv_hypernet_embed = 64;
  bool is_minus_one = true;
  bool weighted_head = true;
  bool state_bias = true;  // of qplex_qatten
  double attend_reg_coef = 0.001;
  std::string attend_reg_mean = "steps";  // steps | padded_batch
  int central_mixing_embed_dim = 256;
  std::string network_size = "small";      // small | big
  std::string qtran_arch = "qtran_paper";  // qtran_paper | coma_critic

  // ---- from here on: no training keys, they may differ when a run is resumed
  int target_cache_mib = 256;
  std::int64_t test_interval = 10000;
  int test_nepisode = 32;
  std::int64_t log_interval = 10000;
  std::int64_t runner_log_interval = 10000;
  std::int64_t learner_log_interval = 10000;
  bool save_model = false;
  std::int64_t save_model_interval = 2000000;
  bool use_tensorboard = false;
  std::int64_t digest_interval = 100;
  std::string local_results_path = "results";
  double cluster_stall_timeout = 600;  // seconds; 0: never

  /// The whole knowledge about the keys; see Options.
  void options(Options& o);
};

/// Rules that bind several keys. Throws Error for the first that is broken, e.g.
///   batch_size = 128 is larger than buffer_size = 32: the buffer never holds so many episodes
void check(const TrainingConfig& config);

/// Turns the spelling of PyMARL and PyMARL2 into qtot's, in place:
///   `mixer:` without a value, "none"    -> "iql"; "nmix" -> "qmix"
///   agent: "n_rnn"                      -> "rnn"
///   mixer: "qtran_base", "qtran_alt"    -> objective of that name, with mixer "vdn"
///   learner: "nq_learner"               -> loss_factor 0.5 where no loss_factor is given
///   learner: "max_q_learner"            -> objective "weighted_td" where no objective is given
///   per, training_iters                 -> use_per, n_updates_per_round
///   seed without a value                -> the default seed
/// and takes out the keys that mean nothing here (use_cuda, runner, ...) or that name what qtot
/// does not have yet at its "off" value (obs_individual_obs: False). What was ignored is returned, in the order
/// of the map. Throws Error for a key of the second kind with a value that would change the
/// algorithm:
///   obs_individual_obs = True (my.yaml:7): not supported yet; qtot takes only False
std::vector<std::string> adopt_pymarl_keys(Map& map);

/// A peer, or `strict`: the values of the keys by which implementations of one algorithm differ. The
/// key `preset` gives them to all of these keys that nobody set.
struct Preset {
  std::string name;
  std::string summary;
  Map values;
};
const std::vector<Preset>& presets();
/// Adds what map's key `preset` names; a name that is none is left to the reader of the key.
void apply_preset(Map& map);

/// The configuration that `map` gives: adopts, reads, refuses unknown keys and checks.
struct ReadConfig {
  TrainingConfig config;
  std::vector<OptionInfo> options;
  std::vector<std::string> warnings;  // at most one line, about ignored keys
  Map map;                            // every key with the value in force
};
ReadConfig read_training_config(Map map);

/// One more table of the reference, e.g. an environment's keys.
struct ReferenceSection {
  std::string title;
  std::string text;  // a paragraph, may be ""
  std::vector<OptionInfo> options;
};

/// The reference of all keys in Markdown, from the lists that read them: TrainingConfig's, then
/// `more`, then PyMARL's keys that are ignored or not supported yet.
std::string reference_markdown(const std::vector<ReferenceSection>& more = {});

}  // namespace qtot::config
