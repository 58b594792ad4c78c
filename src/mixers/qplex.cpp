// QPLEX (Wang et al., 2021), the duplex dueling mixer as its authors and PyMARL2 have it: that of dueling.h
// with
//
//   w = |hyper_w_final(s)| + 1e-10        v = V(s)         or w = 1, v = 0 (weighted_head = False)
//
// hyper_w_final and V have two layers.

#include "mixers/dueling.h"
#include "mixers/hypernet.h"
#include "mixers/registry.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {
namespace {

template <class T>
class Qplex final : public Dueling<T> {
 public:
  Qplex(const MixerConfig& config, nn::ParamLayout& layout)
      : Dueling<T>(config), is_weighted_(config.weighted_agents) {
    const auto add = [&](const char* name) {
      return Hypernet::add(layout, name, config.state_dim, config.hypernet_embed, config.n_agents,
                           config.orthogonal);
    };
    hyper_w_ = add("mixer.hyper_w_final");
    hyper_v_ = add("mixer.V");
    this->add_kernels(config, layout);
  }

 private:
  enum Own {                      // entries of the tape
    kWHidden = Dueling<T>::kOwn,  // [M, H]  hidden layer of hyper_w_final, after the relu
    kPreW,                        // [M, N]  before the absolute value
    kVHidden,                     // [M, H]  hidden layer of V, after the relu
  };

  void scales_forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                      Tape<T>& tape, nn::Buffer<T> weight, nn::Buffer<T> v) const override {
    if (!is_weighted_) {
      weight.view().setConstant(T(1));
      v.view().setZero();
      return;
    }
    tape.saved[kPreW] = workspace.take(weight.rows, weight.cols);
    tape.saved[kWHidden] =
        mixers::forward<T>(hyper_w_, w, in.state, workspace, tape.saved[kPreW].view());
    tape.saved[kVHidden] = mixers::forward<T>(hyper_v_, w, in.state, workspace, v.view());
    for (Index m = 0; m < weight.rows; ++m) {
      for (Index n = 0; n < weight.cols; ++n) {
        weight.row(m)[n] = math::abs(tape.saved[kPreW].row(m)[n]) + T(kWeightFloor);
      }
    }
  }

  void scales_backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                       const Tape<T>& tape, nn::Buffer<T> d_weight, nn::Buffer<T> d_v,
                       T* gradient) const override {
    if (!is_weighted_) {  // the tensors are there, as the peers', and nothing reads them
      zero_gradient(hyper_w_, gradient);
      zero_gradient(hyper_v_, gradient);
      return;
    }
    for (Index m = 0; m < d_weight.rows; ++m) {
      for (Index n = 0; n < d_weight.cols; ++n) {
        d_weight.row(m)[n] *= math::abs_slope(tape.saved[kPreW].row(m)[n]);
      }
    }
    mixers::backward<T>(hyper_w_, w, in.state, tape.saved[kWHidden], d_weight.const_view(),
                        workspace, gradient);
    mixers::backward<T>(hyper_v_, w, in.state, tape.saved[kVHidden], d_v.const_view(), workspace,
                        gradient);
  }

  bool is_weighted_;
  Hypernet hyper_w_;  // S -> N
  Hypernet hyper_v_;  // S -> N
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qplex(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Qplex<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qplex)

}  // namespace qtot::mixers
