// The joint network of QTRAN-base (Son et al., 2019; PyMARL's QTranBase).
//
//   e_n        = action_encoding([h_n, one-hot(u_n)])     H + A -> H + A -> H + A, shared by the agents
//   Q_jt(s, u) = Q([s, e_0 + e_1 + ... + e_{N-1}])        S + H + A -> D -> D -> 1, n ascending
//
// coma_critic: Q([s, one-hots of the joint action]); the encoding has no gradient then.
#include <algorithm>

#include "mixers/joint_parts.h"
#include "qtot/base/check.h"
#include "qtot/math/scalars.h"

namespace qtot::mixers {
namespace {

enum Saved : std::size_t {  // entries of the tape
  kQHidden = 0,             // [M, D], two or three of them; with V's tape apart
  kQInput = 3,              // [M, S + H + A], or [M, S + N A]
  kEncodingInput = 4,       // [M N, H + A]
  kEncodingHidden = 5,      // [M N, H + A]
};

template <class T>
class JointBase final : public JointParts<T> {
 public:
  JointBase(const JointConfig& config, nn::ParamLayout& layout) : JointParts<T>(config) {
    const Index encoded = config.hidden_dim + config.n_actions;
    const Index seen = config.reads_hidden ? encoded : Index{config.n_agents} * config.n_actions;
    net_ = this->add_net(layout, "mixer.Q", config, config.state_dim + seen, 1);
    this->add_value(layout);
    encoding_ = Mlp::add(layout, "mixer.action_encoding", encoded, {encoded, encoded});
  }

  Index n_outputs() const override { return 1; }
  Index n_values() const override { return 1; }

  void forward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
               JointTape<T>& tape, MatView<T> q) const override {
    const Index n_rows = in.state.rows();
    const nn::Buffer<T> input = tape.saved[kQInput] = workspace.take_zero(n_rows, net_.in());
    for (Index m = 0; m < n_rows; ++m) {
      for (Index s = 0; s < in.state.cols(); ++s) input.row(m)[s] = in.state(m, s);
    }
    if (this->config().reads_hidden) {
      add_encodings(w, in, workspace, tape, input);
    } else {
      write_one_hots(in, input);
    }
    this->keep(mixers::forward<T>(net_, w, input.const_view(), workspace, q), kQHidden, tape);
  }

  void backward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
                const JointTape<T>& tape, ConstMatView<T> d_q, MatView<T> d_hidden,
                T* gradient) const override {
    const nn::Buffer<T> input = tape.saved[kQInput];
    const nn::Buffer<T> d_input = workspace.take(input.rows, input.cols);
    mixers::backward<T>(net_, w, input.const_view(), this->kept(tape, kQHidden), d_q,
                        d_input.view(), workspace, gradient);
    if (!this->config().reads_hidden) {
      d_hidden.setZero();
      return zero_gradient<T>(encoding_, gradient);
    }
    // every agent's encoding is a term of the sum
    const Index n_agents = this->config().n_agents;
    const nn::Buffer<T> seen = tape.saved[kEncodingInput];
    const nn::Buffer<T> d_encoding = workspace.take(seen.rows, seen.cols);
    const nn::Buffer<T> d_seen = workspace.take(seen.rows, seen.cols);
    for (Index row = 0; row < seen.rows; ++row) {
      std::copy_n(d_input.row(row / n_agents) + in.state.cols(), seen.cols, d_encoding.row(row));
    }
    const MlpTape<T> hidden = {tape.saved[kEncodingHidden]};
    mixers::backward<T>(encoding_, w, seen.const_view(), hidden, d_encoding.const_view(),
                        d_seen.view(), workspace, gradient);
    for (Index row = 0; row < seen.rows; ++row) {
      for (Index h = 0; h < d_hidden.cols(); ++h) d_hidden(row, h) = d_seen.row(row)[h];
    }
  }

 private:
  void add_encodings(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
                     JointTape<T>& tape, nn::Buffer<T> input) const {
    const Index n_agents = this->config().n_agents;
    QTOT_CHECK_EQ(in.hidden.rows(), input.rows * n_agents);
    const Index hidden_dim = in.hidden.cols();
    const nn::Buffer<T> seen = tape.saved[kEncodingInput] =
        workspace.take_zero(in.hidden.rows(), encoding_.in());
    for (Index row = 0; row < seen.rows; ++row) {
      for (Index h = 0; h < hidden_dim; ++h) seen.row(row)[h] = in.hidden(row, h);
      const auto action = static_cast<Index>(in.actions(row / n_agents, row % n_agents));
      seen.row(row)[hidden_dim + action] = T(1);
    }
    const nn::Buffer<T> encodings = workspace.take(seen.rows, encoding_.out());
    tape.saved[kEncodingHidden] =
        mixers::forward<T>(encoding_, w, seen.const_view(), workspace, encodings.view())[0];
    for (Index row = 0; row < seen.rows; ++row) {
      T* const sum = input.row(row / n_agents) + in.state.cols();
      for (Index e = 0; e < encodings.cols; ++e) sum[e] = sum[e] + encodings.row(row)[e];
    }
  }

  void write_one_hots(const JointInputs<T>& in, nn::Buffer<T> input) const {
    for (Index m = 0; m < input.rows; ++m) {
      for (Index n = 0; n < in.actions.cols(); ++n) {
        const Index first = in.state.cols() + n * this->config().n_actions;
        input.row(m)[first + static_cast<Index>(in.actions(m, n))] = T(1);
      }
    }
  }

  Mlp net_;
  Mlp encoding_;
};

}  // namespace

template <class T>
std::unique_ptr<JointValue<T>> make_joint_base(const JointConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<JointBase<T>>(config, layout);
}

template <class T>
std::unique_ptr<JointValue<T>> make_joint_value(const JointConfig& config,
                                                nn::ParamLayout& layout) {
  return config.counterfactual ? make_joint_alt<T>(config, layout)
                               : make_joint_base<T>(config, layout);
}

#define QTOT_INSTANTIATE(T)                                                      \
  template std::unique_ptr<JointValue<T>> make_joint_base<T>(const JointConfig&, \
                                                             nn::ParamLayout&);  \
  template std::unique_ptr<JointValue<T>> make_joint_value<T>(const JointConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
