#include "qtot/agents/agent.h"

#include <algorithm>

#include "agents/families.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/math/scalars.h"

namespace qtot::agents {

Index input_dim(const AgentConfig& config) {
  return config.spec.obs_dim + (config.obs_last_action ? config.spec.n_actions : 0) +
         (config.obs_agent_id ? config.spec.n_agents : 0);
}

template <class T>
Agent<T>::Agent(const AgentConfig& config)
    : config_(config), input_dim_(agents::input_dim(config)) {}

template <class T>
void Agent<T>::forward_together(nn::Weights<T> w, std::span<const ForwardPass<T>> passes,
                                Index n_rows, nn::Workspace<T>& workspace) const {
  for (const ForwardPass<T>& pass : passes) {
    Tape<T> unread;
    forward(w, pass.inputs, n_rows, nullptr, workspace, pass.tape != nullptr ? *pass.tape : unread,
            pass.utilities);
  }
}

template <class T>
void Agent<T>::backward_together(nn::Weights<T> w, std::span<const BackwardPass<T>> passes,
                                 Index n_rows, nn::Workspace<T>& workspace) const {
  for (const BackwardPass<T>& pass : passes) {
    backward(w, pass.inputs, n_rows, workspace, *pass.tape, pass.d_utilities, pass.gradient);
  }
}

template <class T>
void write_inputs(const AgentConfig& config, std::span<const float> obs,
                  std::span<const core::Action> last_actions, MatView<T> inputs) {
  const Index obs_dim = config.spec.obs_dim;
  const Index n_actions = config.spec.n_actions;
  QTOT_CHECK_EQ(inputs.rows(), config.spec.n_agents);
  QTOT_CHECK_EQ(inputs.cols(), input_dim(config));
  QTOT_CHECK_EQ(static_cast<Index>(obs.size()), inputs.rows() * obs_dim);
  for (Index n = 0; n < inputs.rows(); ++n) {
    T* const row = inputs.data() + n * inputs.outerStride();
    const float* const seen = obs.data() + n * obs_dim;
    for (Index i = 0; i < obs_dim; ++i) row[i] = static_cast<T>(seen[i]);
    std::fill(row + obs_dim, row + inputs.cols(), T(0));
    Index next = obs_dim;
    if (config.obs_last_action) {
      if (!last_actions.empty()) row[next + last_actions[static_cast<std::size_t>(n)]] = T(1);
      next += n_actions;
    }
    if (config.obs_agent_id) row[next + n] = T(1);
  }
}

template <class T>
std::unique_ptr<Agent<T>> make_agent(const AgentConfig& config, nn::ParamLayout& layout) {
  if (config.agent == "rnn") return make_rnn<T>(config, layout);
  if (config.agent == "ff") return make_ff<T>(config, layout);
  throw Error("agent = \"" + config.agent + "\": no such agent network; known: rnn ff");
}

#define QTOT_INSTANTIATE(T)                                                 \
  template class Agent<T>;                                                  \
  template void write_inputs<T>(const AgentConfig&, std::span<const float>, \
                                std::span<const core::Action>, MatView<T>); \
  template std::unique_ptr<Agent<T>> make_agent<T>(const AgentConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
