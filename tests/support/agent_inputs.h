#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "qtot/agents/agent.h"
#include "support/random.h"

namespace qtot::test {

/// What the agents of some slots see: rows (slot, agent) with storage of their own.
template <class T>
class AgentInputs {
 public:
  using Index = math::Index;

  AgentInputs(const agents::AgentConfig& config, Index n_slots)
      : config_(config),
        n_agents_(config.spec.n_agents),
        n_rows_(n_slots * n_agents_),
        per_row_(agents::n_one_hots(config)),
        obs_(static_cast<std::size_t>(n_rows_ * config.spec.obs_dim)),
        columns_(static_cast<std::size_t>(n_rows_ * per_row_)) {}

  /// Random observations, and random last actions from the second slot on.
  static AgentInputs random(const agents::AgentConfig& config, Index n_slots, Random& random) {
    AgentInputs inputs(config, n_slots);
    random.fill(std::span<T>(inputs.obs_));
    std::vector<core::Action> actions(static_cast<std::size_t>(inputs.n_agents_));
    for (Index slot = 0; slot < n_slots; ++slot) {
      for (core::Action& action : actions) action = random.below(config.spec.n_actions);
      inputs.set_actions(slot, slot > 0 ? std::span<const core::Action>(actions)
                                        : std::span<const core::Action>());
    }
    return inputs;
  }

  Index n_rows() const { return n_rows_; }
  std::span<T> obs(Index slot) {  // [N * O]
    return {obs_.data() + slot * n_agents_ * config_.spec.obs_dim, n_obs()};
  }
  std::span<const T> obs(Index slot) const {
    return {obs_.data() + slot * n_agents_ * config_.spec.obs_dim, n_obs()};
  }
  void set_actions(Index slot, std::span<const core::Action> last_actions) {
    const Index n = n_agents_ * per_row_;
    agents::write_one_hots(config_, last_actions,
                           std::span<std::int32_t>(columns_).subspan(
                               static_cast<std::size_t>(slot * n), static_cast<std::size_t>(n)));
  }

  void copy_slot(Index to, const AgentInputs& other, Index from) {
    std::ranges::copy(other.obs(from), obs(to).begin());
    const Index n = n_agents_ * per_row_;
    std::copy_n(other.columns_.begin() + from * n, n, columns_.begin() + to * n);
  }

  agents::Inputs<T> all() const {
    return {.obs = math::view(obs_.data(), n_rows_, config_.spec.obs_dim),
            .one_hots = {.columns = columns_.data(), .rows = n_rows_, .per_row = per_row_}};
  }
  agents::Inputs<T> slot(Index slot) const {
    return agents::rows(all(), slot * n_agents_, n_agents_);
  }

  /// concat(obs, one-hots) as it is written down: [rows, X].
  std::vector<T> dense() const {
    const Index x_dim = agents::input_dim(config_);
    std::vector<T> values(static_cast<std::size_t>(n_rows_ * x_dim), T(0));
    for (Index row = 0; row < n_rows_; ++row) {
      T* const to = values.data() + row * x_dim;
      std::copy_n(obs_.data() + row * config_.spec.obs_dim, config_.spec.obs_dim, to);
      for (Index k = 0; k < per_row_; ++k) {
        const std::int32_t column = columns_[static_cast<std::size_t>(row * per_row_ + k)];
        if (column >= 0) to[config_.spec.obs_dim + column] = T(1);
      }
    }
    return values;
  }

 private:
  std::size_t n_obs() const { return static_cast<std::size_t>(n_agents_ * config_.spec.obs_dim); }

  agents::AgentConfig config_;
  Index n_agents_;
  Index n_rows_;
  Index per_row_;
  std::vector<T> obs_;
  std::vector<std::int32_t> columns_;
};

}  // namespace qtot::test
