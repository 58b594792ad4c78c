#include "qtot/oracle/diagnose.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "oracle/cases.h"
#include "qtot/learner/network.h"
#include "qtot/math/philox.h"
#include "support/random.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using oracle::Deviation;
using oracle::Diagnosis;

// Small cases that between them have lambda-returns, truncated and terminated episodes, an active clip,
// Adam and RMSprop, one and two layers, and IQL.
const std::vector<std::string> kCases = {"dense_qmix_2_layers",
                                         "dense_qmix_adam",
                                         "dense_qmix_rmsprop",
                                         "dense_qmix_softplus",
                                         "dense_qmix_1_layer",
                                         "dense_iql",
                                         "dense_vdn",
                                         "dense_vdn_s",
                                         "dense_qmix_per",
                                         "dense_qmix_quadratic",
                                         "dense_qmix_no_double_q"};

// What a case must ask for, so that leaving it out can show.
struct Needed {
  const char* id;
  config::Map keys;
};

std::vector<Needed> needed() {
  const auto merged = [](config::Map a, const config::Map& b) {
    config::merge(a, b);
    return a;
  };
  const config::Map decay = with("weight_decay", 0.05);
  const config::Map from_batch_end =
      merged(with("padding_mask", "pymarl"), with("lambda_start", "batch_end"));
  const config::Map watkins = with("returns", "watkins");
  const config::Map exploring = merged(with("returns", "harutyunyan"), with("target_epsilon", 0.3));
  return {
      {"returns_peng", watkins},
      {"returns_tree_backup", exploring},
      {"returns_of_greedy_policy", exploring},
      {"M1_strict_mask", with("padding_mask", "pymarl")},
      {"M2_time_limit_truncation", with("time_limit", "terminal")},
      {"M6_rewards_plain", with("standardise_rewards", "steps")},
      {"T1_from_episode_end", from_batch_end},
      {"T2_no_q_lambda", with("q_lambda", true)},
      {"T8_double_q", with("double_q", false)},
      {"O1_loss_factor_1", with("loss_factor", 0.3)},
      {"O1_loss_factor_half", with("loss_factor", 0.3)},
      {"O2_interval_in_updates",
       merged(with("target_update_interval", config::Value{std::int64_t{3}, ""}), {})},
      {"abs_for_other", with("qmix_pos_func", "softplus")},
      {"lambda_swapped", with("td_lambda", 0.7)},
      {"J2_clip_without_eps", with("grad_norm_clip", 0.01)},
      {"clip_per_tensor", with("grad_norm_clip", 0.01)},
      {"clip_by_value", with("grad_norm_clip", 0.01)},
      {"no_clip", with("grad_norm_clip", 0.01)},
      {"decoupled_weight_decay", decay},
      {"no_weight_decay", decay},
      {"adam_for_other", with("optimizer", "rmsprop")},
      {"rmsprop_for_other", with("optimizer", "adam")},
      {"no_bias_correction", with("optimizer", "adam")},
      {"eps_inside_raw_root", with("optimizer", "adam")},
      {"eps_before_correction", with("optimizer", "adam")},
      {"targets_never_copied", with("target_update_interval", config::Value{std::int64_t{2}, ""})}};
}

// No round lambda: with 1/2 some mistakes would give the same numbers.
config::Map keys_for(const std::string& id) {
  config::Map keys = with("td_lambda", 0.7);
  for (const Needed& one : needed()) {
    if (id == one.id) config::merge(keys, one.keys);
  }
  return keys;
}

// Deviations of QTRAN, of which no peer's recordings exist.
const std::set<std::string> kOfQtran = {"qtran_hidden_detached", "qtran_no_opt", "qtran_no_nopt",
                                        "qtran_nopt_whole"};

// A VDN case's batch and agent with joint networks, whose parameters are drawn.
oracle::Case qtran_case(const config::Map& keys) {
  const oracle::Case vdn = oracle::load_case(conformance_case("dense_vdn"));
  learner::ObjectiveConfig objective = vdn.objective;
  objective.objective =
      config::find(keys, "objective")->text() == "\"qtran_alt\"" ? "qtran_alt" : "qtran_base";
  objective.joint_embed_dim = 5;
  const auto layout = learner::make_network<double>(vdn.agent, vdn.mixer, objective).layout;
  arrays::Npz file = vdn.file;
  Random random(3);
  for (const std::string prefix : {"param/", "tparam/"}) {
    for (const nn::TensorSpec& tensor : layout.tensors()) {
      if (file.contains(prefix + tensor.name)) continue;
      std::vector<float> values(tensor.size());
      random.fill(std::span(values));
      for (float& value : values) value *= 0.3F;
      file.set(arrays::Array::of_floats(prefix + tensor.name, tensor.shape(), values));
    }
  }
  return oracle::make_case(std::move(file), {.with = keys, .params = {}});
}

