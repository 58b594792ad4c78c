#pragma once

#include <cstdint>
#include <vector>

#include "oracle/diagnose/weight_change.h"
#include "qtot/base/executor.h"
#include "qtot/learner/learner.h"
#include "qtot/math/elementary.h"
#include "qtot/oracle/case.h"

namespace qtot::oracle {

/// The learner that trains, set up with a case's weights. Call k of update() is episode k of the peers'
/// target updates, counted from 1.
template <class T>
class LearnerRun {
 public:
  LearnerRun(const Case& input, const Variant& variant, const std::vector<double>& params,
             const std::vector<double>& target_params, Executor& executor)
      : batch_(input.batch()),
        weights_(input.weights),
        learner_(make_changed_network<T>(variant), variant.learner, 0, executor) {
    learner::LearnerState<T> state = learner_.state();
    state.params.assign(params.begin(), params.end());
    state.target_params.assign(target_params.begin(), target_params.end());
    learner_.set_state(std::move(state));
  }

  learner::UpdateStats update(learner::Probe<T>* probe) {
    return learner_.update(batch_, ++n_updates_, probe, weights_);
  }

  const learner::Learner<T>& learner() const { return learner_; }

 private:
  std::vector<const core::Episode*> batch_;
  std::vector<double> weights_;
  learner::Learner<T> learner_;
  std::int64_t n_updates_ = 0;
};

}  // namespace qtot::oracle
