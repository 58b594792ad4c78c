// What the joint networks of QTRAN-base and QTRAN-alt share.
#pragma once

#include "mixers/mlp.h"
#include "qtot/mixers/joint_value.h"

namespace qtot::mixers {

/// V(s), and the layers that Q and V have alike.
template <class T>
class JointParts : public JointValue<T> {
 public:
  explicit JointParts(const JointConfig& config) : config_(config) {}

  void value_forward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                     JointTape<T>& tape, MatView<T> v) const override {
    keep(mixers::forward<T>(value_, w, state, workspace, v), 0, tape);
  }
  void value_backward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                      const JointTape<T>& tape, ConstMatView<T> d_v, T* gradient) const override {
    mixers::backward<T>(value_, w, state, kept(tape, 0), d_v, nn::Buffer<T>().view(), workspace,
                        gradient);
  }

 protected:
  // [S + more, D, D, out], with a third D where the networks are big
  static Mlp add_net(nn::ParamLayout& layout, const std::string& name, const JointConfig& config,
                     Index in, Index out) {
    const Index d = config.embed_dim;
    return config.is_big ? Mlp::add(layout, name, in, {d, d, d, out})
                         : Mlp::add(layout, name, in, {d, d, out});
  }
  void add_value(nn::ParamLayout& layout) {
    value_ = add_net(layout, "mixer.V", config_, config_.state_dim, 1);
  }

  // the hidden layers of a network lie in the tape from `first` on
  static void keep(const MlpTape<T>& hidden, std::size_t first, JointTape<T>& tape) {
    for (std::size_t i = 0; i < hidden.size(); ++i) tape.saved[first + i] = hidden[i];
  }
  static MlpTape<T> kept(const JointTape<T>& tape, std::size_t first) {
    MlpTape<T> hidden;
    for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] = tape.saved[first + i];
    return hidden;
  }

  const JointConfig& config() const { return config_; }

 private:
  JointConfig config_;
  Mlp value_;
};

template <class T>
std::unique_ptr<JointValue<T>> make_joint_base(const JointConfig& config, nn::ParamLayout& layout);
template <class T>
std::unique_ptr<JointValue<T>> make_joint_alt(const JointConfig& config, nn::ParamLayout& layout);

}  // namespace qtot::mixers
