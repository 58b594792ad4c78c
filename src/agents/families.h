#pragma once

#include <memory>

#include "qtot/agents/agent.h"

namespace qtot::agents {

template <class T>
std::unique_ptr<Agent<T>> make_rnn(const AgentConfig& config, nn::ParamLayout& layout);
template <class T>
std::unique_ptr<Agent<T>> make_ff(const AgentConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::agents
