#include "oracle/case_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "qtot/base/error.h"
#include "qtot/config/training_config.h"
#include "qtot/learner/config.h"

namespace qtot::oracle {
namespace {

using config::Map;
using config::Value;
using nlohmann::json;

// Keys of `args` that a learner step depends on.
constexpr auto kKeys = std::to_array<std::string_view>({"preset",
                                                        "gamma",
                                                        "td_lambda",
                                                        "q_lambda",
                                                        "returns",
                                                        "n_step",
                                                        "target_epsilon",
                                                        "double_q",
                                                        "loss_factor",
                                                        "grad_norm_clip",
                                                        "grad_norm_clip_eps",
                                                        "target_update_interval",
                                                        "target_update_unit",
                                                        "target_update_tau",
                                                        "use_target_network",
                                                        "time_limit",
                                                        "padding_mask",
                                                        "lambda_start",
                                                        "mask_target_qs",
                                                        "mask_online_qs",
                                                        "terminal_step",
                                                        "target_unroll",
                                                        "reward_scale",
                                                        "standardise_rewards",
                                                        "empty_batch",
                                                        "non_finite",
                                                        "optimizer",
                                                        "lr",
                                                        "optim_alpha",
                                                        "adam_eps",
                                                        "optim_eps",
                                                        "weight_decay",
                                                        "agent",
                                                        "rnn_hidden_dim",
                                                        "obs_agent_id",
                                                        "obs_last_action",
                                                        "use_layer_norm",
                                                        "mixer",
                                                        "mixing_embed_dim",
                                                        "hypernet_layers",
                                                        "hypernet_embed",
                                                        "abs",
                                                        "qmix_pos_func",
                                                        "qmix_pos_func_beta",
                                                        "qmix_bias_place",
                                                        "qmix_ns_state_bias",
                                                        "unit_dim",
                                                        "agent_own_state_size",
                                                        "n_attention_head",
                                                        "n_query_embedding_layer1",
                                                        "n_query_embedding_layer2",
                                                        "n_key_embedding_layer1",
                                                        "n_head_embedding_layer1",
                                                        "n_head_embedding_layer2",
                                                        "n_constrant_value",
                                                        "type",
                                                        "num_kernel",
                                                        "adv_hypernet_layers",
                                                        "adv_hypernet_embed",
                                                        "is_minus_one",
                                                        "weighted_head",
                                                        "n_head",
                                                        "state_bias",
                                                        "mask_dead",
                                                        "nonlinear",
                                                        "attend_reg_coef",
                                                        "attend_reg_mean",
                                                        "objective",
                                                        "w",
                                                        "hysteretic_qmix",
                                                        "central_loss",
                                                        "central_mixing_embed_dim",
                                                        "central_action_embed",
                                                        "central_mixer",
                                                        "qmix_loss",
                                                        "opt_loss",
                                                        "nopt_min_loss",
                                                        "network_size",
                                                        "qtran_arch",
                                                        "learner"});

constexpr const char* kOrigin = "meta.args";

Value value_of(const json& node, const std::string& origin) {
  if (node.is_null()) return {std::monostate{}, origin};
  if (node.is_boolean()) return {node.get<bool>(), origin};
  if (node.is_number_unsigned() &&
      node.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    return {node.get<double>(), origin};
  }
  if (node.is_number_integer()) return {node.get<std::int64_t>(), origin};
  if (node.is_number()) return {node.get<double>(), origin};
  if (node.is_string()) return {node.get<std::string>(), origin};
  throw Error(origin + ": expected a number, text, true, false or null, found a " +
              std::string(node.type_name()));
}

void set(Map& map, const std::string& key, Value value) {
  if (Value* old = config::find(map, key)) {
    *old = std::move(value);
  } else {
    map.emplace_back(key, std::move(value));
  }
}

void set_missing(Map& map, const std::string& key, Value value) {
  if (config::find(map, key) == nullptr) map.emplace_back(key, std::move(value));
}

std::string text_of(const json& node, const char* key, const std::string& otherwise) {
  const auto found = node.find(key);
  if (found == node.end() || found->is_null()) return otherwise;
  if (!found->is_string()) throw Error(std::string("meta.") + key + ": expected text");
  return found->get<std::string>();
}

const json& object_of(const json& node, const char* key) {
  static const json empty = json::object();
  const auto found = node.find(key);
  if (found == node.end() || found->is_null()) return empty;
  if (!found->is_object()) throw Error(std::string("meta.") + key + ": expected an object");
  return *found;
}

Map args_of(const json& meta) {
  Map map;
  for (const auto& [key, node] : object_of(meta, "args").items()) {
    if (std::ranges::find(kKeys, key) == kKeys.end()) continue;
    map.emplace_back(key, value_of(node, std::string(kOrigin) + "." + key));
  }
  return map;
}

// What `oracle step` was told beside the file it read: wins over everything in that file.
Map told(const json& meta) {
  Map map;
  for (const auto& [key, node] : object_of(meta, "with").items()) {
    map.emplace_back(key, value_of(node, "meta.with." + key));
  }
  return map;
}

// max_q_learner; PyMARL2 halves the loss of Q* alone.
void apply_weighted(const std::string& peer, Map& map, Case& result) {
  const std::string origin = "the peer's learner";
  set(map, "objective", {std::string("weighted_td"), origin});
  set(map, "double_q", {true, origin});
  set(map, "mask_target_qs", {true, origin});
  set_missing(map, "loss_factor", {1.0, origin});
  result.central_is_halved = peer == "pymarl2";
}

// What a peer's learner does whatever its keys say.
void apply_peer(const std::string& peer, const std::string& learner, Map& map, Case& result) {
  const bool is_nq = learner == "nq_learner";
  result.masked_is_squared = is_nq;
  if (peer == "qtot" || peer == "strict" || peer == "jaxmarl") return;
  if (learner == "dmaq_qatten_learner") {  // one-step in QPLEX's repository
    if (peer == "qplex") set(map, "td_lambda", {0.0, "the peer's learner"});
    set(map, "q_lambda", {false, "the peer's learner"});
    set_missing(map, "mask_target_qs", {true, "the peer's learner"});
    return;
  }
  const bool is_weighted = learner == "max_q_learner";
  if (!is_nq && !is_weighted && learner != "q_learner") {
    throw Error("meta.args.learner: " + learner +
                " is not supported; known are q_learner, nq_learner, dmaq_qatten_learner and "
                "max_q_learner");
  }
  if (is_nq) {  // nmix has two layers and no double_q = False
    set(map, "double_q", {true, "the peer's learner"});
    set(map, "hypernet_layers", {std::int64_t{2}, "the peer's learner"});
    const Value* abs = config::find(map, "abs");
    if (abs != nullptr && abs->text() == "False") {  // nothing is left to make positive
      set(map, "qmix_pos_func", {std::string("abs"), "the peer's learner"});
    }
    return;
  }
  if (is_weighted) apply_weighted(peer, map, result);
  // q_learner is one-step whatever td_lambda says, and its mixer knows abs alone
  if (!is_weighted || peer != "pymarl2") set(map, "td_lambda", {0.0, "the peer's learner"});
  set(map, "q_lambda", {false, "the peer's learner"});
  set(map, "abs", {true, "the peer's learner"});
  set(map, "qmix_pos_func", {std::string("abs"), "the peer's learner"});
  set_missing(map, "hypernet_layers", {std::int64_t{1}, "the peer's default"});
  if (peer == "pymarl2" || peer == "pymarl3") {
    set_missing(map, "mask_target_qs", {true, "the peer's learner"});
  }
}

// lr, decay and the like as the optimiser object held them
void read_optimiser(const json& meta, Map& map) {
  const std::string name = text_of(meta, "optimiser", "");
  if (!name.empty()) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    set(map, "optimizer", {lower, "meta.optimiser"});
  }
  const json& held = object_of(meta, "optim_defaults");
  const std::array<std::array<const char*, 2>, 4> names = {{{"lr", "lr"},
                                                            {"alpha", "optim_alpha"},
                                                            {"eps", "optim_eps"},
                                                            {"weight_decay", "weight_decay"}}};
  for (const auto& [theirs, ours] : names) {
    const auto found = held.find(theirs);
    if (found == held.end() || found->is_null()) continue;
    set(map, ours, value_of(*found, std::string("meta.optim_defaults.") + theirs));
  }
  for (const char* key : {"momentum", "centered", "amsgrad", "maximize", "nesterov"}) {
    const auto found = held.find(key);
    const bool is_off = found == held.end() || found->is_null() || *found == false || *found == 0;
    if (!is_off) throw Error(std::string("meta.optim_defaults.") + key + ": not supported");
  }
}

double beta_of(const json& betas, std::size_t i) {
  if (!betas.is_array() || betas.size() != 2 || !betas[i].is_number()) {
    throw Error("meta.optim_defaults.betas: expected two numbers");
  }
  const double beta = betas[i].get<double>();
  if (!(beta >= 0 && beta < 1)) {
    throw Error("meta.optim_defaults.betas: must be in [0, 1), found " + std::to_string(beta));
  }
  return beta;
}

// Adam's own numbers are no keys of the configuration.
void finish_optimiser(const json& meta, bool eps_is_given, const config::TrainingConfig& config,
                      nn::OptimiserConfig& optimiser) {
  const json& held = object_of(meta, "optim_defaults");
  if (eps_is_given) optimiser.eps = config.optim_eps;
  if (const auto betas = held.find("betas"); betas != held.end() && !betas->is_null()) {
    optimiser.beta1 = beta_of(*betas, 0);
    optimiser.beta2 = beta_of(*betas, 1);
  }
}

std::optional<bool> flag_of(const json& args, const char* key) {
  const auto found = args.find(key);
  if (found == args.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

}  // namespace

std::optional<bool> read_config(const json& meta, const Map& with, Case& result) {
  if (!meta.is_object()) throw Error("meta: expected a JSON object");
  const std::string peer = text_of(meta, "peer", "qtot");
  Map map = args_of(meta);
  const json& args = object_of(meta, "args");
  const bool is_ours = peer == "qtot" || peer == "strict" || peer == "jaxmarl";
  const std::string learner = text_of(args, "learner", is_ours ? "" : "q_learner");
  std::erase_if(map, [](const config::Entry& entry) { return entry.first == "learner"; });
  apply_peer(peer, learner, map, result);
  read_optimiser(meta, map);
  const std::string preset =
      text_of(meta, "preset", is_ours && peer != "jaxmarl" ? "strict" : peer);
  set_missing(map, "preset", {preset, "meta.preset"});
  config::merge(map, told(meta));
  config::merge(map, with);
  set(map, "env", {std::string("case"), "a case has no environment"});
  const bool eps_is_given = object_of(meta, "optim_defaults").contains("eps") ||
                            config::find(with, "optim_eps") != nullptr;

  const config::ReadConfig read = config::read_training_config(std::move(map));
  result.preset = read.config.preset;
  result.agent = learner::agent_config(read.config, result.spec);
  result.mixer = learner::mixer_config(read.config, result.spec);
  result.objective = learner::objective_config(read.config);
  result.learner = learner::learner_config(read.config);
  if (result.central_is_halved) result.learner.central_loss *= 0.5;
  finish_optimiser(meta, eps_is_given, read.config, result.learner.optimiser);
  const std::optional<bool> use_per = flag_of(args, "use_per");
  return use_per.has_value() ? use_per : flag_of(args, "per");
}

}  // namespace qtot::oracle
