// The feed-forward agent of PyMARL2: two hidden layers and no memory.
//
//   x1 = relu(in W1^T + b1)    x2 = relu(x1 W2^T + b2)    q = x2 W3^T + b3
#include "agents/families.h"
#include "agents/input_layer.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/math/elementary.h"
#include "qtot/nn/linear.h"

namespace qtot::agents {
namespace {

enum Saved {
  kX1,  // [R, H]  after the relu
  kX2,  // [R, H]  after the relu
};

template <class T>
void relu_in_place(nn::Buffer<T> x) {
  const std::span<T> flat(x.data, static_cast<std::size_t>(x.rows * x.cols));
  math::relu<T>(flat, flat);
}

// The rows of d, which may be fewer.
template <class T>
void relu_backward(nn::Buffer<T> x, nn::Buffer<T> d) {
  const auto size = static_cast<std::size_t>(d.rows * d.cols);
  math::relu_backward<T>({x.data, size}, {d.data, size});
}

template <class T>
class FeedForward final : public Agent<T> {
 public:
  FeedForward(const AgentConfig& config, nn::ParamLayout& layout)
      : Agent<T>(config), width_(config.hidden_dim) {
    const std::string name = config.tensors + ".";
    const double gain = config.orthogonal_gain;
    const double inner_gain = gain > 0 ? 1 : 0;
    fc1_ = InputLayer::add(layout, name + "fc1", config, width_, inner_gain);
    fc2_ = nn::Linear::add(layout, name + "fc2", width_, width_, inner_gain);
    fc3_ = nn::Linear::add(layout, name + "fc3", width_, config.spec.n_actions, gain);
  }

  void forward(nn::Weights<T> w, const Inputs<T>& inputs, Index /*n_rows*/, const T* /*hidden0*/,
               nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> utilities) const override {
    const nn::Buffer<T> x1 = tape.saved[kX1] = workspace.take(utilities.rows(), width_);
    const nn::Buffer<T> x2 = tape.saved[kX2] = workspace.take(utilities.rows(), width_);
    fc1_.forward(w, inputs, x1.view());
    relu_in_place(x1);
    nn::forward(fc2_, w, x1.const_view(), x2.view());
    relu_in_place(x2);
    nn::forward(fc3_, w, x2.const_view(), utilities);
  }

  void backward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows,
                nn::Workspace<T>& workspace, const Tape<T>& tape, ConstMatView<T> d_utilities,
                T* gradient) const override {
    const BackwardPass<T> pass{
        .inputs = inputs, .d_utilities = d_utilities, .tape = &tape, .gradient = gradient};
    backward_together(w, {&pass, 1}, n_rows, workspace);
  }
  void backward_together(nn::Weights<T> w, std::span<const BackwardPass<T>> passes,
                         Index /*n_rows*/, nn::Workspace<T>& workspace) const override {
    for (const BackwardPass<T>& pass : passes) through(w, pass, workspace);
  }

  ConstMatView<T> hidden(const Tape<T>& tape, Index /*n_rows*/) const override {
    return tape.saved[kX2].const_view();
  }
  ConstMatView<T> final_hidden(const Tape<T>& /*tape*/, Index /*n_rows*/) const override {
    return math::view(static_cast<const T*>(nullptr), 0, 0);
  }

 private:
  void through(nn::Weights<T> w, const BackwardPass<T>& pass, nn::Workspace<T>& workspace) const {
    const auto& saved = pass.tape->saved;
    const Index n = pass.d_utilities.rows();
    const nn::Buffer<T> d_x1 = workspace.take(n, width_);
    const nn::Buffer<T> d_x2 = workspace.take(n, width_);
    nn::backward_params(fc3_, saved[kX2].const_view(0, n), pass.d_utilities, pass.gradient);
    nn::backward_input(fc3_, w, pass.d_utilities, d_x2.view());
    if (pass.d_hidden.rows() > 0) d_x2.view() += pass.d_hidden;
    relu_backward(saved[kX2], d_x2);
    nn::backward_params(fc2_, saved[kX1].const_view(0, n), d_x2.const_view(), pass.gradient);
    nn::backward_input(fc2_, w, d_x2.const_view(), d_x1.view());
    relu_backward(saved[kX1], d_x1);
    const nn::Buffer<T> one_hot_sums = workspace.take(fc1_.n_one_hot_columns(), width_);
    fc1_.backward_params(rows(pass.inputs, 0, n), d_x1.const_view(), math::kFromZero, pass.gradient,
                         one_hot_sums.view());
    fc1_.finish(one_hot_sums.const_view(), pass.gradient);
  }

  Index width_;
  InputLayer fc1_;
  nn::Linear fc2_;
  nn::Linear fc3_;
};

}  // namespace

template <class T>
std::unique_ptr<Agent<T>> make_ff(const AgentConfig& config, nn::ParamLayout& layout) {
  if (config.layer_norm) {
    throw Error(
        "use_layer_norm = True: the layer norm belongs to the recurrent agent; expected "
        "agent rnn, found ff");
  }
  return std::make_unique<FeedForward<T>>(config, layout);
}

#define QTOT_INSTANTIATE(T) \
  template std::unique_ptr<Agent<T>> make_ff<T>(const AgentConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
