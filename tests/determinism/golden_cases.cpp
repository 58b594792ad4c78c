#include "determinism/golden_cases.h"

#include <utility>

#include "qtot/config/training_config.h"
#include "qtot/env/env.h"

namespace qtot::golden {
namespace {

using config::Map;
using config::Value;

constexpr const char* kOrigin = "golden case";

Value integer(std::int64_t x) {
  return {x, kOrigin};
}
Value number(double x) {
  return {x, kOrigin};
}
Value flag(bool x) {
  return {x, kOrigin};
}
Value text(const char* x) {
  return {std::string(x), kOrigin};
}

// One hunter is enough for a stag, so that early agents catch some, freeze, and end episodes before the
// time limit.
Map stag_hunt() {
  Map args = {{"n_agents", integer(4)},
              {"n_stags", integer(4)},
              {"world_shape", {config::List{integer(6), integer(6)}, kOrigin}},
              {"episode_limit", integer(20)},
              {"capture_action_conditions", {config::List{integer(1), integer(1)}, kOrigin}},
              {"reward_time", number(-0.1)}};
  return {{"env", text("stag_hunt")}, {"env_args", {std::move(args), kOrigin}}};
}

Map two_step() {
  return {{"env", text("two_step")}};
}

// Stopped before the battle is decided, where nobody dies too early.
Map combat() {
  Map args = {{"map_name", text("3m")}, {"episode_limit", integer(25)}};
  return {{"env", text("combat")}, {"env_args", {std::move(args), kOrigin}}};
}

// Food that anybody can take, so that agents that know nothing are paid.
Map lbf() {
  Map args = {{"map_name", text("2s-8x8-2p-2f-coop")},
              {"force_coop", flag(false)},
              {"field_size", {config::List{integer(6), integer(6)}, kOrigin}},
              {"max_food_level", integer(1)},
              {"penalty", number(0.1)},
              {"mask", text("game")},
              {"episode_limit", integer(20)}};
  return {{"env", text("lbf")}, {"env_args", {std::move(args), kOrigin}}};
}

// Agents of different sizes, and rewards that no action avoids.
Map mpe() {
  Map args = {{"map_name", text("simple_speaker_listener")}, {"episode_limit", integer(20)}};
  return {{"env", text("mpe")}, {"env_args", {std::move(args), kOrigin}}};
}

// So many shelves are wanted that some are delivered.
Map rware() {
  Map args = {{"map_name", text("tiny-2ag-easy")},
              {"column_height", integer(3)},
              {"request_queue_size", integer(6)},
              {"episode_limit", integer(20)}};
  return {{"env", text("rware")}, {"env_args", {std::move(args), kOrigin}}};
}

Map of_map(const char* env, const char* map) {
  return {{"env", text(env)}, {"env_args", {Map{{"map_name", text(map)}}, kOrigin}}};
}

Map env_of(const std::string& name) {
  if (name == "stag_hunt") return stag_hunt();
  if (name == "lbf") return lbf();
  if (name == "mpe") return mpe();
  if (name == "rware") return rware();
  if (name == "hallway") return of_map("hallway", "hallway_6_6");
  if (name == "switch_riddle") return of_map("switch_riddle", "riddle_3");
  return name == "combat" ? combat() : two_step();
}

Map with(Map keys, const Map& more) {
  config::merge(keys, more);
  return keys;
}

Map golden_size() {
  return {{"seed", integer(7)},
          {"batch_size_run", integer(3)},
          {"batch_size", integer(8)},
          {"buffer_size", integer(41)},
          {"epsilon_anneal_time", integer(1500)},
          {"rnn_hidden_dim", integer(20)},
          {"mixing_embed_dim", integer(8)},
          {"hypernet_embed", integer(11)},
          {"td_lambda", number(0.6)},
          {"lr", number(0.001)},
          {"target_update_interval", integer(50)}};
}

// The first capture ends the episode, and a hare needs one hunter alone: random agents give a recorded
// batch of many lengths, some of them at the time limit.
Map learner_size() {
  Map args = {{"n_hare", integer(1)},
              {"capture_action_conditions", {config::List{integer(2), integer(1)}, kOrigin}},
              {"capture_terminal", flag(true)},
              {"miscapture_punishment", number(-0.3)}};
  const Map ragged = {{"env_args", {std::move(args), kOrigin}}};
  return with(with(with(golden_size(), stag_hunt()), ragged),
              {{"rnn_hidden_dim", integer(13)},
               {"mixing_embed_dim", integer(7)},
               {"hypernet_embed", integer(9)},
               {"target_update_interval", integer(2)}});
}

// Every way to look ahead but Peng's, which all other cases have. The target policies that explore need
// Q_tot to be linear.
std::vector<std::pair<std::string, Map>> return_rules() {
  const auto rule = [](const char* name, const char* mixer, const Map& more) {
    return std::pair{std::string(name),
                     with({{"returns", text(name)}, {"mixer", text(mixer)}}, more)};
  };
  const Map exploring = {{"target_epsilon", number(0.3)}};
  return {rule("n_step", "qmix", {{"n_step", integer(3)}, {"td_lambda", integer(0)}}),
          rule("watkins", "qmix", {}),
          rule("harutyunyan", "iql", exploring),
          rule("tree_backup", "qmix_lin", exploring),
          rule("retrace", "vdn", exploring),
          rule("importance_sampling", "vdn_s", exploring),
          rule("sarsa", "qmix", {})};
}

}  // namespace

std::vector<Case> training_cases() {
  struct Row {
    const char* mixer;
    const char* env;
    const char* optimizer;
  };
  constexpr Row kRows[] = {{"qmix", "stag_hunt", "adam"},   {"qmix", "two_step", "rmsprop"},
                           {"vdn", "stag_hunt", "rmsprop"}, {"vdn", "two_step", "adam"},
                           {"iql", "stag_hunt", "rmsprop"}, {"iql", "two_step", "adam"},
                           {"qmix", "combat", "rmsprop"},   {"vdn", "combat", "adam"}};
  std::vector<Case> cases;
  for (const Row& row : kRows) {
    for (const int pipeline : {0, 1}) {
      cases.push_back(
          {std::string("train-") + row.mixer + "-" + row.env + "-pipeline" +
               std::to_string(pipeline),
           with(with(golden_size(), env_of(row.env)), {{"mixer", text(row.mixer)},
                                                       {"optimizer", text(row.optimizer)},
                                                       {"pipeline", integer(pipeline)}})});
    }
  }
  for (const char* env : {"lbf", "mpe", "rware", "hallway", "switch_riddle"}) {
    cases.push_back({std::string("train-qmix-") + env + "-pipeline1",
                     with(with(golden_size(), env_of(env)), {{"pipeline", integer(1)}})});
  }
  // pipeline 1: what acts is older than what learns, and a resumed run plays a round again
  for (const auto& [name, keys] : return_rules()) {
    const Map pipelined = with(keys, {{"pipeline", integer(1)}});
    cases.push_back(
        {"train-" + name + "-two_step", with(with(golden_size(), two_step()), pipelined)});
  }
  const auto add = [&](const char* name, const char* env, const Map& keys) {
    cases.push_back({std::string("train-") + name + "-" + env + "-pipeline0",
                     with(with(golden_size(), env_of(env)), keys)});
  };
  const Map weighted = {{"objective", text("weighted_td")},
                        {"central_mixing_embed_dim", integer(12)}};
  add("cw_qmix", "stag_hunt", with(weighted, {{"optimizer", text("adam")}}));
  for (const char* name : {"qtran_base", "qtran_alt"}) {
    add(name, "stag_hunt", {{"objective", text(name)}, {"mixer", text("vdn")}});
  }
  add("ow_qmix", "stag_hunt", with(weighted, {{"hysteretic_qmix", flag(true)}}));
  // per_beta and lr would change with t_max, which the command line has its own of; beta stays at 1
  const Map tricks = {{"use_per", flag(true)},
                      {"per_beta", integer(1)},
                      {"n_updates_per_round", integer(2)},
                      {"standardise_rewards", text("running")},
                      {"optimizer", text("radam")},
                      {"use_orthogonal", flag(true)},
                      {"use_layer_norm", flag(true)}};
  for (const int pipeline : {0, 1}) {
    cases.push_back(
        {"train-tricks-stag_hunt-pipeline" + std::to_string(pipeline),
         with(with(with(golden_size(), env_of("stag_hunt")), tricks),
              {{"return_priority", flag(pipeline == 1)}, {"pipeline", integer(pipeline)}})});
  }
  return cases;
}

std::vector<Case> playing_cases() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, const std::string& env, Map args) {
    cases.push_back({"play-" + name,
                     {{"env", {env, kOrigin}},
                      {"env_args", {std::move(args), kOrigin}},
                      {"seed", integer(7)}}});
  };
  for (const env::EnvFamily& family : env::families()) {
    if (family.maps().empty()) add(family.name, family.name, {});
    for (const std::string& map : family.maps()) {
      const Map args = {{"map_name", {map, kOrigin}}};
      add(map, family.name, args);
      if (family.name != "combat") continue;
      add(map + "-compat", family.name, with(args, {{"rules", text("compat")}}));
    }
  }
  return cases;
}

