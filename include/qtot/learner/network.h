#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/mixers/mixer.h"
#include "qtot/nn/params.h"

namespace qtot::learner {

template <class T>
class Objective;

/// One line of objectives.def.
struct ObjectiveFamily {
  std::string name;
  std::string summary;
};
const std::vector<ObjectiveFamily>& objective_families();

/// Agent and mixer over one parameter vector: agent tensors first, mixer tensors after, as PyMARL's
/// optimiser orders them. Holds no numbers.
template <class T>
struct Network {
  nn::ParamLayout layout;
  std::unique_ptr<agents::Agent<T>> agent;
  std::unique_ptr<mixers::Mixer<T>> mixer;
  const Objective<T>* objective = nullptr;  // what the learner minimises
};

/// n_agents, n_actions and state_dim of `mixer` are taken from `agent.spec`.
template <class T>
Network<T> make_network(const agents::AgentConfig& agent, mixers::MixerConfig mixer);

}  // namespace qtot::learner