// What no case of valid steps can show: they are about unavailable actions that were taken, turn on
// what the driver counts alike (episode k of the check is update k), or need stored probabilities.
const std::set<std::string> kUnseen = {"M3_target_masked",       "M3_target_unmasked",
                                       "M4_online_masked",       "M4_online_unmasked",
                                       "O2_interval_in_updates", "target_max_masked",
                                       "returns_retrace",        "returns_importance_sampling"};

// A target policy that explores needs Q_tot to be linear.
bool is_for(const config::Map& keys, const std::string& name) {
  return config::find(keys, "target_epsilon") == nullptr || !name.starts_with("dense_qmix");
}

// Deviations of one mixer or objective, and the case that has it.
const std::map<std::string, std::string> kCaseOfOneMixer = {
    {"heads_unweighted", "pymarl2_qatten_nq_1"},
    {"heads_weighted", "pymarl2_qatten_nq_1"},
    {"advantage_without_minus_one", "pymarl2_qplex_1"},
    {"values_unweighted", "pymarl2_qplex_1"},
    {"cw_compares_with_online", "wqmix_cw_qmix_1"},
    {"cw_weight_swapped", "wqmix_cw_qmix_1"},
    {"ow_for_cw", "wqmix_cw_qmix_1"},
    {"no_weights", "wqmix_cw_qmix_1"},
    {"no_central_loss", "wqmix_cw_qmix_1"},
    {"central_loss_halved", "wqmix_cw_qmix_1"},
    {"ow_sign_reversed", "pymarl2_ow_qmix"},
    {"cw_for_ow", "pymarl2_ow_qmix"},
    {"central_loss_whole", "pymarl2_ow_qmix"},
    {"M7_regularises_padding", "qplex_qplex_orig_qatten"},
    {"M7_regularises_steps", "qplex_qplex_orig_qatten"},
    {"no_regulariser", "qplex_qplex_orig_qatten"}};

bool is_alone_in_first_place(const Diagnosis& diagnosis, const std::string& id) {
  return !diagnosis.explanations.empty() &&
         diagnosis.explanations[0].ids == std::vector<std::string>{id} &&
         diagnosis.explanations[0].same_numbers.empty() && diagnosis.explanations.size() == 1;
}

TEST(Diagnose, NamesEveryInjectedDeviationAloneInFirstPlaceOnThreeCases) {
  for (const Deviation& deviation : oracle::deviations()) {
    if (kUnseen.contains(deviation.id) || kCaseOfOneMixer.contains(deviation.id) ||
        kOfQtran.contains(deviation.id)) {
      continue;
    }
    const config::Map keys = keys_for(deviation.id);
    int n_named = 0;
    std::string others;
    for (const std::string& name : kCases) {
      if (n_named == 3) break;
      if (!is_for(keys, name)) continue;
      const oracle::Case input =
          oracle::load_case(conformance_case(name), {.with = keys, .params = {}});
      oracle::Variant variant = variant_of(input);
      if (!deviation.apply(variant)) continue;
      const oracle::Case injected = case_with_outputs_of(input, variant, keys);
      const Diagnosis diagnosis = oracle::diagnose(injected, {.rule = {}, .pairs = false});
      if (is_alone_in_first_place(diagnosis, deviation.id)) {
        ++n_named;
      } else {
        others += name + ": " + to_text(diagnosis);
      }
    }
    // IQL has one case, and so has what concerns its loss alone
    const int expected = deviation.id == "loss_over_steps_not_agents" ? 1 : 3;
    EXPECT_GE(n_named, expected) << deviation.id << "\n" << others;
  }
}

