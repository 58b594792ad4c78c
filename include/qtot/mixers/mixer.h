#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "qtot/math/one_hots.h"
#include "qtot/math/scalars.h"
#include "qtot/nn/linear.h"
#include "qtot/nn/params.h"
#include "qtot/nn/workspace.h"

namespace qtot::mixers {

using math::ConstMatView;
using math::Index;
using math::MatView;

/// What a mixer is built from; the keys of the same names.
struct MixerConfig {
  std::string mixer = "qmix";  // name in mixers.def
  int n_agents = 0;
  int state_dim = 0;
  int mixing_embed_dim = 32;  // E
  int hypernet_layers = 2;    // 1 or 2
  int hypernet_embed = 64;
  std::string positivity = "abs";  // abs | softplus | quadratic | none (unconstrained)
  double softplus_beta = 1;
  bool orthogonal = false;     // PyMARL2's use_orthogonal
  bool ns_state_bias = false;  // qmix_ns: final bias V(s) instead of a constant

  // qatten, and unit_dim, n_heads and weighted_heads of qplex_qatten
  int unit_dim = 0;            // U: the state begins with U numbers about each agent; 0: S / N
  int n_heads = 4;             // attention heads
  int query_hidden = 64;       // hidden width of the queries
  int key_embed = 32;          // width of queries and keys
  int head_hidden = 64;        // hidden width of the network that weighs the heads
  int value_hidden = 32;       // hidden width of c(s)
  bool weighted_heads = true;  // false: the heads' values are added as they are

  // qplex and qplex_qatten
  int n_actions = 0;                // A
  int n_kernels = 4;                // K
  int kernel_layers = 3;            // 1, 2 or 3
  int kernel_hidden = 64;           // their width where there are several
  bool advantage_minus_one = true;  // lambda - 1 weighs the advantages, not lambda
  bool weighted_agents = true;      // qplex: false: w = 1 and v = 0
  bool state_bias = true;           // qplex_qatten: false: v = 0

  // Other forms of qmix, which it alone reads: what peers and mistakes make of it. No training
  // configuration sets them; the tensors are the same in all.
  std::string positivity_final = {};  // of the second layer alone; empty: positivity
  std::string activation = "elu";     // elu | relu | tanh | none: the mixing layer's nonlinearity
  std::string bias_place = "before";  // before | after: b1 under the nonlinearity, or behind it
  bool abs_b1 = false;                // |b1(s)| in place of b1(s)
  bool abs_v = false;                 // |V(s)| in place of V(s)
  bool state_value = true;            // false: Q_tot without V(s), whose gradient is then 0
};

/// What a mixer reads, M independent rows: one per (episode, step).
template <class T>
struct MixerInputs {
  ConstMatView<T> agent_qs;  // [M, N]  values of the actions that are mixed
  ConstMatView<T> state;     // [M, S]

  /// Only for mixers that say so (reads_actions()); others may be given none of it.
  ///   best_qs       [M, N]    largest value of an available action
  ///   joint_action  [M, N A]  N ones a row: agent n's action u in column n A + u; negative for no action
  ConstMatView<T> best_qs = math::view(static_cast<const T*>(nullptr), 0, 0);
  math::OneHots joint_action = {};
};

/// Intermediate values of one forward pass that its backward pass reads. Lies in a Workspace.
template <class T>
struct Tape {
  std::array<nn::Buffer<T>, 20> saved;

  /// [M, 1] each: what Q_tot is the sum of, from mixers that tell the two apart; else empty.
  nn::Buffer<T> value_part;
  nn::Buffer<T> advantage_part;
};

/// (per-agent values, state) -> Q_tot. No row depends on another (D7). A mixer holds offsets into the
/// network's parameters and no numbers.
template <class T>
class Mixer {
 public:
  virtual ~Mixer() = default;

  /// Columns of q_tot: 1, or n_agents for IQL, which keeps the agents' values apart.
  virtual Index n_outputs() const { return 1; }

  /// True when Q_tot never falls as a single agent's value rises, which gives IGM.
  virtual bool is_monotonic() const { return true; }

  /// True when the expected Q_tot of agents that act independently is Q_tot of their expected values.
  virtual bool is_linear() const { return false; }

  /// True when best_qs and joint_action are read.
  virtual bool reads_actions() const { return false; }

  /// True when the loss adds a regulariser of the mixer's own, with the coefficient attend_reg_coef: the mean
  /// over steps and agents of what add_regulariser() sums.
  virtual bool is_regularised() const { return false; }

  /// Returns the sum of the regulariser over rows and agents, and adds `factor` times its gradient to
  /// `gradient`, which backward() has filled.
  ///
  /// @param[in] state [M, S]
  virtual math::Sum<T> add_regulariser(nn::Weights<T> /*w*/, ConstMatView<T> /*state*/,
                                       T /*factor*/, nn::Workspace<T>& /*workspace*/,
                                       T* /*gradient*/) const {
    return 0;
  }

  /// @param[out] q_tot [M, n_outputs()]
  /// `tape` is filled for backward(); its buffers come from `workspace`.
  virtual void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                       Tape<T>& tape, MatView<T> q_tot) const = 0;

  /// After forward() with the same inputs.
  ///
  /// @param[in]  d_q_tot    [M, n_outputs()]
  /// @param[out] d_agent_qs [M, N], overwritten
  /// @param[out] gradient   the network's layout; this mixer's tensors are overwritten with the sum
  ///                        over rows, m ascending
  virtual void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                        const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                        T* gradient) const = 0;
};

/// One line of mixers.def.
struct MixerFamily {
  std::string name;
  std::string summary;
};
const std::vector<MixerFamily>& families();

/// Builds the mixer that config.mixer names and appends its tensors, named "mixer.<state-dict name>", to
/// `layout`. Throws Error naming the key for a configuration that makes no sense.
template <class T>
std::unique_ptr<Mixer<T>> make_mixer(const MixerConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::mixers
