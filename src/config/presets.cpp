#include <algorithm>
#include <string>
#include <variant>

#include "qtot/base/error.h"
#include "qtot/config/training_config.h"

namespace qtot::config {
namespace {

Entry text(const char* key, const char* value) {
  return {key, Value{std::string(value), ""}};
}
Entry flag(const char* key, bool value) {
  return {key, Value{value, ""}};
}
Entry number(const char* key, double value) {
  return {key, Value{value, ""}};
}

// What every learner of the PyMARL family does: M1, M5, T1 and O4 of the catalogue in docs/oracle.md.
Map family() {
  return {text("padding_mask", "pymarl"), text("lambda_start", "batch_end"),
          text("empty_batch", "nan"), text("non_finite", "ignore")};
}

Map with(Map values, const Map& more) {
  merge(values, more);
  return values;
}

std::vector<Preset> make_presets() {
  const Map pymarl = with(family(), {number("loss_factor", 1), flag("mask_target_qs", true),
                                     text("optimizer", "rmsprop")});
  const Map pymarl2 = with(family(), {number("loss_factor", 0.5), flag("mask_target_qs", false),
                                      text("optimizer", "adam")});
  const Map per = {flag("per_skips_last", true)};
  return {
      {"strict", "what the equations say", {}},
      {"pymarl", "oxwhirl/pymarl: q_learner", pymarl},
      {"pymarl2", "hijkzzz/pymarl2: nq_learner", with(pymarl2, per)},
      {"pymarl3", "tjuHaoXiaotian/pymarl3: nq_learner",
       with(pymarl2, {flag("mask_online_qs", true)})},
      {"epymarl", "uoe-agents/epymarl: q_learner",
       with(pymarl, {text("optimizer", "adam"), text("time_limit", "terminal"),
                     text("target_update_unit", "updates"),
                     text("standardise_rewards", "padded_running")})},
      {"wqmix", "oxwhirl/wqmix: q_learner", pymarl},
      {"qplex", "wjh720/QPLEX: q_learner", with(pymarl, {text("attend_reg_mean", "padded_batch")})},
      {"jaxmarl",
       "FLAIROx/JaxMARL: qmix_rnn, vdn_rnn, iql_rnn",
       {text("terminal_step", "bootstraps"), text("time_limit", "terminal"),
        text("target_update_unit", "updates"), text("optimizer", "radam"),
        flag("grad_norm_clip_eps", false), text("empty_batch", "nan"),
        text("non_finite", "ignore")}},
  };
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = make_presets();
  return all;
}

void apply_preset(Map& map) {
  const Value* chosen = find(map, "preset");
  if (chosen == nullptr) return;
  const std::string* name = std::get_if<std::string>(&chosen->data);
  if (name == nullptr) return;  // the option's own check names type and place
  const auto preset = std::ranges::find(presets(), *name, &Preset::name);
  if (preset == presets().end()) return;
  for (const Entry& entry : preset->values) {
    if (find(map, entry.first) != nullptr) continue;
    Value value = entry.second;
    value.origin = "preset " + preset->name;
    map.emplace_back(entry.first, std::move(value));
  }
}

}  // namespace qtot::config
