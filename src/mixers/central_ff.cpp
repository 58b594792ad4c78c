// The unrestricted mixer of Weighted QMIX (Rashid et al., 2020, sec. 5).
//
//   Q*(s, q) = net([s, q]) + V(s)      net: S + N -> C -> C -> C -> 1    V: S -> C -> 1    relu between
#include "mixers/mlp.h"
#include "qtot/base/check.h"
#include "qtot/math/scalars.h"
#include "qtot/mixers/central.h"

namespace qtot::mixers {
namespace {

enum Saved {                      // entries of the tape
  kInput,                         // [M, S + N]
  kNetHidden,                     // [M, C], three of them
  kValueHidden = kNetHidden + 3,  // [M, C]
};

template <class T>
class CentralFf final : public Mixer<T> {
 public:
  CentralFf(const CentralConfig& config, nn::ParamLayout& layout)
      : n_agents_(config.n_agents), state_dim_(config.state_dim) {
    const Index c = config.embed_dim;
    net_ = Mlp::add(layout, "central_mixer.net", state_dim_ + n_agents_, {c, c, c, 1},
                    config.orthogonal);
    value_ = Mlp::add(layout, "central_mixer.V", state_dim_, {c, 1}, config.orthogonal);
  }

  bool is_monotonic() const override { return false; }

  void forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
               Tape<T>& tape, MatView<T> q_tot) const override {
    QTOT_CHECK_EQ(in.agent_qs.cols(), n_agents_);
    QTOT_CHECK_EQ(in.state.cols(), state_dim_);
    const Index n_rows = in.agent_qs.rows();
    const nn::Buffer<T> input = tape.saved[kInput] = workspace.take(n_rows, state_dim_ + n_agents_);
    for (Index m = 0; m < n_rows; ++m) {
      for (Index s = 0; s < state_dim_; ++s) input.row(m)[s] = in.state(m, s);
      for (Index n = 0; n < n_agents_; ++n) input.row(m)[state_dim_ + n] = in.agent_qs(m, n);
    }
    const MlpTape<T> hidden = mixers::forward<T>(net_, w, input.const_view(), workspace, q_tot);
    for (std::size_t i = 0; i < hidden.size(); ++i) tape.saved[kNetHidden + i] = hidden[i];
    const nn::Buffer<T> value = workspace.take(n_rows, 1);
    tape.saved[kValueHidden] = mixers::forward<T>(value_, w, in.state, workspace, value.view())[0];
    for (Index m = 0; m < n_rows; ++m) q_tot(m, 0) = q_tot(m, 0) + value.data[m];
  }

  void backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    const nn::Buffer<T> input = tape.saved[kInput];
    const nn::Buffer<T> d_input = workspace.take(input.rows, input.cols);
    MlpTape<T> hidden;
    for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] = tape.saved[kNetHidden + i];
    mixers::backward<T>(net_, w, input.const_view(), hidden, d_q_tot, d_input.view(), workspace,
                        gradient);
    const MlpTape<T> of_value = {tape.saved[kValueHidden]};
    mixers::backward<T>(value_, w, in.state, of_value, d_q_tot, nn::Buffer<T>().view(), workspace,
                        gradient);
    for (Index m = 0; m < input.rows; ++m) {
      for (Index n = 0; n < n_agents_; ++n) d_agent_qs(m, n) = d_input.row(m)[state_dim_ + n];
    }
  }

 private:
  Index n_agents_;
  Index state_dim_;
  Mlp net_;
  Mlp value_;
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_central_ff(const CentralConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<CentralFf<T>>(config, layout);
}

#define QTOT_INSTANTIATE(T)                                                   \
  template std::unique_ptr<Mixer<T>> make_central_ff<T>(const CentralConfig&, \
                                                        nn::ParamLayout& layout);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
