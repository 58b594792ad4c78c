#include "qtot/learner/network.h"

namespace qtot::learner {

template <class T>
Network<T> make_network(const agents::AgentConfig& agent, mixers::MixerConfig mixer) {
  Network<T> network;
  mixer.n_agents = agent.spec.n_agents;
  mixer.state_dim = agent.spec.state_dim;
  network.agent = agents::make_agent<T>(agent, network.layout);
  network.mixer = mixers::make_mixer<T>(mixer, network.layout);
  return network;
}

template Network<float> make_network<float>(const agents::AgentConfig&, mixers::MixerConfig);
template Network<double> make_network<double>(const agents::AgentConfig&, mixers::MixerConfig);

}  // namespace qtot::learner