TEST(Diagnose, NamesEveryInjectedDeviationOfOneMixerAloneInFirstPlace) {
  for (const auto& [id, name] : kCaseOfOneMixer) {
    config::Map keys;
    if (id == "heads_weighted") keys = with("type", "none");
    if (id == "M7_regularises_padding") keys = with("attend_reg_mean", "steps");
    const oracle::Case input =
        oracle::load_case(committed_vector(name), {.with = keys, .params = {}});
    oracle::Variant variant = variant_of(input);
    ASSERT_TRUE(oracle::deviation(id).apply(variant)) << id;
    const oracle::Case injected = case_with_outputs_of(input, variant, keys);
    const Diagnosis diagnosis = oracle::diagnose(injected, {.rule = {}, .pairs = false});
    EXPECT_TRUE(is_alone_in_first_place(diagnosis, id)) << id << ": " << to_text(diagnosis);
  }
}

TEST(Diagnose, NamesEveryInjectedDeviationOfQtranAloneInFirstPlace) {
  for (const char* objective : {"qtran_base", "qtran_alt"}) {
    config::Map keys = with("objective", objective);
    config::merge(keys, with("mixing_embed_dim", config::Value{std::int64_t{5}, ""}));
    config::merge(keys, with("nopt_min_loss", 0.3));
    const oracle::Case input = qtran_case(keys);
    for (const std::string& id : kOfQtran) {
      oracle::Variant variant = variant_of(input);
      ASSERT_TRUE(oracle::deviation(id).apply(variant)) << id;
      const oracle::Case injected = case_with_outputs_of(input, variant, keys);
      const Diagnosis diagnosis = oracle::diagnose(injected, {.rule = {}, .pairs = false});
      EXPECT_TRUE(is_alone_in_first_place(diagnosis, id)) << objective << to_text(diagnosis);
    }
  }
}

// A program that mistakes its GRU mistakes the central agents' as well.
TEST(Diagnose, FindsWeightsReadWronglyByBothAgentsOfWeightedQmix) {
  for (const char* name : {"wqmix_cw_qmix_1", "pymarl2_ow_qmix"}) {
    const oracle::Case input = oracle::load_case(committed_vector(name));
    EXPECT_TRUE(oracle::diagnose(input).as_asked.agrees());
    const oracle::Step right = oracle::run_step(input, oracle::Dtype::kF64, {.n_updates = 1});
    for (const char* id : {"gru_gates_zrn", "no_agent_id"}) {
      oracle::Variant variant = variant_of(input);
      ASSERT_TRUE(oracle::deviation(id).apply(variant));
      const oracle::Case injected = case_with_outputs_of(input, variant);
      const oracle::Step wrong = oracle::run_step(
          input, oracle::Dtype::kF64,
          {.n_updates = 1, .params = nullptr, .target_params = nullptr, .variant = &variant});
      for (const char* utilities : {"agent_q", "central_mac_out"}) {
        EXPECT_NE(wrong.find(utilities)->values, right.find(utilities)->values) << id;
      }
      const Diagnosis diagnosis = oracle::diagnose(injected, {.rule = {}, .pairs = false});
      EXPECT_TRUE(is_alone_in_first_place(diagnosis, id)) << name << to_text(diagnosis);
    }
  }
}

TEST(Diagnose, SeesMasksOfUnavailableActionsWhereOneWasTaken) {
  for (const char* id : {"M3_target_masked", "M4_online_masked"}) {
    const oracle::Deviation& deviation = oracle::deviation(id);
    int n_named = 0;
    for (const char* name : {"no_action_at_the_bootstrap", "no_action_at_the_bootstrap_qmix",
                             "dense_vdn", "dense_qmix_adam", "dense_iql"}) {
      arrays::Npz file = arrays::Npz::load(conformance_case(name));
      // nothing is available at slot 1 of episode 0
      arrays::Array avail = file.at("in/avail_actions");
      const std::size_t n_row = avail.shape()[2] * avail.shape()[3];
      for (std::size_t i = 0; i < n_row; ++i)
        alter(file, "in/avail_actions", n_row + i, [](double) { return 0.0; });
      const config::Map keys = with("mask_target_qs", false);
      const oracle::Case input = oracle::make_case(std::move(file), {.with = keys, .params = {}});
      oracle::Variant variant = variant_of(input);
      ASSERT_TRUE(deviation.apply(variant));
      const oracle::Case injected = case_with_outputs_of(input, variant, keys);
      n_named +=
          is_alone_in_first_place(oracle::diagnose(injected, {.rule = {}, .pairs = false}), id);
    }
    EXPECT_GE(n_named, 3) << id;
  }
}

