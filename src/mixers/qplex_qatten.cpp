// QPLEX with Qatten's attention (Wang et al., 2021, as in their repository for SMAC): the mixer of dueling.h
// with
//
//   w_n = sum_h lam[h][n] z[h] + 1e-10        z = |head(s)|, or 1 (weighted_head = False)
//   v_n = c(s) / N                            or 0 (state_bias = False)
//
// lam is that of attention.h, here with keys and second layers of queries that have no bias. head and c have
// two layers with a relu between. The loss adds a regulariser, the squares of the logits.
//
//   M rows   N agents   S size of the state   H heads

#include <string>
#include <utility>
#include <vector>

#include "mixers/attention.h"
#include "mixers/dueling.h"
#include "mixers/registry.h"
#include "qtot/math/elementary.h"
#include "qtot/math/mixing.h"

namespace qtot::mixers {
namespace {

template <class T>
class QplexQatten final : public Dueling<T> {
 public:
  QplexQatten(const MixerConfig& config, nn::ParamLayout& layout)
      : Dueling<T>(config), is_weighted_(config.weighted_heads), has_bias_(config.state_bias) {
    const std::string prefix = "mixer.attention_weight.";
    const Index state_dim = config.state_dim;
    const Index embed = config.hypernet_embed;
    const Index key_embed = config.mixing_embed_dim;
    const bool orthogonal = config.orthogonal;
    std::vector<nn::Linear> keys;
    std::vector<Hypernet> queries;
    queries.reserve(static_cast<std::size_t>(config.n_heads));
    keys.reserve(static_cast<std::size_t>(config.n_heads));
    for (int h = 0; h < config.n_heads; ++h) {
      keys.push_back(nn::Linear::add_without_bias(layout,
                                                  prefix + "key_extractors." + std::to_string(h),
                                                  config.unit_dim, key_embed, orthogonal ? 1 : 0));
    }
    for (int h = 0; h < config.n_heads; ++h) {
      queries.push_back(Hypernet::add_without_last_bias(
          layout, prefix + "selector_extractors." + std::to_string(h), state_dim, embed, key_embed,
          orthogonal));
    }
    if (is_weighted_) {
      head_ = Hypernet::add(layout, prefix + "hyper_w_head", state_dim, embed, config.n_heads,
                            orthogonal);
    }
    c_ = Hypernet::add(layout, prefix + "V", state_dim, key_embed, 1, orthogonal);
    attention_ = {std::move(queries), std::move(keys), config.n_agents};
    this->add_kernels(config, layout);
  }

  bool is_regularised() const override { return true; }

  math::Sum<T> add_regulariser(nn::Weights<T> w, ConstMatView<T> state, T factor,
                               nn::Workspace<T>& workspace, T* gradient) const override {
    return attention_.add_squared_logits(w, state, factor, workspace, gradient);
  }

 private:
  enum Own {                         // entries of the tape
    kHeadHidden = Dueling<T>::kOwn,  // [M, .]  hidden layer of head, after the relu
    kPreHeads,                       // [M, H]  before the absolute value
    kHeads,                          // [M, H]  z
    kCHidden,                        // [M, .]  hidden layer of c, after the relu
    kAttention,                      // the attention's
  };

  void scales_forward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                      Tape<T>& tape, nn::Buffer<T> weight, nn::Buffer<T> v) const override {
    const Index rows = weight.rows;
    const AttentionTape<T> attention = attention_.forward(w, in.state, workspace);
    save(attention, tape, kAttention);
    const nn::Buffer<T> heads = heads_forward(w, in.state, workspace, tape);
    weight.view().setZero();
    math::mix_agents<T>(heads.const_view(), attention.lambda.const_view(), math::MixWeight::kPlain,
                        weight.view());
    const nn::Buffer<T> c = workspace.take_zero(rows, 1);
    if (has_bias_) tape.saved[kCHidden] = mixers::forward<T>(c_, w, in.state, workspace, c.view());
    for (Index m = 0; m < rows; ++m) {
      const T share = c.data[m] / static_cast<T>(this->n_agents());
      for (Index n = 0; n < weight.cols; ++n) {
        weight.row(m)[n] += T(kWeightFloor);
        v.row(m)[n] = share;
      }
    }
  }

  nn::Buffer<T> heads_forward(nn::Weights<T> w, ConstMatView<T> state, nn::Workspace<T>& workspace,
                              Tape<T>& tape) const {
    const nn::Buffer<T> heads = workspace.take(state.rows(), attention_.n_heads());
    tape.saved[kHeads] = heads;
    if (!is_weighted_) {
      heads.view().setConstant(T(1));
      return heads;
    }
    const nn::Buffer<T> pre = workspace.take(heads.rows, heads.cols);
    tape.saved[kPreHeads] = pre;
    tape.saved[kHeadHidden] = mixers::forward<T>(head_, w, state, workspace, pre.view());
    for (Index i = 0; i < heads.rows * heads.cols; ++i) heads.data[i] = math::abs(pre.data[i]);
    return heads;
  }

  void scales_backward(nn::Weights<T> w, const MixerInputs<T>& in, nn::Workspace<T>& workspace,
                       const Tape<T>& tape, nn::Buffer<T> d_weight, nn::Buffer<T> d_v,
                       T* gradient) const override {
    const AttentionTape<T> attention = saved_attention(tape, kAttention);
    const ConstMatView<T> lambda = attention.lambda.const_view();

    // w[n] = z[h] lam[h][n]
    const nn::Buffer<T> d_lambda = workspace.take(lambda.rows(), lambda.cols());
    math::mix_outer<T>(tape.saved[kHeads].const_view(), d_weight.const_view(), lambda,
                       math::MixWeight::kPlain, d_lambda.view());
    attention_.backward(w, in.state, attention, d_lambda, workspace, gradient);
    if (is_weighted_) {
      const nn::Buffer<T> pre = tape.saved[kPreHeads];
      const nn::Buffer<T> d_heads = workspace.take_zero(pre.rows, pre.cols);
      math::mix_embedding<T>(d_weight.const_view(), lambda, math::MixWeight::kPlain,
                             d_heads.view());
      for (Index i = 0; i < pre.rows * pre.cols; ++i) {
        d_heads.data[i] *= math::abs_slope(pre.data[i]);
      }
      mixers::backward<T>(head_, w, in.state, tape.saved[kHeadHidden], d_heads.const_view(),
                          workspace, gradient);
    }

    // v[n] = c / N, and every d_v[n] is the same
    if (!has_bias_) return zero_gradient(c_, gradient);
    const ConstMatView<T> d_c = math::view(static_cast<const T*>(d_v.data), d_v.rows, 1, d_v.cols);
    mixers::backward<T>(c_, w, in.state, tape.saved[kCHidden], d_c, workspace, gradient);
  }

  bool is_weighted_;
  bool has_bias_;
  Attention<T> attention_;
  Hypernet head_;  // S -> H
  Hypernet c_;     // S -> 1
};

}  // namespace

template <class T>
std::unique_ptr<Mixer<T>> make_qplex_qatten(const MixerConfig& config, nn::ParamLayout& layout) {
  return std::make_unique<QplexQatten<T>>(config, layout);
}

QTOT_INSTANTIATE_MIXER(qplex_qatten)

}  // namespace qtot::mixers
