#include "qtot/config/training_config.h"

#include <cstdint>
#include <string>
#include <utility>

#include "qtot/base/error.h"

namespace qtot::config {
namespace {

// Sizes come from files: bounded here, so that no product of two of them overflows later.
constexpr int kMaxEpisodes = 1 << 20;
constexpr int kMaxWidth = 1 << 14;

Rule<int> count() {
  return between(1, kMaxEpisodes);
}
Rule<int> width() {
  return between(1, kMaxWidth);
}
Rule<std::int64_t> steps() {
  return at_least(std::int64_t{1});
}
Rule<double> share() {
  return between(0.0, 1.0);
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

void run_options(TrainingConfig& c, Options& o) {
  o.add("preset", c.preset,
        "whose conventions the keys follow that nobody set; docs/oracle.md has the catalogue",
        one_of(preset_names()));
  o.add("seed", c.seed, "root of all randomness; a run is a function of it and the training keys");
  o.add("env", c.env, "environment, as `qtot env list` names it");
  o.add("env_args", c.env_args, "the environment's own keys, e.g. env_args.map_name=3m");
  o.add("t_max", c.t_max, "environment steps to train for", steps());
  o.add("batch_size_run", c.batch_size_run,
        "episodes collected per round, all with one policy; learner updates follow each round",
        count());
  o.add("n_updates_per_round", c.n_updates_per_round,
        "updates that follow a round, each on a batch of its own; training_iters is another name",
        count());
  o.add("pipeline", c.pipeline,
        "1: acting for the next round overlaps learning, with a policy one round old; 0: in turns",
        between(0, 1));
  o.add("scalar", c.scalar, "number type of training", equal_to(std::string("float")));

  o.add("batch_size", c.batch_size,
        "episodes per learner update, drawn without replacement unless use_per is set", count());
  o.add("buffer_size", c.buffer_size,
        "episodes that the replay ring holds; small ones learn faster", count());

  o.add(
      "use_per", c.use_per,
      "batches are drawn by priority, with replacement (Schaul et al., 2016); per is another name");
  o.add("per_alpha", c.per_alpha, "power of the priorities; 0: all episodes alike", share());
  o.add(
      "per_beta", c.per_beta,
      "how much of their bias the weights of the errors take away, at first; 1 at t_max, linearly",
      share());
  o.add(
      "return_priority", c.return_priority,
      "the priority is the episode's return, from 0 to 1 among those drawn so far, in place of its "
      "mean error times the root of its length");
  o.add("per_skips_last", c.per_skips_last,
        "never draw the last place of the buffer that is in use, as PyMARL2");

  o.add("epsilon_start", c.epsilon_start, "exploration rate at the first step", share());
  o.add("epsilon_finish", c.epsilon_finish, "exploration rate after the anneal", share());
  o.add("epsilon_anneal_time", c.epsilon_anneal_time,
        "environment steps over which the rate falls, linearly", steps());
}

void target_options(TrainingConfig& c, Options& o) {
  o.add("gamma", c.gamma, "discount per step", share());
  o.add("td_lambda", c.td_lambda,
        "trace decay of the returns; 0 is one-step with each of them, 1 with Peng's Monte Carlo",
        share());
  o.add("returns", c.returns,
        "what a step's target looks ahead to: Peng's lambda-return, n steps, or the off-policy "
        "corrected and SARSA's of docs/algorithms.md",
        one_of({"peng", "n_step", "watkins", "harutyunyan", "tree_backup", "retrace",
                "importance_sampling", "sarsa"}));
  o.add("n_step", c.n_step, "how many rewards the return n_step adds up", count());
  o.add("target_epsilon", c.target_epsilon,
        "exploration of the policy whose values the corrected returns estimate; 0: greedy",
        share());
  o.add("q_lambda", c.q_lambda,
        "PyMARL2's: the target network's V - Q of each step joins its reward in the lambda-return");
  o.add("double_q", c.double_q,
        "the online network chooses the bootstrap action; False: the target network does");
  o.add("loss_factor", c.loss_factor,
        "factor of the mean squared error: 1 in PyMARL, 0.5 in PyMARL2", above(0.0));
  o.add("objective", c.objective,
        "what is minimised: errors of Q_tot (td), those weighted against an unrestricted Q* "
        "(weighted_td: CW-QMIX, OW-QMIX), or QTRAN's (qtran_base, qtran_alt)",
        one_of({"td", "weighted_td", "qtran_base", "qtran_alt"}));
  o.add("w", c.w, "weighted_td: weight of the errors that do not count in full", share());
  o.add("hysteretic_qmix", c.hysteretic_qmix,
        "weighted_td: True counts errors of underestimation in full (OW-QMIX), False those of "
        "actions taken for the best (CW-QMIX)");
  o.add("central_loss", c.central_loss, "weighted_td: factor of the loss of Q*", above(0.0));
  o.add("opt_loss", c.opt_loss, "QTRAN: factor of the loss of the greedy joint action",
        at_least(0.0));
  o.add("nopt_min_loss", c.nopt_min_loss, "QTRAN: factor of the loss of the other joint actions",
        at_least(0.0));
  o.add("target_update_interval", c.target_update_interval,
        "episodes between hard copies into the target network", at_least(1));
  o.add("target_update_unit", c.target_update_unit,
        "what that interval counts: environment episodes, or updates as in EPyMARL",
        one_of({"episodes", "updates"}));
  o.add("target_update_tau", c.target_update_tau,
        "above 0: Polyak averaging after each update, in place of hard copies", share());
  o.add("use_target_network", c.use_target_network,
        "False: the online network takes the place of the target network");
  o.add("time_limit", c.time_limit,
        "what the end by the time limit is: a truncation, which bootstraps, or a terminal",
        one_of({"truncation", "terminal"}));
  o.add("padding_mask", c.padding_mask,
        "strict: the L steps of an episode enter the loss; pymarl: also the slot after an episode "
        "that was truncated before the longest of its batch",
        one_of({"strict", "pymarl"}));
  o.add("lambda_start", c.lambda_start,
        "where the recursion of the lambda-return starts; batch_end is PyMARL2's",
        one_of({"episode_end", "batch_end"}));
  o.add("mask_target_qs", c.mask_target_qs,
        "unavailable actions of the target network count as -9999999, as in PyMARL");
  o.add(
      "mask_online_qs", c.mask_online_qs,
      "the same for a stored action that is unavailable, under the online network, as in PyMARL3");
  o.add("terminal_step", c.terminal_step,
        "what a terminal step returns: ends: its reward; bootstraps: also the value behind it, as "
        "JaxMARL since January 2025; returns_value: that value alone, as JaxMARL's transf_qmix",
        one_of({"ends", "bootstraps", "returns_value"}));
  o.add("target_unroll", c.target_unroll,
        "slot at which the target network's hidden state is zero; second_slot is DI-engine's",
        one_of({"first_slot", "second_slot"}));
  o.add("reward_scale", c.reward_scale,
        "times the reward, for the learner alone: what is logged stays the environment's",
        above(0.0));
  o.add(
      "standardise_rewards", c.standardise_rewards,
      "by mean and deviation of the batch's valid steps (steps) or of those of all batches so far "
      "(running); padded_batch, padded_running: zeros of the padding included, as EPyMARL in 2021 "
      "and since 2022",
      one_of({"none", "steps", "running", "padded_batch", "padded_running"}));
  o.add("empty_batch", c.empty_batch,
        "a batch without a valid step changes nothing, or makes everything NaN as in PyTorch",
        one_of({"skip", "nan"}));
  o.add("non_finite", c.non_finite,
        "a gradient that is not finite stops the run, or is stepped with in silence",
        one_of({"error", "ignore"}));
}

void optimiser_options(TrainingConfig& c, Options& o) {
  o.add("optimizer", c.optimizer, "as PyTorch computes it", one_of({"rmsprop", "adam", "radam"}));
  o.add("lr", c.lr, "step size of the optimiser", above(0.0));
  o.add("lr_decay", c.lr_decay, "linear: from lr at the first step to 0 at t_max",
        one_of({"none", "linear"}));
  o.add("optim_alpha", c.optim_alpha, "decay of RMSprop's squared gradients; Adam ignores it",
        share());
  o.add("optim_eps", c.optim_eps,
        "added to RMSprop's root; Adam and RAdam take adam_eps, as in PyMARL2", above(0.0));
  o.add("adam_eps", c.adam_eps, "added to Adam's and RAdam's root", above(0.0));
  o.add("weight_decay", c.weight_decay, "times the parameter, added to its gradient",
        at_least(0.0));
  o.add("grad_norm_clip", c.grad_norm_clip, "largest global norm of the gradient", above(0.0));
  o.add("grad_norm_clip_eps", c.grad_norm_clip_eps,
        "PyTorch adds 1e-06 to the norm before it divides; False: optax does not");
}

void network_options(TrainingConfig& c, Options& o) {
  o.add("agent", c.agent, "recurrent (fc, GRU, fc) or feed-forward; n_rnn is another name of rnn",
        one_of({"rnn", "ff"}));
  o.add("rnn_hidden_dim", c.rnn_hidden_dim, "width of the agent's hidden layer", width());
  o.add("obs_agent_id", c.obs_agent_id, "the agent's index, one-hot, joins its observation");
  o.add("obs_last_action", c.obs_last_action, "its last action, one-hot, joins its observation");
  o.add("use_layer_norm", c.use_layer_norm, "layer norm before the agent's output layer");
  o.add("use_orthogonal", c.use_orthogonal,
        "orthogonal initialisation of the agents' linear layers and of the mixers");
  o.add("gain", c.gain, "factor of the orthogonal output layer of the agent", above(0.0));

  o.add(
      "mixer", c.mixer,
      "how utilities become Q_tot: qmix, vdn, iql (none), qatten, qplex, qplex_qatten, or the "
      "ablations of the QMIX paper vdn_s, qmix_lin, qmix_ns; nmix is another name of qmix, dmaq of "
      "qplex, dmaq_qatten of qplex_qatten");
  o.add("mixing_embed_dim", c.mixing_embed_dim, "width of the mixing network", width());
  o.add("hypernet_layers", c.hypernet_layers, "layers of the networks that write its weights",
        between(1, 2));
  o.add("hypernet_embed", c.hypernet_embed, "their width where they have two layers", width());
  o.add("abs", c.abs, "False: the weights of the mixing network may be negative (no IGM)");
  o.add("qmix_pos_func", c.qmix_pos_func, "what makes the weights positive",
        one_of({"abs", "softplus", "quadratic"}));
  o.add("qmix_pos_func_beta", c.qmix_pos_func_beta, "sharpness of softplus", above(0.0));
  o.add("qmix_bias_place", c.qmix_bias_place,
        "whether the first bias of the mixing network joins before or after its elu",
        one_of({"before", "after"}));
  o.add("qmix_ns_state_bias", c.qmix_ns_state_bias,
        "whether qmix_ns, whose weights know no state, keeps the state's value as a bias");
  o.add("central_mixing_embed_dim", c.central_mixing_embed_dim,
        "weighted_td: width of the network that mixes Q*", width());
  o.add("network_size", c.network_size,
        "QTRAN: big gives the joint networks, whose width is mixing_embed_dim, one more layer",
        one_of({"small", "big"}));
  o.add("qtran_arch", c.qtran_arch,
        "qtran_base: the joint network reads the agents' hidden states, or the joint action alone "
        "(coma_critic)",
        one_of({"qtran_paper", "coma_critic"}));
}

void qatten_options(TrainingConfig& c, Options& o) {
  o.add("unit_dim", c.unit_dim,
        "qatten, qplex_qatten: the state begins with this many numbers about each agent, agent by "
        "agent; 0: all of "
        "it, in equal shares; another name is agent_own_state_size",
        between(0, kMaxWidth));
  o.add("n_attention_head", c.n_attention_head,
        "qatten, qplex_qatten: heads that weigh the agents; another name is n_head", width());
  o.add("n_query_embedding_layer1", c.n_query_embedding_layer1,
        "qatten: hidden width of the networks from the state to the queries", width());
  o.add("n_query_embedding_layer2", c.n_query_embedding_layer2, "qatten: width of the queries",
        width());
  o.add("n_key_embedding_layer1", c.n_key_embedding_layer1,
        "qatten: width of the keys; the queries'", width());
  o.add("n_head_embedding_layer1", c.n_head_embedding_layer1,
        "qatten: hidden width of the network that weighs the heads", width());
  o.add("n_head_embedding_layer2", c.n_head_embedding_layer2,
        "qatten: its outputs, as many as there are heads", width());
  o.add("n_constrant_value", c.n_constrant_value,
        "qatten: hidden width of the network of the state's value; PyMARL2's spelling", width());
  o.add("type", c.type, "qatten: whether the state weighs the heads, or they are just added",
        one_of({"weighted", "none"}));
}

void qplex_options(TrainingConfig& c, Options& o) {
  o.add("num_kernel", c.num_kernel,
        "qplex, qplex_qatten: products that its advantage weights add up", width());
  o.add("adv_hypernet_layers", c.adv_hypernet_layers,
        "qplex, qplex_qatten: layers of the networks that write them", between(1, 3));
  o.add("adv_hypernet_embed", c.adv_hypernet_embed,
        "qplex, qplex_qatten: their width where they have several layers", width());
  o.add("is_minus_one", c.is_minus_one,
        "qplex, qplex_qatten: the weights of the advantages are taken minus one, since the values "
        "hold them once");
  o.add(
      "weighted_head", c.weighted_head,
      "qplex: the state scales and shifts the agents' values first; qplex_qatten: the state weighs "
      "the heads, which else are just added");
  o.add("state_bias", c.state_bias, "qplex_qatten: the state shifts the agents' values");
  o.add(
      "attend_reg_coef", c.attend_reg_coef,
      "qplex_qatten: times the sum over heads of the mean squared attention logit, which the loss "
      "adds",
      at_least(0.0));
  o.add("attend_reg_mean", c.attend_reg_mean,
        "qplex_qatten: what that is a mean of: the steps, or all of the padded batch",
        one_of({"steps", "padded_batch"}));
}

void reporting_options(TrainingConfig& c, Options& o) {
  o.training(false);
  o.add("name", c.name, "name of the run, for people");
  o.add("target_cache_mib", c.target_cache_mib,
        "MiB of target-network values that are kept for episodes drawn again; 0: none; shows in no "
        "bit",
        between(0, 1 << 20));
  o.add("test_interval", c.test_interval, "environment steps between evaluations", steps());
  o.add("test_nepisode", c.test_nepisode, "greedy episodes of an evaluation", count());
  o.add("log_interval", c.log_interval, "environment steps between progress lines", steps());
  o.add("runner_log_interval", c.runner_log_interval,
        "environment steps between records about the episodes played", steps());
  o.add("learner_log_interval", c.learner_log_interval,
        "environment steps between records about the updates made", steps());
  o.add("save_model", c.save_model, "write checkpoints on the way; the last one is always written");
  o.add("save_model_interval", c.save_model_interval, "environment steps between checkpoints",
        steps());
  o.add("use_tensorboard", c.use_tensorboard, "write TensorBoard event files, too");
  o.add("digest_interval", c.digest_interval, "updates between fingerprints in digests.jsonl",
        steps());
  o.add("local_results_path", c.local_results_path, "folder of the run folders");
  o.add(
      "cluster.stall_timeout", c.cluster_stall_timeout,
      "seconds that one of several ranks waits for the others while nothing comes, before the job "
      "ends with exit code 75; more than rank 0 takes to read or write a checkpoint; 0: for ever",
      at_least(0.0));
  o.training(true);
}

}  // namespace

void TrainingConfig::options(Options& o) {
  run_options(*this, o);
  target_options(*this, o);
  optimiser_options(*this, o);
  network_options(*this, o);
  qatten_options(*this, o);
  qplex_options(*this, o);
  reporting_options(*this, o);
}

ReadConfig read_training_config(Map map) {
  ReadConfig read;
  const std::vector<std::string> ignored = adopt_pymarl_keys(map);
  apply_preset(map);
  if (!ignored.empty()) {
    std::string warning = "ignored, without meaning in qtot:";
    for (const std::string& key : ignored) warning += " " + key;
    read.warnings.push_back(std::move(warning));
  }
  Options options(std::move(map));
  read.config.options(options);
  options.refuse_unknown("");
  check(read.config);
  read.options = options.infos();
  read.map = options.values();
  return read;
}

}  // namespace qtot::config
