#include <string>
#include <tuple>
#include <utility>

#include "oracle/diagnose/entries.h"

namespace qtot::oracle {
namespace {

using learner::LearnerConfig;

void add_mixers(std::vector<Deviation>& list) {
  using Mixer = mixers::MixerConfig;
  list.push_back(of_qmix<std::string>("no_abs", "positivity",
                                      "the mixer's weights are not made positive",
                                      &Mixer::positivity, "none"));
  list.push_back({.id = "no_abs_on_first_layer",
                  .sentence = "the mixer's first weights are not made positive",
                  .group = "positivity",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    if (v.mixer.mixer != "qmix" || v.mixer.positivity == "none") return false;
                    v.mixer.positivity_final = std::exchange(v.mixer.positivity, "none");
                    return true;
                  }});
  list.push_back({.id = "no_abs_on_last_layer",
                  .sentence = "the mixer's last weights are not made positive",
                  .group = "positivity",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    if (v.mixer.mixer != "qmix" || v.mixer.positivity == "none") return false;
                    v.mixer.positivity_final = "none";
                    return true;
                  }});
  for (const auto& [id, kind, words] :
       {std::tuple{"softplus_for_abs", "softplus", "softplus makes the mixer's weights positive"},
        std::tuple{"abs_for_other", "abs", "the absolute value makes the mixer's weights positive"},
        std::tuple{"square_for_abs", "quadratic", "x^2 / 2 makes the mixer's weights positive"}}) {
    list.push_back(of_qmix<std::string>(id, "positivity", words, &Mixer::positivity, kind));
  }
  list.push_back(of_qmix("abs_on_bias", "b1_abs", "abs is taken of the mixer's first bias, too",
                         &Mixer::abs_b1, true));
  list.push_back(of_qmix("abs_on_state_value", "state_value", "abs is taken of V(s), too",
                         &Mixer::abs_v, true));
  list.push_back(of_qmix("no_state_value", "state_value", "the mixer has no V(s)",
                         &Mixer::state_value, false));
  list.push_back(of_qmix<std::string>("relu_for_elu", "activation",
                                      "the mixer's nonlinearity is relu, not elu",
                                      &Mixer::activation, "relu"));
  list.push_back(of_qmix<std::string>("tanh_for_elu", "activation",
                                      "the mixer's nonlinearity is tanh, not elu",
                                      &Mixer::activation, "tanh"));
  list.push_back(of_qmix<std::string>("no_elu", "activation", "the mixer has no nonlinearity",
                                      &Mixer::activation, "none"));
  list.push_back(of_weights("mixing_weights_transposed", "reshape",
                            "hyper_w1's output is reshaped to [E, N], not [N, E]",
                            WeightChange::kMixingWeightsTransposed,
                            [](const Variant& v) { return v.mixer.mixer == "qmix"; }));
}

// A deviation that only one mixer knows.
template <class V>
Deviation of_mixer(const char* mixer, const char* id, const char* sentence,
                   V mixers::MixerConfig::*field, V value) {
  return {.id = id, .sentence = sentence, .group = id, .is_quirk = false, .apply = [=](Variant& v) {
            return v.mixer.mixer == mixer && set(v.mixer.*field, value);
          }};
}

// What the loss of qplex_qatten adds.
template <class V>
Deviation of_regulariser(const char* id, const char* sentence, bool is_quirk,
                         V learner::LearnerConfig::*field, V value) {
  return {.id = id,
          .sentence = sentence,
          .group = "regulariser",
          .is_quirk = is_quirk,
          .apply = [=](Variant& v) {
            return v.mixer.mixer == "qplex_qatten" && set(v.learner.*field, value);
          }};
}

void add_attention_and_duels(std::vector<Deviation>& list) {
  using Mixer = mixers::MixerConfig;
  list.push_back(of_mixer("qatten", "heads_unweighted", "qatten's heads are added, not weighed",
                          &Mixer::weighted_heads, false));
  list.push_back(of_mixer("qatten", "heads_weighted", "the state weighs qatten's heads",
                          &Mixer::weighted_heads, true));
  list.push_back(of_mixer("qplex", "advantage_without_minus_one",
                          "qplex's advantages are weighed by lambda, not by lambda - 1",
                          &Mixer::advantage_minus_one, false));
  list.push_back(of_mixer("qplex", "values_unweighted",
                          "the state neither scales nor shifts the values in qplex",
                          &Mixer::weighted_agents, false));
  using Learner = learner::LearnerConfig;
  list.push_back(of_regulariser("M7_regularises_padding",
                                "the mean of the regulariser is over the padded batch (M7)", true,
                                &Learner::regularises_padding, true));
  list.push_back(of_regulariser("M7_regularises_steps",
                                "the mean of the regulariser is over the steps (not M7)", true,
                                &Learner::regularises_padding, false));
  list.push_back(of_regulariser("no_regulariser", "the loss has no regulariser", false,
                                &Learner::attend_reg_coef, 0.0));
}

