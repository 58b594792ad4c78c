// The recurrent agent of PyMARL (Hausknecht & Stone, 2015; Cho et al., 2014).
//
//   x  = relu(in W1^T + b1)                     W1 [H, X]
//   gi = x W_ih^T + b_ih     gh = h W_hh^T + b_hh     [3H], column blocks r, z, n
//   h' = gates(gi, gh, h)                       math/gru_gates.h
//   q  = h' W2^T + b2, or LN(h') W2^T + b2      W2 [A, H]; the state stays un-normalised
//
// The input half of the gates does not wait for the state, so it is one product over all slots; only
// h W_hh^T is taken slot by slot.
#include <algorithm>

#include "agents/families.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "qtot/nn/layer_norm.h"
#include "qtot/nn/linear.h"

namespace qtot::agents {
namespace {

enum Saved {  // entries of the tape; R = n_slots * n_rows
  kX,         // [R, H]   after the relu
  kGates,     // [R, 3H]  r, z, n
  kGh,        // [R, 3H]  recurrent half; its third block is read by backward
  kHidden,    // [n_rows + R, H]  h before slot 0, then after each slot
  kNormal,    // [R, H]   layer norm: before scale and shift
  kInverse,   // [R, 1]   layer norm: 1 / deviation
  kNormed,    // [R, H]   layer norm: what fc2 reads
};

template <class T>
class Rnn final : public Agent<T> {
 public:
  Rnn(const AgentConfig& config, nn::ParamLayout& layout) : Agent<T>(config) {
    const Index h = config.hidden_dim;
    this->set_hidden_dim(h);
    const double gain = config.orthogonal_gain;
    fc1_ = nn::Linear::add(layout, "agent.fc1", this->input_dim(), h, gain > 0 ? 1 : 0);
    // PyTorch's GRUCell: both matrices before both biases, all within 1 / sqrt(H)
    const nn::Init init{nn::Init::kUniform, 1 / math::sqrt(static_cast<double>(h))};
    input_.in = recurrent_.in = h;
    input_.out = recurrent_.out = 3 * h;
    input_.weight = layout.add_matrix("agent.rnn.weight_ih", 3 * h, h, init);
    recurrent_.weight = layout.add_matrix("agent.rnn.weight_hh", 3 * h, h, init);
    input_.bias = layout.add_vector("agent.rnn.bias_ih", 3 * h, init);
    recurrent_.bias = layout.add_vector("agent.rnn.bias_hh", 3 * h, init);
    fc2_ = nn::Linear::add(layout, "agent.fc2", h, config.spec.n_actions, gain);
    if (config.layer_norm) norm_ = nn::LayerNorm::add(layout, "agent.layer_norm", h);
  }

  void forward(nn::Weights<T> w, ConstMatView<T> inputs, Index n_rows, const T* hidden0,
               nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> utilities) const override {
    const Index n = inputs.rows();
    const Index h = this->hidden_dim();
    QTOT_CHECK_EQ(n % n_rows, 0);
    auto& saved = tape.saved;
    const nn::Buffer<T> x = saved[kX] = workspace.take(n, h);
    const nn::Buffer<T> gi = saved[kGates] = workspace.take(n, 3 * h);  // becomes the gates
    const nn::Buffer<T> gh = saved[kGh] = workspace.take(n, 3 * h);
    const nn::Buffer<T> hidden = saved[kHidden] = workspace.take(n_rows + n, h);

    nn::forward(fc1_, w, inputs, x.view());
    const std::span<T> flat(x.data, static_cast<std::size_t>(n * h));
    if (this->config().input_relu) math::relu<T>(flat, flat);
    nn::forward(input_, w, x.const_view(), gi.view());

    if (hidden0 != nullptr) {
      std::copy_n(hidden0, n_rows * h, hidden.data);
    } else {
      std::fill_n(hidden.data, n_rows * h, T(0));
    }
    for (Index row = 0; row < n; row += n_rows) {
      const auto before = hidden.const_view(row, n_rows);
      nn::forward(recurrent_, w, before, gh.view(row, n_rows));
      math::gru_gates<T>(gi.const_view(row, n_rows), gh.const_view(row, n_rows), before,
                         gi.view(row, n_rows), hidden.view(row + n_rows, n_rows));
    }

    ConstMatView<T> out = hidden.const_view(n_rows, n);
    if (norm_.dim > 0) {
      saved[kNormal] = workspace.take(n, h);
      saved[kInverse] = workspace.take(n, 1);
      saved[kNormed] = workspace.take(n, h);
      nn::forward(norm_, w, out, saved[kNormal].view(), saved[kInverse].view(),
                  saved[kNormed].view());
      nn::forward(fc2_, w, saved[kNormed].const_view(), utilities);
    } else {
      nn::forward(fc2_, w, out, utilities);
    }
  }