TEST(Diagnose, TellsTheRulesThatWeighByBehaviourApartWhereItIsStored) {
  config::Map keys = with("td_lambda", 0.7);
  config::merge(keys, with("returns", "harutyunyan"));
  config::merge(keys, with("target_epsilon", 0.3));
  for (const char* id : {"returns_retrace", "returns_importance_sampling"}) {
    for (const char* name : {"dense_iql", "dense_vdn", "dense_vdn_s"}) {
      arrays::Npz file = arrays::Npz::load(conformance_case(name));
      const arrays::Array& actions = file.at("in/actions");
      std::vector<float> mu(actions.size());
      for (std::size_t i = 0; i < mu.size(); ++i) mu[i] = i / 2 % 2 == 0 ? 0.9F : 0.02F;
      file.set(arrays::Array::of_floats("in/behaviour_probs", actions.shape(), mu));
      const oracle::Case input = oracle::make_case(std::move(file), {.with = keys, .params = {}});
      oracle::Variant variant = variant_of(input);
      ASSERT_TRUE(oracle::deviation(id).apply(variant));
      const oracle::Case injected = case_with_outputs_of(input, variant, keys);
      const Diagnosis diagnosis = oracle::diagnose(injected, {.rule = {}, .pairs = false});
      EXPECT_TRUE(is_alone_in_first_place(diagnosis, id)) << name << to_text(diagnosis);
    }
  }
}

TEST(Diagnose, FindsAPair) {
  const oracle::Case input = oracle::load_case(conformance_case("dense_qmix_adam"));
  oracle::Variant variant = variant_of(input);
  ASSERT_TRUE(oracle::deviation("lambda_zero").apply(variant));
  ASSERT_TRUE(oracle::deviation("relu_for_elu").apply(variant));
  std::vector<std::size_t> seen;
  oracle::DiagnoseOptions options;
  options.progress = [&](std::size_t done, std::size_t all) {
    seen.push_back(done);
    EXPECT_LE(done, all);
  };
  const Diagnosis diagnosis = oracle::diagnose(case_with_outputs_of(input, variant), options);
  ASSERT_EQ(diagnosis.explanations.size(), 1u);
  EXPECT_EQ(diagnosis.explanations[0].ids,
            (std::vector<std::string>{"lambda_zero", "relu_for_elu"}));
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i);
  EXPECT_GT(seen.size(), 10 * oracle::deviations().size());
}

TEST(Diagnose, SaysNoneForRandomNoise) {
  for (const char* name : {"dense_qmix_adam", "dense_vdn", "dense_iql"}) {
    arrays::Npz file = arrays::Npz::load(conformance_case(name));
    std::uint64_t n_members = 0;
    for (const std::string& member : file.names()) {
      if (!member.starts_with("f64/") || member.ends_with("/mask")) continue;
      math::Draws draws({.seed = 5, .stream = math::Stream::kInit, .ticket = n_members++});
      const std::size_t n = file.at(member).size();
      for (std::size_t i = 0; i < n; ++i) {
        alter(file, member, i, [&](double x) { return x + 0.01 * (draws.uniform() - 0.5); });
      }
    }
    const Diagnosis diagnosis =
        oracle::diagnose(oracle::make_case(std::move(file)), {.rule = {}, .pairs = false});
    EXPECT_FALSE(diagnosis.as_asked.agrees());
    EXPECT_TRUE(diagnosis.explanations.empty()) << to_text(diagnosis);
    EXPECT_NE(to_text(diagnosis).find("none:"), std::string::npos);
  }
}

TEST(Diagnose, SaysNothingAboutACaseThatAgrees) {
  const Diagnosis diagnosis =
      oracle::diagnose(oracle::load_case(conformance_case("dense_qmix_adam")));
  EXPECT_TRUE(diagnosis.as_asked.agrees());
  EXPECT_TRUE(diagnosis.explanations.empty());
}

TEST(Catalogue, IdsDifferAndEachSaysWhatItDoes) {
  std::set<std::string> ids;
  for (const Deviation& deviation : oracle::deviations()) {
    EXPECT_TRUE(ids.insert(deviation.id).second) << deviation.id;
    EXPECT_GT(deviation.sentence.size(), 15u) << deviation.id;
    EXPECT_FALSE(deviation.group.empty()) << deviation.id;
  }
}

}  // namespace
}  // namespace qtot::test
