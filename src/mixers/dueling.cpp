#include "mixers/dueling.h"

#include <string>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {

template <class T>
void Dueling<T>::add_kernels(const MixerConfig& config, nn::ParamLayout& layout) {
  const Index n_joint = Index{config.n_agents} * config.n_actions;
  const auto add = [&](const char* name, Index one_hot_in, Index out) {
    std::vector<Index> widths(static_cast<std::size_t>(config.kernel_layers), config.kernel_hidden);
    widths.back() = out;
    std::vector<Mlp> nets;
    nets.reserve(static_cast<std::size_t>(config.n_kernels));
    for (int k = 0; k < config.n_kernels; ++k) {
      nets.push_back(Mlp::add(layout,
                              "mixer.si_weight." + std::string(name) + "." + std::to_string(k),
                              config.state_dim, widths, config.orthogonal, one_hot_in));
    }
    return nets;
  };
  keys_ = add("key_extractors", 0, 1);
  agents_ = add("agents_extractors", 0, n_agents_);
  actions_ = add("action_extractors", n_joint, n_agents_);
}

template <class T>
void Dueling<T>::forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                         Tape<T>& tape, MatView<T> q_tot) const {
  const Index rows = in.agent_qs.rows();
  QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
  QTOT_CHECK_EQ(in.state.rows(), rows);
  QTOT_CHECK_EQ(in.best_qs.rows(), rows);
  QTOT_CHECK_EQ(in.best_qs.cols(), n_agents_);
  QTOT_CHECK_EQ(in.joint_action.rows, rows);
  QTOT_CHECK_EQ(q_tot.rows(), rows);
  tape.saved[kW] = workspace.take(rows, n_agents_);
  const nn::Buffer<T> v = workspace.take(rows, n_agents_);
  scales_forward(w, in, workspace, tape, tape.saved[kW], v);
  value_forward(in, v, workspace, tape);

  const nn::Buffer<T> lambda = kernels_forward(w, in, workspace, tape);
  const nn::Buffer<T> advantage = tape.saved[kAdvantage];
  tape.advantage_part = workspace.take(rows, 1);
  for (Index m = 0; m < rows; ++m) {
    T sum = 0;
    for (Index n = 0; n < n_agents_; ++n) {
      const T weight = subtracts_one_ ? T(lambda.row(m)[n] - T(1)) : lambda.row(m)[n];
      sum = math::fma(advantage.row(m)[n], weight, sum);
    }
    tape.advantage_part.data[m] = sum;
    q_tot(m, 0) = tape.value_part.data[m] + sum;
  }
}

template <class T>
void Dueling<T>::backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                          const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                          T* gradient) const {
  const Index rows = in.agent_qs.rows();
  QTOT_CHECK_EQ(d_q_tot.rows(), rows);
  QTOT_CHECK_EQ(d_agent_qs.rows(), rows);
  QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
  const nn::Buffer<T> d_weight = workspace.take(rows, n_agents_);
  const nn::Buffer<T> d_v = workspace.take(rows, n_agents_);
  const nn::Buffer<T> d_lambda = workspace.take(rows, n_agents_);
  for (Index m = 0; m < rows; ++m) {
    const T d = d_q_tot(m, 0);
    for (Index n = 0; n < n_agents_; ++n) {
      d_agent_qs(m, n) = d * tape.saved[kW].row(m)[n];
      d_weight.row(m)[n] = d * in.agent_qs(m, n);
      d_v.row(m)[n] = d;
      d_lambda.row(m)[n] = d * tape.saved[kAdvantage].row(m)[n];
    }
  }
  scales_backward(w, in, workspace, tape, d_weight, d_v, gradient);
  for (Index k = 0; k < n_kernels(); ++k) {
    kernel_backward(k, w, in, workspace, tape, d_lambda, gradient);
  }
}

// adv and value
template <class T>
void Dueling<T>::value_forward(const MixerInputs<T>& in, nn::Buffer<T> v,
                               nn::Workspace<T>& workspace, Tape<T>& tape) const {
  const Index rows = in.agent_qs.rows();
  const nn::Buffer<T> advantage = workspace.take(rows, n_agents_);
  tape.value_part = workspace.take(rows, 1);
  for (Index m = 0; m < rows; ++m) {
    T sum = 0;
    for (Index n = 0; n < n_agents_; ++n) {
      const T q = in.agent_qs(m, n);
      const T w_n = tape.saved[kW].row(m)[n];
      advantage.row(m)[n] = w_n * T(q - in.best_qs(m, n));
      sum = sum + math::fma(w_n, q, v.row(m)[n]);
    }
    tape.value_part.data[m] = sum;
  }
  tape.saved[kAdvantage] = advantage;
}

// The hidden layers of all kernels' networks of one kind, [K M, H] each.
template <class T>
void Dueling<T>::take_hidden(Index rows, int first, nn::Workspace<T>& workspace,
                             Tape<T>& tape) const {
  for (std::size_t i = 0; i < keys_.front().n_hidden(); ++i) {
    tape.saved[static_cast<std::size_t>(first) + i] =
        workspace.take(n_kernels() * rows, keys_.front().layers[i].out);
  }
}

