#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "qtot/core/episode.h"
#include "qtot/math/one_hots.h"
#include "qtot/nn/params.h"
#include "qtot/nn/workspace.h"

namespace qtot::agents {

using math::ConstMatView;
using math::Index;
using math::MatView;

/// What an agent network is built from; the keys of the same names.
struct AgentConfig {
  std::string agent = "rnn";      // rnn | ff
  std::string tensors = "agent";  // what the names of its tensors begin with
  core::DecPomdpSpec spec;
  int hidden_dim = 64;
  bool obs_last_action = true;
  bool obs_agent_id = true;
  bool layer_norm = false;     // PyMARL2's use_layer_norm: on the hidden state before fc2 (rnn)
  bool input_relu = true;      // false: none behind fc1 (rnn), a mistake that the oracle looks for
  double orthogonal_gain = 0;  // > 0: orthogonal fc1 (gain 1) and output layer (this gain), PyMARL2
};

/// Intermediate values of one forward pass that its backward pass reads. Lies in a Workspace.
template <class T>
struct Tape {
  std::array<nn::Buffer<T>, 12> saved;
};

/// What the agents see, R rows: concat(obs, one-hot of the last action, one-hot of the agent), each of the
/// one-hots optional. Views.
template <class T>
struct Inputs {
  ConstMatView<T> obs;     // [R, O]
  math::OneHots one_hots;  // [R, n_one_hots()], columns counted from O
};

template <class T>
Inputs<T> rows(const Inputs<T>& inputs, Index first, Index count) {
  return {.obs = math::rows(inputs.obs, first, count),
          .one_hots = math::rows(inputs.one_hots, first, count)};
}

/// How many episodes one pass may take side by side.
inline constexpr std::size_t kMaxTogether = 8;

/// One episode of a forward pass over several. R = n_slots * n_rows.
template <class T>
struct ForwardPass {
  Inputs<T> inputs;         // R rows
  MatView<T> utilities;     // [R, A], written
  Tape<T>* tape = nullptr;  // filled for the backward pass; without one nothing is kept
};

/// One episode of a backward pass over several.
template <class T>
struct BackwardPass {
  Inputs<T> inputs;
  ConstMatView<T> d_utilities;  // [n_steps * n_rows, A]
  const Tape<T>* tape = nullptr;
  T* gradient = nullptr;  // of this episode alone
  /// [n_steps * n_rows, H], what the loss has of hidden() itself; of no rows where it has nothing
  ConstMatView<T> d_hidden = math::view(static_cast<const T*>(nullptr), 0, 0);
};

/// The network that every agent shares: (obs, last action, agent id, hidden) -> utilities. Rows are
/// slot-major, agent-minor: row t * N + n. A row depends on the earlier rows of its agent and on
/// nothing else (D7), so acting (one slot at a time) and learning (whole episodes) give the same bits.
template <class T>
class Agent {
 public:
  virtual ~Agent() = default;

  Index input_dim() const { return input_dim_; }
  Index hidden_dim() const { return hidden_dim_; }  // 0: no recurrent state
  Index n_actions() const { return config_.spec.n_actions; }
  const AgentConfig& config() const { return config_; }

  /// `n_rows` rows a slot (the agents of one or of several episodes side by side).
  ///
  /// @param[in]  inputs     n_slots * n_rows rows
  /// @param[in]  hidden0    [n_rows, H]  hidden state before the first slot; nullptr for zeros
  /// @param[out] utilities  [n_slots * n_rows, A]
  /// `tape` is filled for backward() and for final_hidden(); its buffers come from `workspace`.
  virtual void forward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows, const T* hidden0,
                       nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> utilities) const = 0;

  /// Back-propagation through time from zero hidden state over the first d_utilities.rows() / n_rows
  /// slots of the pass (later slots have no gradient).
  ///
  /// @param[in]  d_utilities  [n_steps * n_rows, A]
  /// @param[out] gradient     the network's layout; the agent's tensors are overwritten with the sum
  ///                          over rows: slot ascending, then row
  virtual void backward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows,
                        nn::Workspace<T>& workspace, const Tape<T>& tape,
                        ConstMatView<T> d_utilities, T* gradient) const = 0;

  /// forward() from zero hidden state for at most kMaxTogether episodes, the longest first, to the same
  /// bits: side by side they share what is read of the weights.
  virtual void forward_together(nn::Weights<T> w, std::span<const ForwardPass<T>> passes,
                                Index n_rows, nn::Workspace<T>& workspace) const;
  /// backward() for each of the episodes, the one with the most steps first, to the same bits.
  virtual void backward_together(nn::Weights<T> w, std::span<const BackwardPass<T>> passes,
                                 Index n_rows, nn::Workspace<T>& workspace) const;

  /// What the output layer reads, [R, H]: the state after each slot of a pass that filled `tape`; the last
  /// hidden layer of a feed-forward agent.
  virtual ConstMatView<T> hidden(const Tape<T>& tape, Index n_rows) const = 0;

  /// Hidden state after the last slot, [n_rows, H]; empty for a feed-forward agent.
  virtual ConstMatView<T> final_hidden(const Tape<T>& tape, Index n_rows) const = 0;

 protected:
  explicit Agent(const AgentConfig& config);

 private:
  AgentConfig config_;
  Index input_dim_ = 0;
  Index hidden_dim_ = 0;

 protected:
  void set_hidden_dim(Index hidden_dim) { hidden_dim_ = hidden_dim; }
};

/// obs_dim, plus n_actions with the last action, plus n_agents with the id.
Index input_dim(const AgentConfig& config);

/// One-hots of a row: the last action's, with obs_last_action, and the agent's, with obs_agent_id.
Index n_one_hots(const AgentConfig& config);

/// The one-hots of the agents in one slot.
///
/// @param[in]  last_actions  [N], or empty at slot 0 and where the slot before was never filled: none
/// @param[out] columns       [N, n_one_hots()], as of math::OneHots
void write_one_hots(const AgentConfig& config, std::span<const core::Action> last_actions,
                    std::span<std::int32_t> columns);

/// Builds the agent that config.agent names and appends its tensors, named "<config.tensors>.<state-dict name>",
/// to `layout`.
template <class T>
std::unique_ptr<Agent<T>> make_agent(const AgentConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::agents
