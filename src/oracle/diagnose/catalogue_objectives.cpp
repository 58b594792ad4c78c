#include "oracle/diagnose/entries.h"

namespace qtot::oracle {

using learner::LearnerConfig;
using Weighting = learner::Mistakes::Weighting;

void add_objectives(std::vector<Deviation>& list) {
  const auto weighting = [](const char* id, const char* sentence, bool optimistic, Weighting way) {
    return of_weighted(id, "weighting", sentence, [=](LearnerConfig& c) {
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
  list.push_back(of_weighted("ow_for_cw", "weighting", "the weights are OW-QMIX's",
                             [](LearnerConfig& c) { return set(c.optimistic, true); }));
  list.push_back(of_weighted("cw_for_ow", "weighting", "the weights are CW-QMIX's",
                             [](LearnerConfig& c) { return set(c.optimistic, false); }));
  list.push_back(of_weighted("no_weights", "weighting", "every error has weight 1",
                             [](LearnerConfig& c) { return set(c.weight, 1.0); }));
  list.push_back(of_weighted("no_central_loss", "central_loss", "the loss of Q* is missing",
                             [](LearnerConfig& c) { return set(c.central_loss, 0.0); }));
  list.push_back(of_weighted("central_loss_halved", "central_loss",
                             "the loss of Q* is half the mean squared error, as in PyMARL2",
                             [](LearnerConfig& c) { return set(c.central_loss, 0.5); }));
  list.push_back(of_weighted("central_loss_whole", "central_loss",
                             "the loss of Q* is the mean squared error itself",
                             [](LearnerConfig& c) { return set(c.central_loss, 1.0); }));
}

}  // namespace qtot::oracle
