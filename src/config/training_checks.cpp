// Rules that bind several keys.

#include <string>

#include "qtot/base/error.h"
#include "qtot/config/training_config.h"

namespace qtot::config {
namespace {

// Of any policy's values, not of the greedy one's alone.
bool knows_target_policies(const std::string& returns) {
  return returns == "harutyunyan" || returns == "tree_backup" || returns == "retrace" ||
         returns == "importance_sampling";
}

void check_returns(const TrainingConfig& c) {
  const std::string rule = "returns = \"" + c.returns + "\"";
  if (c.returns != "peng" && c.q_lambda) {
    throw Error("q_lambda = True contradicts " + rule + ": it is PyMARL2's change to \"peng\"");
  }
  if (c.returns == "n_step" && c.td_lambda > 0) {
    throw Error("td_lambda = " + Value{c.td_lambda, ""}.text() + " contradicts " + rule +
                ": it has no trace that decays; give td_lambda=0");
  }
  if (c.returns != "n_step" && c.n_step > 1) {
    throw Error("n_step = " + std::to_string(c.n_step) + " contradicts " + rule +
                ": only \"n_step\" counts steps");
  }
  if (c.target_epsilon > 0 && !knows_target_policies(c.returns)) {
    throw Error("target_epsilon = " + Value{c.target_epsilon, ""}.text() + " contradicts " + rule +
                ": its target policy is greedy; give one of \"harutyunyan\", \"tree_backup\", "
                "\"retrace\", \"importance_sampling\"");
  }
}

// PyMARL2 has keys for widths that only one value fits.
void check_qatten(const TrainingConfig& c) {
  const auto require_same = [](const char* a, int x, const char* b, int y) {
    if (x == y) return;
    throw Error(std::string(a) + " = " + std::to_string(x) + " differs from " + b + " = " +
                std::to_string(y) + ": qatten needs them equal");
  };
  if (c.mixer != "qatten") return;
  require_same("n_query_embedding_layer2", c.n_query_embedding_layer2, "n_key_embedding_layer1",
               c.n_key_embedding_layer1);
  require_same("n_head_embedding_layer2", c.n_head_embedding_layer2, "n_attention_head",
               c.n_attention_head);
}

void check_objective(const TrainingConfig& c) {
  const std::string objective = "objective = \"" + c.objective + "\"";
  if (c.objective == "td") return;
  if (c.target_epsilon > 0) {
    throw Error("target_epsilon = " + Value{c.target_epsilon, ""}.text() + " contradicts " +
                objective + ": its joint value is not linear in the agents' values");
  }
  if (c.objective == "weighted_td") {
    if (c.double_q) return;
    throw Error("double_q = False contradicts " + objective +
                ": the network that acts chooses the action that Q* values");
  }
  if (c.mixer != "vdn") {
    throw Error("mixer = \"" + c.mixer + "\" contradicts " + objective +
                ": what its agents maximise is the sum of their values, \"vdn\"");
  }
  if ((c.returns != "peng" && c.returns != "n_step") || c.q_lambda) {
    throw Error((c.q_lambda ? "q_lambda = True" : "returns = \"" + c.returns + "\"") +
                " contradicts " + objective +
                ": its joint network is asked for greedy actions alone, by \"peng\" or \"n_step\"");
  }
}

void check_priorities(const TrainingConfig& c) {
  if (c.return_priority && !c.use_per) {
    throw Error("return_priority = True contradicts use_per = False: priorities are not used");
  }
  if (c.use_per && c.per_skips_last && c.batch_size < 2) {
    throw Error("per_skips_last = True contradicts batch_size = " + std::to_string(c.batch_size) +
                ": where one episode is there, it is the last");
  }
}

void check_rewards(const TrainingConfig& c) {
  if (c.reward_scale == 1 || c.standardise_rewards == "none") return;
  throw Error("reward_scale = " + Value{c.reward_scale, ""}.text() +
              " contradicts standardise_rewards = \"" + c.standardise_rewards +
              "\": standardised rewards have a scale");
}

}  // namespace

void check(const TrainingConfig& c) {
  const auto pair = [](const char* a, const std::string& x, const char* relation, const char* b,
                       const std::string& y) {
    return std::string(a) + " = " + x + " is " + relation + " " + b + " = " + y;
  };
  if (c.env.empty()) {
    throw Error("env: no environment is named (--env-config=NAME or env=NAME)");
  }
  if (c.batch_size > c.buffer_size) {
    throw Error(pair("batch_size", std::to_string(c.batch_size), "larger than", "buffer_size",
                     std::to_string(c.buffer_size)) +
                ": the buffer never holds so many episodes");
  }
  if (c.batch_size_run > c.buffer_size) {
    throw Error(pair("batch_size_run", std::to_string(c.batch_size_run), "larger than",
                     "buffer_size", std::to_string(c.buffer_size)) +
                ": a round must fit into the buffer");
  }
  if (c.epsilon_finish > c.epsilon_start) {
    throw Error(pair("epsilon_finish", Value{c.epsilon_finish, ""}.text(), "larger than",
                     "epsilon_start", Value{c.epsilon_start, ""}.text()) +
                ": exploration falls over time");
  }
  check_returns(c);
  check_qatten(c);
  check_objective(c);
  check_priorities(c);
  check_rewards(c);
  if (const bool is_changed = !c.abs || c.qmix_pos_func != "abs";
      is_changed && (c.mixer == "qatten" || c.mixer == "qplex")) {
    throw Error((c.abs ? "qmix_pos_func = \"" + c.qmix_pos_func + "\"" : "abs = False") +
                " contradicts mixer = \"" + c.mixer + "\": its weights have a form of their own");
  }
  if (!c.abs && c.qmix_pos_func != "abs") {
    throw Error("abs = False contradicts qmix_pos_func = \"" + c.qmix_pos_func +
                "\": weights are either free or made positive");
  }
}

}  // namespace qtot::config
