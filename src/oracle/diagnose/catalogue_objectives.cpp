#include <functional>
#include <utility>

#include "oracle/diagnose/entries.h"

namespace qtot::oracle {

using learner::LearnerConfig;
using Weighting = learner::Mistakes::Weighting;

void add_objectives(std::vector<Deviation>& list) {
  const auto weighting = [](const char* id, const char* sentence, bool optimistic, Weighting way) {
    return of_objective("weighted_td", id, "weighting", sentence, [=](LearnerConfig& c) {
      return c.optimistic == optimistic && set(c.mistakes.weighting, way);
    });
  };
  list.push_back(weighting("cw_compares_with_online",
                           "CW compares y with Q*(s, u*) of the online central network", false,
                           Weighting::kComparesWithOnline));
  list.push_back(weighting("cw_weight_swapped",
                           "CW weighs with alpha what should count in full, and with 1 the rest",
                           false, Weighting::kSwapped));
  list.push_back(weighting("ow_sign_reversed",
                           "OW counts in full where Q_tot is above y, not below", true,
                           Weighting::kSwapped));
  list.push_back(of_objective("weighted_td", "ow_for_cw", "weighting", "the weights are OW-QMIX's",
                              [](LearnerConfig& c) { return set(c.optimistic, true); }));
  list.push_back(of_objective("weighted_td", "cw_for_ow", "weighting", "the weights are CW-QMIX's",
                              [](LearnerConfig& c) { return set(c.optimistic, false); }));
  list.push_back(of_objective("weighted_td", "no_weights", "weighting", "every error has weight 1",
                              [](LearnerConfig& c) { return set(c.weight, 1.0); }));
  list.push_back(of_objective("weighted_td", "no_central_loss", "central_loss",
                              "the loss of Q* is missing",
                              [](LearnerConfig& c) { return set(c.central_loss, 0.0); }));
  list.push_back(of_objective("weighted_td", "central_loss_halved", "central_loss",
                              "the loss of Q* is half the mean squared error, as in PyMARL2",
                              [](LearnerConfig& c) { return set(c.central_loss, 0.5); }));
  list.push_back(of_objective("weighted_td", "central_loss_whole", "central_loss",
                              "the loss of Q* is the mean squared error itself",
                              [](LearnerConfig& c) { return set(c.central_loss, 1.0); }));

  const auto qtran = [](const char* id, const char* group, const char* sentence,
                        std::function<bool(LearnerConfig&)> apply) {
    return of_objective("qtran", id, group, sentence, std::move(apply));
  };
  list.push_back(qtran("qtran_hidden_detached", "hidden",
                       "the loss of Q_jt does not reach the agents",
                       [](LearnerConfig& c) { return set(c.mistakes.hidden_detached, true); }));
  list.push_back(qtran("qtran_no_opt", "opt_loss", "the loss at the greedy actions is missing",
                       [](LearnerConfig& c) { return set(c.opt_loss, 0.0); }));
  list.push_back(qtran("qtran_no_nopt", "nopt_loss", "the loss at the other actions is missing",
                       [](LearnerConfig& c) { return set(c.nopt_min_loss, 0.0); }));
  list.push_back(qtran("qtran_nopt_whole", "nopt_loss",
                       "the loss at the other actions has weight 1, as in starry-sky6688's",
                       [](LearnerConfig& c) { return set(c.nopt_min_loss, 1.0); }));
}

}  // namespace qtot::oracle
