// IQL (Tan, 1993): no mixer. Every agent learns from its own value; the columns stay apart.

#include "mixers/registry.h"
#include "qtot/base/check.h"

namespace qtot::mixers {
namespace {

template <class T>
class Iql final : public Mixer<T> {
 public:
  explicit Iql(Index n_agents) : n_agents_(n_agents) {}

  Index n_outputs() const override { return n_agents_; }
  bool is_linear() const override { return true; }

  void forward(nn::Weights<T>, const MixerInputs<T>& in, nn::Workspace<T>&, Tape<T>&,
               MatView<T> q_tot) const override {
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(q_tot.rows(), in.agent_qs.rows());
    QTOT_CHECK_EQ(q_tot.cols(), n_agents_);
    q_tot = in.agent_qs;
  }

  void backward(nn::Weights<T>, const MixerInputs<T>&, nn::Workspace<T>&, const Tape<T>&,
                ConstMatView<T> d_q_tot, MatView<T> d_agent_qs, T*) const override {
    QTOT_CHECK_EQ(d_q_tot.rows(), d_agent_qs.rows());
    QTOT_CHECK_EQ(d_q_tot.cols(), d_agent_qs.cols());
    d_agent_qs = d_q_tot;
  }

 private:
  Index n_agents_;
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_iql(const MixerConfig& config, nn::ParamLayout&) {
  return std::make_unique<Iql<T>>(config.n_agents);
}

QTOT_INSTANTIATE_MIXER(iql)

}  // namespace qtot::mixers
