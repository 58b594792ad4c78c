#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/mixers/joint_value.h"
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

/// What the learner minimises, and the networks that needs beside agent and mixer; the keys of the same
/// names.
struct ObjectiveConfig {
  std::string objective = "td";  // name in objectives.def
  int central_mixing_embed_dim = 256;
  bool orthogonal = false;             // Weighted QMIX: key use_orthogonal, of its central mixer
  int joint_embed_dim = 64;            // QTRAN: key mixing_embed_dim
  std::string network_size = "small";  // QTRAN: small | big
  std::string qtran_arch = "qtran_paper";  // QTRAN-base: qtran_paper | coma_critic
};

/// All networks over one parameter vector: agent tensors first, mixer tensors after, as PyMARL's
/// optimiser orders them, then those of the objective. Holds no numbers.
template <class T>
struct Network {
  nn::ParamLayout layout;
  std::unique_ptr<agents::Agent<T>> agent;
  std::unique_ptr<mixers::Mixer<T>> mixer;
  const Objective<T>* objective = nullptr;          // what the learner minimises
  std::unique_ptr<agents::Agent<T>> central_agent;  // Weighted QMIX: of Q*, unrolled as the agent
  std::unique_ptr<mixers::Mixer<T>>
      central_mixer;                             // Weighted QMIX: mixes the central agents' values
  std::unique_ptr<mixers::JointValue<T>> joint;  // QTRAN: reads the agents' hidden states

  /// Columns of q_tot, returns and td_error: errors of one step.
  math::Index n_outputs() const;
};

/// n_agents, n_actions and state_dim of `mixer` are taken from `agent.spec`. Throws Error for parts that do not fit
/// together.
template <class T>
Network<T> make_network(const agents::AgentConfig& agent, mixers::MixerConfig mixer,
                        const ObjectiveConfig& objective = {});

}  // namespace qtot::learner
