#pragma once

#include <vector>

#include "mixers/mlp.h"
#include "mixers/stacked.h"
#include "qtot/mixers/mixer.h"

/// The duplex dueling mixers (Wang et al., 2021): how the state weighs and shifts the agents' values, w and
/// v, is the mixer's own; the rest they have in common.
///
///   value  = sum_n (w_n q_n + v_n)                              the dueling network's V
///   adv_n  = w_n (q_n - m_n)                                    m_n: largest available value of agent n
///   lam_n  = sum_k (|key_k(s)| + 1e-10) sigmoid(agents_k(s))_n sigmoid(action_k(s, u))_n
///   Q_tot  = value + sum_n adv_n (lam_n - 1)                    or lam_n (is_minus_one = False)
///
/// Sums start at 0, n and k ascending, and take one fused multiply-add a term. The networks of the kernels
/// have one to three layers; u is the joint action, one-hot. For the greedy joint action q = m, so the
/// advantages are exactly 0.
///
/// Gradients: m is data, and so is adv where lam weighs it. Hence dQ_tot / dq_n is w_n, w and v learn from
/// the value alone, and the kernels from the advantages alone.
///
///   M  rows   N  agents   A  actions   S  size of the state   K  kernels   H  hidden widths
namespace qtot::mixers {

constexpr double kWeightFloor = 1e-10;  // keeps w and lam off 0

template <class T>
class Dueling : public Mixer<T> {
 public:
  bool reads_actions() const override { return true; }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override;
  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override;

 protected:
  explicit Dueling(const MixerConfig& config)
      : n_agents_(config.n_agents), subtracts_one_(config.advantage_minus_one) {}

  /// Appends "mixer.si_weight...": the last thing that a mixer's constructor does.
  void add_kernels(const MixerConfig& config, nn::ParamLayout& layout);

  Index n_agents() const { return n_agents_; }

  /// What the forward pass leaves for the backward pass; a mixer's own entries begin at kOwn.
  static constexpr Index kMaxHidden = 2;  // layers of a kernel's network but for the last
  enum Saved {                            // of kernel k the rows [k M, (k + 1) M)
    kW,                                   // [M, N]
    kAdvantage,                           // [M, N]      adv
    kPreKey,                              // [K M, 1]    before the absolute value
    kAgents,                              // [K M, N]    after the sigmoid
    kAction,                              // [K M, N]    after the sigmoid
    kKeyHidden,  // [K M, H]    two entries each: hidden layers after the relu
    kAgentsHidden = kKeyHidden + kMaxHidden,
    kActionHidden = kAgentsHidden + kMaxHidden,
    kOwn = kActionHidden + kMaxHidden
  };

 private:
  /// weight, v [M, N], overwritten
  virtual void scales_forward(nn::Weights<T> w, const MixerInputs<T>& in,
                              nn::Workspace<T>& workspace, Tape<T>& tape, nn::Buffer<T> weight,
                              nn::Buffer<T> v) const = 0;
  /// Gradients of the parameters of w and v from d_weight and d_v [M, N].
  virtual void scales_backward(nn::Weights<T> w, const MixerInputs<T>& in,
                               nn::Workspace<T>& workspace, const Tape<T>& tape,
                               nn::Buffer<T> d_weight, nn::Buffer<T> d_v, T* gradient) const = 0;

  Index n_kernels() const { return static_cast<Index>(keys_.size()); }
  void take_hidden(Index rows, int first, nn::Workspace<T>& workspace, Tape<T>& tape) const;
  MlpTape<T> hidden_of(const Tape<T>& tape, int first, Index k, Index rows) const;
  void value_forward(const MixerInputs<T>& in, nn::Buffer<T> v, nn::Workspace<T>& workspace,
                     Tape<T>& tape) const;
  nn::Buffer<T> kernels_forward(nn::Weights<T> w, const MixerInputs<T>& in,
                                nn::Workspace<T>& workspace, Tape<T>& tape) const;
  void kernel_backward(Index k, nn::Weights<T> w, const MixerInputs<T>& in,
                       nn::Workspace<T>& workspace, const Tape<T>& tape, nn::Buffer<T> d_lambda,
                       T* gradient) const;

  Index n_agents_;
  bool subtracts_one_;
  std::vector<Mlp> keys_;     // [K]  S -> 1
  std::vector<Mlp> agents_;   // [K]  S -> N
  std::vector<Mlp> actions_;  // [K]  S + N A -> N
};

}  // namespace qtot::mixers
