// VDN-S, an ablation of QMIX (Rashid et al., 2018, sec. 6.2): VDN with a bias that the state writes.
//
//   Q_tot = V(s) + q_0 + q_1 + ... + q_{N-1}      starts at V(s), n ascending
//
//   V(s): two layers of width E, relu

#include "mixers/hypernet.h"
#include "mixers/registry.h"
#include "qtot/base/check.h"

namespace qtot::mixers {
namespace {

enum Saved {  // entries of the tape
  kVHidden,   // [M, E]  after the relu
};

template <class T>
class VdnS final : public Mixer<T> {
 public:
  VdnS(const MixerConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents),
        value_(Hypernet::add(layout, "mixer.hyper_b2", config.state_dim, config.mixing_embed_dim, 1,
                             config.orthogonal)) {}

  bool is_linear() const override { return true; }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(q_tot.rows(), in.agent_qs.rows());
    tape.saved[kVHidden] = mixers::forward<T>(value_, w, in.state, workspace, q_tot);
    for (Index m = 0; m < in.agent_qs.rows(); ++m) {
      for (Index n = 0; n < n_agents_; ++n) q_tot(m, 0) = q_tot(m, 0) + in.agent_qs(m, n);
    }
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(d_q_tot.rows(), d_agent_qs.rows());
    for (Index m = 0; m < d_agent_qs.rows(); ++m) {
      for (Index n = 0; n < n_agents_; ++n) d_agent_qs(m, n) = d_q_tot(m, 0);
    }
    mixers::backward<T>(value_, w, in.state, tape.saved[kVHidden], d_q_tot, workspace, gradient);
  }

 private:
  Index n_agents_;
  Hypernet value_;
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_vdn_s(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<VdnS<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(vdn_s)

}  // namespace qtot::mixers