template <class T>
MlpTape<T> Dueling<T>::hidden_of(const Tape<T>& tape, int first, Index k, Index rows) const {
  MlpTape<T> hidden;
  for (std::size_t i = 0; i < keys_.front().n_hidden(); ++i) {
    hidden[i] = part(tape.saved[static_cast<std::size_t>(first) + i], k, rows);
  }
  return hidden;
}

// Fills what the tape keeps of the kernels, and returns lambda.
template <class T>
nn::Buffer<T> Dueling<T>::kernels_forward(nn::Weights<T> w, const MixerInputs<T>& in,
                                          nn::Workspace<T>& workspace, Tape<T>& tape) const {
  const Index rows = in.agent_qs.rows();
  tape.saved[kPreKey] = workspace.take(n_kernels() * rows, 1);
  tape.saved[kAgents] = workspace.take(n_kernels() * rows, n_agents_);
  tape.saved[kAction] = workspace.take(n_kernels() * rows, n_agents_);
  for (const int first : {kKeyHidden, kAgentsHidden, kActionHidden}) {
    take_hidden(rows, first, workspace, tape);
  }
  const nn::Buffer<T> lambda = workspace.take_zero(rows, n_agents_);
  for (Index k = 0; k < n_kernels(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    const nn::Buffer<T> key = part(tape.saved[kPreKey], k, rows);
    const nn::Buffer<T> agents = part(tape.saved[kAgents], k, rows);
    const nn::Buffer<T> action = part(tape.saved[kAction], k, rows);
    mixers::forward<T>(keys_[i], w, in.state, {}, hidden_of(tape, kKeyHidden, k, rows), key.view());
    mixers::forward<T>(agents_[i], w, in.state, {}, hidden_of(tape, kAgentsHidden, k, rows),
                       agents.view());
    mixers::forward<T>(actions_[i], w, in.state, in.joint_action,
                       hidden_of(tape, kActionHidden, k, rows), action.view());
    math::sigmoid<T>(agents.elements(), agents.elements());
    math::sigmoid<T>(action.elements(), action.elements());
    for (Index m = 0; m < rows; ++m) {
      const T key_m = math::abs(key.data[m]) + T(kWeightFloor);
      for (Index n = 0; n < n_agents_; ++n) {
        lambda.row(m)[n] =
            math::fma(T(key_m * agents.row(m)[n]), action.row(m)[n], lambda.row(m)[n]);
      }
    }
  }
  return lambda;
}

// lam[n] = ... + (|key| + 1e-10) agents[n] action[n]
template <class T>
void Dueling<T>::kernel_backward(Index k, nn::Weights<T> w, const MixerInputs<T>& in,
                                 nn::Workspace<T>& workspace, const Tape<T>& tape,
                                 nn::Buffer<T> d_lambda, T* gradient) const {
  const Index rows = d_lambda.rows;
  const auto i = static_cast<std::size_t>(k);
  const nn::Buffer<T> key = part(tape.saved[kPreKey], k, rows);
  const nn::Buffer<T> agents = part(tape.saved[kAgents], k, rows);
  const nn::Buffer<T> action = part(tape.saved[kAction], k, rows);
  const nn::Buffer<T> d_key = workspace.take(rows, 1);
  const nn::Buffer<T> d_agents = workspace.take(rows, n_agents_);
  const nn::Buffer<T> d_action = workspace.take(rows, n_agents_);
  for (Index m = 0; m < rows; ++m) {
    const T key_m = math::abs(key.data[m]) + T(kWeightFloor);
    T sum = 0;
    for (Index n = 0; n < n_agents_; ++n) {
      const T d = d_lambda.row(m)[n];
      const T of_agents = agents.row(m)[n];
      const T of_action = action.row(m)[n];
      sum = math::fma(d, T(of_agents * of_action), sum);
      d_agents.row(m)[n] = T(d * T(key_m * of_action)) * math::sigmoid_slope(of_agents);
      d_action.row(m)[n] = T(d * T(key_m * of_agents)) * math::sigmoid_slope(of_action);
    }
    d_key.data[m] = sum * math::abs_slope(key.data[m]);
  }
  mixers::backward<T>(keys_[i], w, in.state, {}, hidden_of(tape, kKeyHidden, k, rows),
                      d_key.const_view(), workspace, gradient);
  mixers::backward<T>(agents_[i], w, in.state, {}, hidden_of(tape, kAgentsHidden, k, rows),
                      d_agents.const_view(), workspace, gradient);
  mixers::backward<T>(actions_[i], w, in.state, in.joint_action,
                      hidden_of(tape, kActionHidden, k, rows), d_action.const_view(), workspace,
                      gradient);
}

#define QTOT_INSTANTIATE(T) template class Dueling<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
