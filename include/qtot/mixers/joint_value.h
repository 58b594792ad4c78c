#pragma once

#include <array>
#include <memory>

#include "qtot/mixers/mixer.h"

namespace qtot::mixers {

/// What the joint networks of QTRAN are built from.
struct JointConfig {
  bool counterfactual = false;  // QTRAN-alt's, else QTRAN-base's
  int n_agents = 0;
  int n_actions = 0;
  int state_dim = 0;
  int hidden_dim = 0;        // of the agents
  int embed_dim = 64;        // D, key mixing_embed_dim
  bool is_big = false;       // key network_size: one more hidden layer in Q and V
  bool reads_hidden = true;  // base: key qtran_arch is qtran_paper; else coma_critic, [s, u] alone
};

/// M independent rows: one per (episode, step).
template <class T>
struct JointInputs {
  ConstMatView<T> state;    // [M, S]
  ConstMatView<T> hidden;   // [M N, H]  of the agents, after the step; row m N + n
  ConstMatView<T> actions;  // [M, N]    indices
};

/// Intermediate values of one forward pass that its backward pass reads. Lies in a Workspace.
template <class T>
struct JointTape {
  std::array<nn::Buffer<T>, 8> saved;
};

/// Q_jt and V of QTRAN (Son et al., 2019): a joint value that is free of any factorisation, and what
/// it lacks to be the sum of the agents' utilities. Tensors "mixer.*". No row depends on another (D7).
template <class T>
class JointValue {
 public:
  virtual ~JointValue() = default;

  /// Errors of one step: 1, or N where each agent has a joint value of its own.
  virtual Index n_outputs() const = 0;

  /// Columns of q: 1, or N A where there is a value of every action that each agent might take alone.
  virtual Index n_values() const = 0;

  /// @param[out] q  [M, n_values()], contiguous
  /// `tape` is filled for backward(); its buffers come from `workspace`.
  virtual void forward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
                       JointTape<T>& tape, MatView<T> q) const = 0;

  /// After forward() with the same inputs.
  ///
  /// @param[in]  d_q       [M, n_values()], contiguous
  /// @param[out] d_hidden  [M N, H], overwritten
  /// @param[out] gradient  the network's layout; the tensors of Q_jt are overwritten with the sum over
  ///                       rows, m ascending
  virtual void backward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
                        const JointTape<T>& tape, ConstMatView<T> d_q, MatView<T> d_hidden,
                        T* gradient) const = 0;

  /// V(s): state [M, S] -> v [M, 1]; backward for the tensors of V, d_v [M, 1].
  virtual void value_forward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                             JointTape<T>& tape, MatView<T> v) const = 0;
  virtual void value_backward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                              const JointTape<T>& tape, ConstMatView<T> d_v, T* gradient) const = 0;
};

/// Appends the tensors "mixer.Q.*", "mixer.V.*" and those of the encodings to `layout`.
template <class T>
std::unique_ptr<JointValue<T>> make_joint_value(const JointConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::mixers
