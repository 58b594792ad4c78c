#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "qtot/oracle/diagnose.h"

/// How an entry of the catalogue is written: by the field that it sets and the value that it sets it to.
namespace qtot::oracle {

// Sets a field; false where it already had the value.
template <class V>
bool set(V& field, std::type_identity_t<V> value) {
  return std::exchange(field, value) != value;
}

template <class V>
Deviation of_learner(const char* id, const char* group, const char* sentence,
                     V learner::LearnerConfig::*field, std::type_identity_t<V> value) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [field, value](Variant& v) { return set(v.learner.*field, value); }};
}

template <class V>
Deviation of_mistakes(const char* id, const char* group, const char* sentence,
                      V learner::Mistakes::*field, std::type_identity_t<V> value) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [field, value](Variant& v) { return set(v.learner.mistakes.*field, value); }};
}

// of the lambda-return: without a lambda it is another mistake, or none
template <class V>
Deviation with_lambda(const char* id, const char* group, const char* sentence,
                      V learner::Mistakes::*field, std::type_identity_t<V> value) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [field, value](Variant& v) {
            return v.learner.td_lambda > 0 && set(v.learner.mistakes.*field, value);
          }};
}

template <class V>
Deviation of_optimiser(const char* id, const char* group, const char* sentence,
                       V nn::OptimiserConfig::*field, std::type_identity_t<V> value) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [field, value](Variant& v) { return set(v.learner.optimiser.*field, value); }};
}

// of QMIX's mixing network alone
template <class V>
Deviation of_qmix(const char* id, const char* group, const char* sentence,
                  V mixers::MixerConfig::*field, std::type_identity_t<V> value) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [field, value](Variant& v) {
            return v.mixer.mixer == "qmix" && set(v.mixer.*field, value);
          }};
}

inline Deviation of_weights(const char* id, const char* group, const char* sentence,
                            WeightChange change, std::function<bool(const Variant&)> concerns) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [change, concerns = std::move(concerns)](Variant& v) {
            if (!concerns(v)) return false;
            v.changes.push_back(change);
            return true;
          }};
}

// of objectives whose name begins so alone
template <class Apply>
Deviation of_objective(const char* prefix, const char* id, const char* group, const char* sentence,
                       Apply apply) {
  return {.id = id,
          .sentence = sentence,
          .group = group,
          .is_quirk = false,
          .apply = [prefix, apply](Variant& v) {
            return v.objective.objective.starts_with(prefix) && apply(v.learner);
          }};
}

inline bool is_recurrent(const Variant& v) {
  return v.agent.agent == "rnn";
}

inline Deviation together(const char* id, const char* group, const char* sentence,
                          std::function<bool(Variant&)> apply) {
  return {
      .id = id, .sentence = sentence, .group = group, .is_quirk = false, .apply = std::move(apply)};
}

inline Deviation of_adams_eps(const char* id, const char* sentence, nn::EpsPlace place) {
  return together(id, "eps", sentence, [place](Variant& v) {
    return v.learner.optimiser.optimiser == "adam" && set(v.learner.optimiser.eps_place, place);
  });
}

/// One rule of returns in place of another.
void add_returns(std::vector<Deviation>& list);

/// Mistakes in what is minimised.
void add_objectives(std::vector<Deviation>& list);

/// Mistakes in mixers, agents and optimisers.
void add_networks(std::vector<Deviation>& list);

}  // namespace qtot::oracle