void add_agents(std::vector<Deviation>& list) {
  list.push_back(of_weights("gru_gates_zrn", "gates", "the GRU's gates are in the order z, r, n",
                            WeightChange::kGatesZrn, is_recurrent));
  list.push_back(of_weights("gru_gates_nzr", "gates", "the GRU's gates are in the order n, z, r",
                            WeightChange::kGatesNzr, is_recurrent));
  list.push_back(of_weights("gru_gates_rnz", "gates", "the GRU's gates are in the order r, n, z",
                            WeightChange::kGatesRnz, is_recurrent));
  list.push_back(of_weights("gru_gates_znr", "gates", "the GRU's gates are in the order z, n, r",
                            WeightChange::kGatesZnr, is_recurrent));
  list.push_back(of_weights("gru_gates_nrz", "gates", "the GRU's gates are in the order n, r, z",
                            WeightChange::kGatesNrz, is_recurrent));
  list.push_back(of_weights("gru_update_swapped", "update_gate",
                            "the GRU keeps h where z is 0: h' = z n + (1 - z) h",
                            WeightChange::kUpdateGateSwapped, is_recurrent));
  list.push_back(of_weights("gru_bias_outside_reset", "candidate_bias",
                            "the GRU's b_hn is added outside the product with the reset gate",
                            WeightChange::kCandidateBiasOutside, is_recurrent));
  list.push_back({.id = "hidden_forgotten",
                  .sentence = "the hidden state is zero in every slot",
                  .group = "hidden",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    return is_recurrent(v) && set(v.learner.mistakes.forgets_hidden, true);
                  }});
  list.push_back({.id = "last_action_of_slot",
                  .sentence = "the input of slot t holds action[t], not action[t-1]",
                  .group = "last_action",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    return v.agent.obs_last_action &&
                           set(v.learner.mistakes.last_action_of_slot, true);
                  }});
  list.push_back(of_weights("no_last_action", "last_action", "the last action is not in the input",
                            WeightChange::kNoLastAction,
                            [](const Variant& v) { return v.agent.obs_last_action; }));
  list.push_back(of_weights("no_agent_id", "agent_id", "the agent's id is not in the input",
                            WeightChange::kNoAgentId,
                            [](const Variant& v) { return v.agent.obs_agent_id; }));
  list.push_back(
      {.id = "no_relu_after_fc1",
       .sentence = "the agent has no relu behind its first layer",
       .group = "fc1_relu",
       .is_quirk = false,
       .apply = [](Variant& v) { return is_recurrent(v) && set(v.agent.input_relu, false); }});
}

void add_optimisers(std::vector<Deviation>& list) {
  using Optimiser = nn::OptimiserConfig;
  list.push_back(of_optimiser("clip_per_tensor", "clip", "gradients are clipped tensor by tensor",
                              &Optimiser::clip, nn::Clip::kPerTensor));
  list.push_back(of_optimiser("no_clip", "clip", "gradients are not clipped", &Optimiser::clip,
                              nn::Clip::kNone));
  list.push_back(of_optimiser("clip_by_value", "clip", "gradients are clipped element by element",
                              &Optimiser::clip, nn::Clip::kByValue));
  list.push_back(of_optimiser("eps_inside_root", "eps", "the optimiser's eps is inside the root",
                              &Optimiser::eps_place, nn::EpsPlace::kInsideRoot));
  list.push_back(of_adams_eps("eps_inside_raw_root",
                              "Adam's eps is inside the root, before the bias correction",
                              nn::EpsPlace::kInsideRawRoot));
  list.push_back(of_adams_eps("eps_before_correction",
                              "Adam's eps is added before the bias correction",
                              nn::EpsPlace::kBeforeCorrection));
  list.push_back({.id = "no_bias_correction",
                  .sentence = "Adam's moments are not corrected for their start at zero",
                  .group = "bias_correction",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    return v.learner.optimiser.optimiser == "adam" &&
                           set(v.learner.optimiser.bias_correction, false);
                  }});
  list.push_back({.id = "decoupled_weight_decay",
                  .sentence = "weight decay is decoupled, as AdamW's",
                  .group = "weight_decay",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    return v.learner.optimiser.weight_decay > 0 &&
                           set(v.learner.optimiser.decoupled_weight_decay, true);
                  }});
  list.push_back(of_optimiser("no_weight_decay", "weight_decay", "there is no weight decay",
                              &Optimiser::weight_decay, 0.0));
  list.push_back(of_optimiser<std::string>("adam_for_other", "optimiser", "the optimiser is Adam",
                                           &Optimiser::optimiser, "adam"));
  list.push_back(of_optimiser<std::string>("rmsprop_for_other", "optimiser",
                                           "the optimiser is RMSprop", &Optimiser::optimiser,
                                           "rmsprop"));
  list.push_back({.id = "targets_never_copied",
                  .sentence = "the target network is never updated",
                  .group = "interval",
                  .is_quirk = false,
                  .apply = [](Variant& v) {
                    const bool polyak = set(v.learner.target_update_tau, 0.0);
                    constexpr int kNever = 1 << 30;
                    return set(v.learner.target_update_interval, kNever) || polyak;
                  }});
  list.push_back(of_learner("targets_copied_every_update", "interval",
                            "the target network is copied after every update",
                            &LearnerConfig::target_update_interval, 1));
}

}  // namespace

void add_networks(std::vector<Deviation>& list) {
  add_mixers(list);
  add_attention_and_duels(list);
  add_agents(list);
  add_optimisers(list);
}

}  // namespace qtot::oracle
