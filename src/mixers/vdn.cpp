// VDN (Sunehag et al., 2018, eq. 3): the sum of the agents' values.
//
//   Q_tot = q_0 + q_1 + ... + q_{N-1}      added from the left

#include "mixers/registry.h"
#include "qtot/base/check.h"

namespace qtot::mixers {
namespace {

template <class T>
class Vdn final : public Mixer<T> {
 public:
  explicit Vdn(Index n_agents) : n_agents_(n_agents) {}

  bool is_linear() const override { return true; }

  void forward(nn::Weights<T>, const MixerInputs<T>& in, nn::Workspace<T>&, Tape<T>&,
               MatView<T> q_tot) const override {
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(q_tot.rows(), in.agent_qs.rows());
    for (Index m = 0; m < in.agent_qs.rows(); ++m) {
      T sum = in.agent_qs(m, 0);
      for (Index n = 1; n < n_agents_; ++n) sum = sum + in.agent_qs(m, n);
      q_tot(m, 0) = sum;
    }
  }

  void backward(nn::Weights<T>, const MixerInputs<T>&, nn::Workspace<T>&, const Tape<T>&,
                ConstMatView<T> d_q_tot, MatView<T> d_agent_qs, T*) const override {
    QTOT_CHECK_EQ(d_agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(d_q_tot.rows(), d_agent_qs.rows());
    for (Index m = 0; m < d_agent_qs.rows(); ++m) {
      for (Index n = 0; n < n_agents_; ++n) d_agent_qs(m, n) = d_q_tot(m, 0);
    }
  }

 private:
  Index n_agents_;
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_vdn(const MixerConfig& config, nn::ParamLayout&) {
  return std::make_unique<Vdn<T>>(config.n_agents);
}

QTOT_INSTANTIATE_MIXER(vdn)

}  // namespace qtot::mixers