  void backward(nn::Weights<T> w, ConstMatView<T> inputs, Index n_rows, nn::Workspace<T>& workspace,
                const Tape<T>& tape, ConstMatView<T> d_utilities, T* gradient) const override {
    const Index n = d_utilities.rows();  // slots after the last loss step have no gradient
    const Index h = this->hidden_dim();
    const auto& saved = tape.saved;
    const nn::Buffer<T> d_out = workspace.take(n, h);  // dL/dh' through the utilities
    const nn::Buffer<T> d_gi = workspace.take(n, 3 * h);
    const nn::Buffer<T> d_gh = workspace.take(n, 3 * h);
    const nn::Buffer<T> d_hidden = workspace.take(n_rows, h);  // dL/dh' in all
    const nn::Buffer<T> d_x = workspace.take(n, h);

    backward_output(w, n_rows, workspace, tape, d_utilities, d_out, gradient);

    // h'[t] reaches the loss through q[t] and through slot t + 1
    const auto gh_n =
        math::view(static_cast<const T*>(saved[kGh].data) + 2 * h, saved[kGh].rows, h, 3 * h);
    for (Index row = n - n_rows; row >= 0; row -= n_rows) {
      const bool is_last = row == n - n_rows;
      if (is_last) {
        d_hidden.view() = d_out.const_view(row, n_rows);
      } else {
        d_hidden.view() = d_hidden.const_view() + d_out.const_view(row, n_rows);
      }
      math::gru_gates_backward<T>(saved[kGates].const_view(row, n_rows),
                                  math::rows(gh_n, row, n_rows),
                                  saved[kHidden].const_view(row, n_rows), d_hidden.const_view(),
                                  d_gi.view(row, n_rows), d_gh.view(row, n_rows), d_hidden.view());
      // gh = h W_hh^T + b_hh; the rest of dL/dh, d z, is already there
      math::matmul<T>(d_gh.const_view(row, n_rows),
                      math::view(w.values + recurrent_.weight, 3 * h, h), d_hidden.view(),
                      math::kAccumulate);
    }

    nn::backward_params(recurrent_, saved[kHidden].const_view(0, n), d_gh.const_view(), gradient);
    nn::backward_params(input_, saved[kX].const_view(0, n), d_gi.const_view(), gradient);
    nn::backward_input(input_, w, d_gi.const_view(), d_x.view());
    // x = relu(.): the slope is 0 where x is 0
    for (Index i = 0; this->config().input_relu && i < n * h; ++i) {
      if (!(saved[kX].data[i] > T(0))) d_x.data[i] = T(0);
    }
    nn::backward_params(fc1_, math::rows(inputs, 0, n), d_x.const_view(), gradient);
  }

  ConstMatView<T> final_hidden(const Tape<T>& tape, Index n_rows) const override {
    const nn::Buffer<T>& hidden = tape.saved[kHidden];
    return hidden.const_view(hidden.rows - n_rows, n_rows);
  }

 private:
  // q = h' W2^T + b2, with or without the layer norm between
  void backward_output(nn::Weights<T> w, Index n_rows, nn::Workspace<T>& workspace,
                       const Tape<T>& tape, ConstMatView<T> d_utilities, nn::Buffer<T> d_out,
                       T* gradient) const {
    const Index n = d_utilities.rows();
    const auto& saved = tape.saved;
    if (norm_.dim == 0) {
      nn::backward_params(fc2_, saved[kHidden].const_view(n_rows, n), d_utilities, gradient);
      nn::backward_input(fc2_, w, d_utilities, d_out.view());
      return;
    }
    const nn::Buffer<T> d_normed = workspace.take(n, norm_.dim);
    nn::backward_params(fc2_, saved[kNormed].const_view(0, n), d_utilities, gradient);
    nn::backward_input(fc2_, w, d_utilities, d_normed.view());
    nn::backward(norm_, w, saved[kNormal].const_view(0, n), saved[kInverse].const_view(0, n),
                 d_normed.const_view(), d_out.view(), gradient);
  }

  nn::Linear fc1_;
  nn::Linear input_;
  nn::Linear recurrent_;
  nn::Linear fc2_;
  nn::LayerNorm norm_;
};

}  // namespace

template <class T>
std::unique_ptr<Agent<T>> make_rnn(const AgentConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<Rnn<T>>(config, layout);
}

#define QTOT_INSTANTIATE(T) \
  template std::unique_ptr<Agent<T>> make_rnn<T>(const AgentConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
