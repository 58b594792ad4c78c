#pragma once

#include <span>
#include <vector>

#include "qtot/learner/network.h"
#include "qtot/oracle/variant.h"

namespace qtot::oracle {

/// The network of `variant`: the learner's own, with the changes around agent and mixer.
template <class T>
learner::Network<T> make_changed_network(const Variant& variant);

/// Weights as the mistaken program reads them, and the gradient of what it had.
template <class T>
void change_weights(WeightChange change, const agents::AgentConfig& agent,
                    const nn::ParamLayout& layout, std::span<T> values);
template <class T>
void change_gradient_back(WeightChange change, const agents::AgentConfig& agent,
                          const nn::ParamLayout& layout, std::span<T> gradient);

}  // namespace qtot::oracle
