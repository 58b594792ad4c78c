// The recurrent agent of PyMARL (Hausknecht & Stone, 2015; Cho et al., 2014).
//
//   x  = relu(in W1^T + b1)                     W1 [H, X]
//   gi = x W_ih^T + b_ih     gh = h W_hh^T + b_hh     [3H], column blocks r, z, n
//   h' = gates(gi, gh, h)                       math/gru_gates.h
//   q  = h' W2^T + b2, or LN(h') W2^T + b2      W2 [A, H]; the state stays un-normalised
//
// Only h W_hh^T has to wait for the slot before. It is taken for several episodes at once, since W_hh,
// which fills a first-level cache, would else be read for the few rows of one. Everything else is taken
// for a chunk of slots, whose values then still lie in the second-level cache where they are read next.
// No value depends on another row, so that neither changes a bit.
#include <algorithm>

#include "agents/families.h"
#include "agents/rnn_backward.h"
#include "agents/rnn_forward.h"

namespace qtot::agents {
namespace {

template <class T>
class Rnn final : public Agent<T> {
 public:
  Rnn(const AgentConfig& config, nn::ParamLayout& layout) : Agent<T>(config) {
    const Index h = config.hidden_dim;
    const std::string name = config.tensors + ".";
    this->set_hidden_dim(h);
    layers_.input_relu = config.input_relu;
    const double gain = config.orthogonal_gain;
    layers_.fc1 = InputLayer::add(layout, name + "fc1", config, h, gain > 0 ? 1 : 0);
    // PyTorch's GRUCell: both matrices before both biases, all within 1 / sqrt(H)
    const nn::Init init{nn::Init::kUniform, 1 / math::sqrt(static_cast<double>(h))};
    layers_.input.in = layers_.recurrent.in = h;
    layers_.input.out = layers_.recurrent.out = 3 * h;
    layers_.input.weight = layout.add_matrix(name + "rnn.weight_ih", 3 * h, h, init);
    layers_.recurrent.weight = layout.add_matrix(name + "rnn.weight_hh", 3 * h, h, init);
    layers_.input.bias = layout.add_vector(name + "rnn.bias_ih", 3 * h, init);
    layers_.recurrent.bias = layout.add_vector(name + "rnn.bias_hh", 3 * h, init);
    layers_.fc2 = nn::Linear::add(layout, name + "fc2", h, config.spec.n_actions, gain);
    if (config.layer_norm) layers_.norm = nn::LayerNorm::add(layout, name + "layer_norm", h);
  }

  void forward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows, const T* hidden0,
               nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> utilities) const override {
    const ForwardPass<T> pass{.inputs = inputs, .utilities = utilities, .tape = &tape};
    RnnForward<T>(layers_, w, {&pass, 1}, n_rows, hidden0, workspace).run();
  }
  void forward_together(nn::Weights<T> w, std::span<const ForwardPass<T>> passes, Index n_rows,
                        nn::Workspace<T>& workspace) const override {
    if (!passes.empty()) RnnForward<T>(layers_, w, passes, n_rows, nullptr, workspace).run();
  }

  void backward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows,
                nn::Workspace<T>& workspace, const Tape<T>& tape, ConstMatView<T> d_utilities,
                T* gradient) const override {
    const BackwardPass<T> pass{
        .inputs = inputs, .d_utilities = d_utilities, .tape = &tape, .gradient = gradient};
    RnnBackward<T>(layers_, w, {&pass, 1}, n_rows, workspace).run();
  }
  void backward_together(nn::Weights<T> w, std::span<const BackwardPass<T>> passes, Index n_rows,
                         nn::Workspace<T>& workspace) const override {
    if (!passes.empty()) RnnBackward<T>(layers_, w, passes, n_rows, workspace).run();
  }

  ConstMatView<T> hidden(const Tape<T>& tape, Index n_rows) const override {
    const nn::Buffer<T>& hidden = tape.saved[kHidden];
    return hidden.const_view(n_rows, hidden.rows - n_rows);
  }
  ConstMatView<T> final_hidden(const Tape<T>& tape, Index n_rows) const override {
    const nn::Buffer<T>& hidden = tape.saved[kHidden];
    return hidden.const_view(hidden.rows - n_rows, n_rows);
  }

 private:
  RnnLayers layers_;
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
