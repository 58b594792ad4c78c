#include "qtot/learner/network.h"

#include "learner/objectives/objective.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {

template <class T>
math::Index Network<T>::n_outputs() const {
  return joint != nullptr ? joint->n_outputs() : mixer->n_outputs();
}

template <class T>
Network<T> make_network(const agents::AgentConfig& agent, mixers::MixerConfig mixer,
                        const ObjectiveConfig& objective) {
  Network<T> network;
  mixer.n_agents = agent.spec.n_agents;
  mixer.state_dim = agent.spec.state_dim;
  mixer.n_actions = agent.spec.n_actions;
  network.agent = agents::make_agent<T>(agent, network.layout);
  network.mixer = mixers::make_mixer<T>(mixer, network.layout);
  network.objective = &objective_of<T>(objective.objective);
  network.objective->add_networks(agent, objective, network);
  return network;
}

#define QTOT_INSTANTIATE(T)                                                            \
  template struct Network<T>;                                                          \
  template Network<T> make_network<T>(const agents::AgentConfig&, mixers::MixerConfig, \
                                      const ObjectiveConfig&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
