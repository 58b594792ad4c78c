#include <string>

#include "oracle/diagnose/entries.h"

namespace qtot::oracle {
namespace {

using learner::ReturnRule;

bool is_greedy_target(const Variant& v) {
  return v.learner.target_epsilon == 0;
}

// To the greedy policy the three are one, and go by Watkins's name.
bool is_watkins_by_another_name(ReturnRule rule) {
  return rule == ReturnRule::kTreeBackup || rule == ReturnRule::kRetrace;
}

// A rule with a trace in place of another. Its lambda and target policy are the case's: without a lambda all but
// SARSA's are one-step. What estimates a greedy policy has no other.
Deviation of_rule(const char* id, const char* sentence, ReturnRule rule) {
  return together(id, "returns", sentence, [rule](Variant& v) {
    const bool is_told = v.learner.td_lambda > 0 || rule == ReturnRule::kSarsa;
    const bool is_known = v.has_behaviour || !weighs_by_behaviour(rule);
    if (!is_told || !is_known || (is_watkins_by_another_name(rule) && is_greedy_target(v))) {
      return false;
    }
    v.learner.q_lambda = false;
    if (!is_corrected(rule) || rule == ReturnRule::kWatkins) v.learner.target_epsilon = 0;
    return set(v.learner.returns, rule);
  });
}

Deviation of_n_steps(const char* id, const char* sentence, int n_step) {
  return together(id, "returns", sentence, [n_step](Variant& v) {
    const bool differs = set(v.learner.returns, ReturnRule::kNStep);
    v.learner.q_lambda = false;
    v.learner.target_epsilon = 0;
    v.learner.td_lambda = 0;
    return set(v.learner.n_step, n_step) || differs;
  });
}

}  // namespace

void add_returns(std::vector<Deviation>& list) {
  list.push_back(of_rule("returns_peng", "the returns are Peng's, without a correction of traces",
                         ReturnRule::kPeng));
  list.push_back(of_rule("returns_watkins",
                         "the returns are Watkins's: an action that was not greedy cuts the trace",
                         ReturnRule::kWatkins));
  list.push_back(of_rule("returns_harutyunyan",
                         "the returns are Sutton's and Harutyunyan's Q(lambda): no trace is cut",
                         ReturnRule::kHarutyunyan));
  list.push_back(of_rule("returns_tree_backup",
                         "the returns are the tree backup's: traces weigh by the target policy",
                         ReturnRule::kTreeBackup));
  list.push_back(of_rule("returns_retrace",
                         "the returns are Retrace's: traces weigh by min(1, pi / mu)",
                         ReturnRule::kRetrace));
  list.push_back(of_rule("returns_importance_sampling",
                         "the traces of the returns weigh by pi / mu, which nothing bounds",
                         ReturnRule::kImportanceSampling));
  list.push_back(of_rule("returns_sarsa",
                         "the returns bootstrap with the values of the stored actions (SARSA)",
                         ReturnRule::kSarsa));
  list.push_back(
      of_n_steps("returns_2_steps", "the returns add up two rewards, without lambda", 2));
  list.push_back(
      of_n_steps("returns_3_steps", "the returns add up three rewards, without lambda", 3));
  list.push_back(together("returns_of_greedy_policy", "target_policy",
                          "the target policy is the greedy one and does not explore",
                          [](Variant& v) { return set(v.learner.target_epsilon, 0.0); }));
}

}  // namespace qtot::oracle
