// The counterfactual joint network of QTRAN-alt (Son et al., 2019): for each agent i a value of every
// action that it might have taken while the others did what they did.
//
//   Q_jt,i(s, ., u_-i) = Q([s, sum_j f(h_j), sum_{j != i} g(u_j), one-hot(i)])
//
//   f  hidden_encoding  H -> H -> H          g  action_encoding  A -> A -> A, of the one-hot of u
//   Q  S + H + A + N -> D -> D -> A          sums start at 0, j ascending
#include "mixers/joint_parts.h"
#include "qtot/base/check.h"
#include "qtot/math/scalars.h"

namespace qtot::mixers {
namespace {

enum Saved : std::size_t {  // entries of the tape
  kQHidden = 0,             // [M N, D], two or three of them
  kQInput = 3,              // [M N, S + H + A + N]
  kHiddenHidden = 4,        // [M N, H]
  kOneHots = 5,             // [A, A]    the identity: g is one row for each action
  kActionHidden = 6,        // [A, A]
};

template <class T>
class JointAlt final : public JointParts<T> {
 public:
  JointAlt(const JointConfig& config, nn::ParamLayout& layout) : JointParts<T>(config) {
    const Index h = config.hidden_dim;
    const Index a = config.n_actions;
    net_ = this->add_net(layout, "mixer.Q", config, config.state_dim + h + a + config.n_agents, a);
    this->add_value(layout);
    hidden_encoding_ = Mlp::add(layout, "mixer.hidden_encoding", h, {h, h});
    action_encoding_ = Mlp::add(layout, "mixer.action_encoding", a, {a, a});
  }

  Index n_outputs() const override { return this->config().n_agents; }
  Index n_values() const override {
    return Index{this->config().n_agents} * this->config().n_actions;
  }

  void forward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
               JointTape<T>& tape, MatView<T> q) const override {
    const Index n = this->config().n_agents;
    const Index a = this->config().n_actions;
    const Index n_rows = in.hidden.rows();
    QTOT_CHECK_EQ(n_rows, in.state.rows() * n);
    QTOT_CHECK_EQ(q.outerStride(), n * a);
    const nn::Buffer<T> f = workspace.take(n_rows, in.hidden.cols());
    tape.saved[kHiddenHidden] =
        mixers::forward<T>(hidden_encoding_, w, in.hidden, workspace, f.view())[0];
    const nn::Buffer<T> one_hots = tape.saved[kOneHots] = workspace.take_zero(a, a);
    for (Index u = 0; u < a; ++u) one_hots.row(u)[u] = T(1);
    const nn::Buffer<T> g = workspace.take(a, a);
    tape.saved[kActionHidden] =
        mixers::forward<T>(action_encoding_, w, one_hots.const_view(), workspace, g.view())[0];

    const nn::Buffer<T> input = tape.saved[kQInput] = workspace.take_zero(n_rows, net_.in());
    for (Index row = 0; row < n_rows; ++row) write_input(in, f, g, row, input.row(row));
    this->keep(
        mixers::forward<T>(net_, w, input.const_view(), workspace, math::view(q.data(), n_rows, a)),
        kQHidden, tape);
  }

  void backward(nn::Weights<T> w, const JointInputs<T>& in, nn::Workspace<T>& workspace,
                const JointTape<T>& tape, ConstMatView<T> d_q, MatView<T> d_hidden,
                T* gradient) const override {
    const Index a = this->config().n_actions;
    const nn::Buffer<T> input = tape.saved[kQInput];
    QTOT_CHECK_EQ(d_q.outerStride(), n_values());
    const nn::Buffer<T> d_input = workspace.take(input.rows, input.cols);
    mixers::backward<T>(net_, w, input.const_view(), this->kept(tape, kQHidden),
                        math::view(d_q.data(), input.rows, a), d_input.view(), workspace, gradient);

    const nn::Buffer<T> d_f = workspace.take_zero(input.rows, in.hidden.cols());
    const nn::Buffer<T> d_g = workspace.take_zero(a, a);
    for (Index row = 0; row < input.rows; ++row) add_input_gradient(in, d_input, row, d_f, d_g);
    const MlpTape<T> of_f = {tape.saved[kHiddenHidden]};
    mixers::backward<T>(hidden_encoding_, w, in.hidden, of_f, d_f.const_view(), d_hidden, workspace,
                        gradient);
    const MlpTape<T> of_g = {tape.saved[kActionHidden]};
    mixers::backward<T>(action_encoding_, w, tape.saved[kOneHots].const_view(), of_g,
                        d_g.const_view(), nn::Buffer<T>().view(), workspace, gradient);
  }

 private:
  // row = m N + i
  void write_input(const JointInputs<T>& in, nn::Buffer<T> f, nn::Buffer<T> g, Index row,
                   T* x) const {
    const Index n = this->config().n_agents;
    const Index m = row / n;
    const Index i = row % n;
    for (Index s = 0; s < in.state.cols(); ++s) x[s] = in.state(m, s);
    T* const of_hidden = x + in.state.cols();
    T* const of_actions = of_hidden + f.cols;
    for (Index j = 0; j < n; ++j) {
      const T* const f_j = f.row(m * n + j);
      for (Index h = 0; h < f.cols; ++h) of_hidden[h] = of_hidden[h] + f_j[h];
      if (j == i) continue;
      const T* const g_j = g.row(static_cast<Index>(in.actions(m, j)));
      for (Index e = 0; e < g.cols; ++e) of_actions[e] = of_actions[e] + g_j[e];
    }
    of_actions[g.cols + i] = T(1);
  }

  // the sums of write_input() backwards, row of agent j = row: over the agents i that look at it
  void add_input_gradient(const JointInputs<T>& in, nn::Buffer<T> d_input, Index row,
                          nn::Buffer<T> d_f, nn::Buffer<T> d_g) const {
    const Index n = this->config().n_agents;
    const Index m = row / n;
    const Index j = row % n;
    T* const d_f_j = d_f.row(row);
    T* const d_g_j = d_g.row(static_cast<Index>(in.actions(m, j)));
    for (Index i = 0; i < n; ++i) {
      const T* const of_hidden = d_input.row(m * n + i) + in.state.cols();
      const T* const of_actions = of_hidden + d_f.cols;
      for (Index h = 0; h < d_f.cols; ++h) d_f_j[h] = d_f_j[h] + of_hidden[h];
      if (i == j) continue;
      for (Index e = 0; e < d_g.cols; ++e) d_g_j[e] = d_g_j[e] + of_actions[e];
    }
  }

  Mlp net_;
  Mlp hidden_encoding_;
  Mlp action_encoding_;
};

}  // namespace

template <class T>
std::unique_ptr<JointValue<T>> make_joint_alt(const JointConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<JointAlt<T>>(config, layout);
}

#define QTOT_INSTANTIATE(T) \
  template std::unique_ptr<JointValue<T>> make_joint_alt<T>(const JointConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
