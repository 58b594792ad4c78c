#include "pymarl_keys.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/config/training_config.h"

namespace qtot::config {
namespace {

// Facts from default.yaml and the value-based algorithms of oxwhirl/pymarl and hijkzzz/pymarl2. A
// key stands at "*" only where its value cannot change what is learned.
constexpr auto kPymarlKeys = std::to_array<PymarlKey>({
    {"use_cuda", "*", ""},
    {"buffer_cpu_only", "*", ""},
    {"runner", "\"episode\"|\"parallel\"", "batch_size_run says how many run in parallel"},
    {"mac", "\"basic_mac\"|\"n_mac\"", ""},
    {"learner",
     "\"q_learner\"|\"nq_learner\"|\"dmaq_qatten_learner\"|\"max_q_learner\"|\"qtran_learner\"",
     ""},
    {"is_adv_attention", "*", ""},
    {"is_stop_gradient", "*", ""},
    {"mask_dead", "False", "QPLEX's repository cannot run it, either"},
    {"nonlinear", "False",
     "with the agents' values among the keys no greedy action is sure to be the best"},
    {"agent_output_type", "\"q\"", ""},
    {"action_selector", "\"epsilon_greedy\"", ""},
    {"test_greedy", "True", ""},
    {"evaluate", "False", "use `qtot eval`"},
    {"checkpoint_path", "\"\"|None", "use `qtot eval` or `qtot train --resume`"},
    {"load_step", "0", ""},
    {"save_replay", "False", ""},
    {"critic_lr", "*", ""},
    {"central_rnn_hidden_dim", "*", ""},
    {"qmix_loss", "1|1.0", ""},
    {"central_action_embed", "1", ""},
    {"central_agent", "\"central_rnn\"", "the central agents are of the kind of the agents"},
    {"central_mac", "\"basic_central_mac\"", ""},
    {"central_mixer", "\"ff\"", ""},
    {"recurrent_critic", "False", ""},
    {"gated", "False", ""},
    {"repeat_id", "*", ""},
    {"label", "*", ""},
    {"run", "*", ""},
    {"use_wandb", "*", ""},
    {"project", "*", ""},
    {"entity", "*", ""},
    {"group", "*", ""},
    {"thread_num", "*", "the flag --threads"},
    {"accumulated_episodes", "0|None", ""},
    {"obs_individual_obs", "False", ""},
    {"mask_before_softmax", "*", ""},
    {"test_noise", "0|0.0", ""},
    {"common_reward", "True", ""},
    {"reward_scalarisation", "\"sum\"", ""},
    {"standardise_returns", "False", "standardise_rewards scales what returns are made of"},
    {"evaluation_epsilon", "0|0.0", ""},
});

bool is_allowed(const PymarlKey& known, const std::string& text) {
  if (known.allowed == "*") return true;
  std::string_view rest = known.allowed;
  while (true) {
    const std::size_t bar = rest.find('|');
    if (rest.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    rest.remove_prefix(bar + 1);
  }
}

std::string either(std::string_view allowed) {
  std::string text(allowed);
  for (std::size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|')) {
    text.replace(bar, 1, " or ");
  }
  return text;
}

[[noreturn]] void refuse(const PymarlKey& known, const Value& value) {
  std::string text = value.text();
  if (text.size() > 80) text = value.kind();
  std::string why = "not supported yet; qtot takes only " + either(known.allowed);
  if (!known.instead.empty()) why += "; " + std::string(known.instead);
  throw Error(std::string(known.key) + " = " + text + " (" + value.origin + "): " + why);
}

void replace_text(Map& map, const char* key, const char* from, const char* to) {
  Value* value = find(map, key);
  if (value == nullptr) return;
  if (const auto* text = std::get_if<std::string>(&value->data); text && *text == from) {
    value->data = std::string(to);
  }
}

void set_objective(Map& map, const char* objective, const std::string& origin) {
  if (find(map, "objective") != nullptr) return;
  map.emplace_back("objective", Value{std::string(objective), origin});
}

// PyMARL names QTRAN by its mixer and Weighted QMIX by its learner.
void adopt_objective(Map& map) {
  for (const char* name : {"qtran_base", "qtran_alt"}) {
    Value* mixer = find(map, "mixer");
    if (mixer == nullptr || mixer->text() != "\"" + std::string(name) + "\"") continue;
    mixer->data = std::string("vdn");
    set_objective(map, name, std::string(mixer->origin));
  }
  const Value* learner = find(map, "learner");
  if (learner == nullptr) return;
  const std::string origin = learner->origin;
  const std::string name = learner->text();
  if (name == "\"max_q_learner\"") set_objective(map, "weighted_td", origin);
  if (name == "\"qtran_learner\"") set_objective(map, "qtran_base", origin);
}

// One key under the name that another peer gives it.
void adopt_name(Map& map, const char* theirs, const char* ours) {
  const Value* value = find(map, theirs);
  if (value == nullptr) return;
  const Value* other = find(map, ours);
  if (other != nullptr && other->text() != value->text()) {
    throw Error(std::string(theirs) + " = " + value->text() + " (" + value->origin +
                ") contradicts " + ours + " = " + other->text() + ": they are names of one key");
  }
  Value adopted = *value;
  std::erase_if(map, [&](const Entry& entry) { return entry.first == theirs; });
  if (other == nullptr) map.emplace_back(ours, std::move(adopted));
}

// PyMARL2's learners halve a squared error, wherever its configurations do not say so: that of Q_tot, or
// with Weighted QMIX that of Q* alone.
void adopt_learner(Map& map) {
  const Value* found = find(map, "learner");
  if (found == nullptr) return;
  const Value learner = *found;
  const bool is_weighted = learner.text() == "\"max_q_learner\"";
  if (find(map, "loss_factor") == nullptr && (is_weighted || learner.text() == "\"nq_learner\"")) {
    map.emplace_back("loss_factor", Value{is_weighted ? 1.0 : 0.5, learner.origin});
  }
  const Value* preset = find(map, "preset");
  if (!is_weighted || preset == nullptr || preset->text() != "\"pymarl2\"") return;
  Value* central = find(map, "central_loss");
  if (central == nullptr) {
    map.emplace_back("central_loss", Value{0.5, learner.origin});
  } else if (const auto* whole = std::get_if<std::int64_t>(&central->data)) {
    central->data = 0.5 * static_cast<double>(*whole);
  } else if (auto* number = std::get_if<double>(&central->data)) {
    *number *= 0.5;
  }
}

// PyMARL2 puts the size in the place of True when it knows the environment: that is unit_dim = 0 here.
void adopt_unit_size(Map& map) {
  const auto size = std::ranges::find(map, "agent_own_state_size", &Entry::first);
  if (size == map.end()) return;
  if (std::holds_alternative<bool>(size->second.data)) {
    map.erase(size);
  } else {
    size->first = "unit_dim";
  }
}

// EPyMARL's standardise_rewards is a boolean
void adopt_reward_scaling(Map& map) {
  Value* value = find(map, "standardise_rewards");
  if (value == nullptr) return;
  if (const bool* is_on = std::get_if<bool>(&value->data)) {
    value->data = std::string(*is_on ? "padded_running" : "none");
  }
}

}  // namespace

std::span<const PymarlKey> pymarl_keys() {
  return kPymarlKeys;
}

std::vector<std::string> adopt_pymarl_keys(Map& map) {
  if (Value* mixer = find(map, "mixer"); mixer && mixer->data.index() == 0) {
    mixer->data = std::string("iql");
  }
  replace_text(map, "mixer", "none", "iql");
  replace_text(map, "mixer", "nmix", "qmix");
  replace_text(map, "mixer", "dmaq", "qplex");
  replace_text(map, "mixer", "dmaq_qatten", "qplex_qatten");
  adopt_unit_size(map);
  replace_text(map, "agent", "n_rnn", "rnn");
  adopt_objective(map);
  adopt_name(map, "per", "use_per");
  adopt_name(map, "n_head", "n_attention_head");
  adopt_name(map, "training_iters", "n_updates_per_round");
  adopt_learner(map);
  adopt_reward_scaling(map);

  std::vector<std::string> ignored;
  Map kept;
  for (auto& [key, value] : map) {
    const auto known = std::ranges::find(kPymarlKeys, key, &PymarlKey::key);
    if (known != kPymarlKeys.end()) {
      if (!is_allowed(*known, value.text())) refuse(*known, value);
      ignored.push_back(key);
    } else if (key != "seed" || value.data.index() != 0) {
      kept.emplace_back(std::move(key), std::move(value));
    }
  }
  map = std::move(kept);
  return ignored;
}

}  // namespace qtot::config
