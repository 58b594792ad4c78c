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

Index n_one_hots(const AgentConfig& config) {
  return Index{config.obs_last_action} + Index{config.obs_agent_id};
}

void write_one_hots(const AgentConfig& config, std::span<const core::Action> last_actions,
                    std::span<std::int32_t> columns) {
  const auto n_agents = static_cast<std::size_t>(config.spec.n_agents);
  QTOT_CHECK_EQ(static_cast<Index>(columns.size()), config.spec.n_agents * n_one_hots(config));
  QTOT_CHECK(last_actions.empty() || last_actions.size() == n_agents);
  auto column = columns.begin();
  for (std::size_t n = 0; n < n_agents; ++n) {
    if (config.obs_last_action) *column++ = last_actions.empty() ? -1 : last_actions[n];
    if (config.obs_agent_id) {
      *column++ =
          static_cast<std::int32_t>(n) + (config.obs_last_action ? config.spec.n_actions : 0);
    }
  }
}

template <class T>
std::unique_ptr<Agent<T>> make_agent(const AgentConfig& config, nn::ParamLayout& layout) {
  if (config.agent == "rnn") return make_rnn<T>(config, layout);
  if (config.agent == "ff") return make_ff<T>(config, layout);
  throw Error("agent = \"" + config.agent + "\": no such agent network; known: rnn ff");
}

#define QTOT_INSTANTIATE(T) \
  template class Agent<T>;  \
  template std::unique_ptr<Agent<T>> make_agent<T>(const AgentConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