std::vector<Case> learner_cases() {
  const auto mixer = [](const char* name, const Map& more = {}) {
    return with({{"mixer", text(name)}}, more);
  };
  const auto qmix = [&](int layers, const Map& more) {
    return mixer("qmix", with({{"hypernet_layers", integer(layers)}}, more));
  };
  const Map qatten = {{"unit_dim", integer(2)},
                      {"n_attention_head", integer(3)},
                      {"n_query_embedding_layer1", integer(9)},
                      {"n_query_embedding_layer2", integer(7)},
                      {"n_key_embedding_layer1", integer(7)},
                      {"n_head_embedding_layer1", integer(11)},
                      {"n_head_embedding_layer2", integer(3)},
                      {"n_constrant_value", integer(5)}};
  const Map qplex = {{"num_kernel", integer(3)}, {"adv_hypernet_embed", integer(7)}};
  const auto weighted = [&](bool optimistic) {
    return mixer("qmix", {{"objective", text("weighted_td")},
                          {"hysteretic_qmix", flag(optimistic)},
                          {"central_mixing_embed_dim", integer(10)}});
  };
  const std::vector<std::pair<const char*, Map>> rows = {
      {"iql", mixer("iql")},
      {"vdn", mixer("vdn")},
      {"vdn_s", mixer("vdn_s")},
      {"qmix-1-layer", qmix(1, {})},
      {"qmix-2-layers", qmix(2, {})},
      {"qmix-softplus",
       qmix(1, {{"qmix_pos_func", text("softplus")}, {"qmix_pos_func_beta", number(1.7)}})},
      {"qmix-quadratic", qmix(2, {{"qmix_pos_func", text("quadratic")}})},
      {"qmix-free", qmix(2, {{"abs", flag(false)}})},
      {"qmix_lin-1-layer", mixer("qmix_lin", {{"hypernet_layers", integer(1)}})},
      {"qmix_lin-2-layers", mixer("qmix_lin")},
      {"qmix_ns", mixer("qmix_ns")},
      {"qmix_ns-no-state", mixer("qmix_ns", {{"qmix_ns_state_bias", flag(false)}})},
      {"qatten", mixer("qatten", qatten)},
      {"qatten-unweighted", mixer("qatten", with(qatten, {{"type", text("none")}}))},
      {"qplex", mixer("qplex", qplex)},
      {"qplex-1-layer", mixer("qplex", with(qplex, {{"adv_hypernet_layers", integer(1)},
                                                    {"is_minus_one", flag(false)},
                                                    {"weighted_head", flag(false)},
                                                    {"mask_target_qs", flag(true)}}))},
      {"qplex-watkins", mixer("qplex", with(qplex, {{"returns", text("watkins")}}))},
      {"qplex_qatten", mixer("qplex_qatten", {{"unit_dim", integer(2)},
                                              {"n_attention_head", integer(3)},
                                              {"num_kernel", integer(2)},
                                              {"adv_hypernet_embed", integer(7)}})},
      {"qplex_qatten-padded", mixer("qplex_qatten", {{"unit_dim", integer(2)},
                                                     {"weighted_head", flag(false)},
                                                     {"state_bias", flag(false)},
                                                     {"adv_hypernet_layers", integer(1)},
                                                     {"attend_reg_coef", number(0.5)},
                                                     {"attend_reg_mean", text("padded_batch")}})},
      {"ff", {{"agent", text("ff")}}},
      {"layer-norm", {{"use_layer_norm", flag(true)}}},
      {"orthogonal", {{"use_orthogonal", flag(true)}, {"use_layer_norm", flag(true)}}},
      {"obs-only", {{"obs_agent_id", flag(false)}, {"obs_last_action", flag(false)}}},
      {"one-step", {{"td_lambda", integer(0)}, {"double_q", flag(false)}}},
      {"monte-carlo", {{"td_lambda", integer(1)}, {"grad_norm_clip", number(0.5)}}},
      {"pymarl-quirks",
       {{"padding_mask", text("pymarl")},
        {"lambda_start", text("batch_end")},
        {"time_limit", text("terminal")},
        {"mask_target_qs", flag(false)},
        {"loss_factor", number(0.5)}}},
      {"adam-polyak",
       {{"optimizer", text("adam")},
        {"weight_decay", number(0.01)},
        {"target_update_tau", number(0.05)}}},
      {"cw_qmix", weighted(false)},
      {"ow_qmix", weighted(true)},
      {"radam-rewards-by-steps",
       {{"optimizer", text("radam")}, {"standardise_rewards", text("steps")}}},
      {"adam-rewards-scaled",
       {{"optimizer", text("adam")}, {"adam_eps", number(1e-6)}, {"reward_scale", number(10)}}},
      {"qtran_base", mixer("vdn", {{"objective", text("qtran_base")}})},
      {"qtran_base-ff-big", mixer("vdn", {{"objective", text("qtran_base")},
                                          {"network_size", text("big")},
                                          {"agent", text("ff")}})},
      {"qtran_alt", mixer("vdn", {{"objective", text("qtran_alt")}})},
      {"wide",
       {{"rnn_hidden_dim", integer(70)},
        {"mixing_embed_dim", integer(37)},
        {"hypernet_embed", integer(131)}}},
  };
  std::vector<Case> cases;
  for (const auto& [name, keys] : rows) {
    cases.push_back({std::string("learner-") + name, with(learner_size(), keys)});
  }
  for (const auto& [name, keys] : return_rules()) {
    cases.push_back({"learner-" + name, with(learner_size(), keys)});
  }
  return cases;
}

std::vector<std::string> words(const Case& golden_case) {
  std::vector<std::string> words;
  for (const config::OptionInfo& option : config::read_training_config(golden_case.keys).options) {
    if (!option.training || option.key == "t_max" || option.key == "env_args") continue;
    words.push_back(option.key + "=" + option.value);
  }
  if (const Value* args = config::find(golden_case.keys, "env_args")) {
    for (const auto& [key, value] : std::get<Map>(args->data)) {
      words.push_back("env_args." + key + "=" + value.text());
    }
  }
  return words;
}

}  // namespace qtot::golden
