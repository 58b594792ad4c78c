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
#include <array>

#include "agents/families.h"
#include "agents/input_layer.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"
#include "qtot/nn/layer_norm.h"
#include "qtot/nn/linear.h"

namespace qtot::agents {
namespace {

enum Saved {  // entries of the tape; R = n_slots * n_rows, or the rows of a chunk where nothing is kept
  kX,         // [R, H]   after the relu
  kGates,    // [R, 3H]  r, z, n
  kGhN,      // [R, H]   third block of gh, which backward reads
  kHidden,   // [n_rows + R, H]  h before the first slot, then after each slot
  kNormal,   // [R, H]   layer norm: before scale and shift
  kInverse,  // [R, 1]   layer norm: 1 / deviation
  kNormed,   // [R, H]   layer norm: what fc2 reads
};

constexpr Index kChunkRows = 128;  // of all episodes together

// Slots of `n_passes` episodes at once.
Index chunk_slots(Index n_rows, std::size_t n_passes) {
  return std::max<Index>(1, kChunkRows / (n_rows * static_cast<Index>(n_passes)));
}

// The third block of rows of [R, 3H].
template <class T>
void copy_third_block(nn::Buffer<T> from, Index first_row, Index n_rows, T* to) {
  const Index h = from.cols / 3;
  for (Index i = 0; i < n_rows; ++i) std::copy_n(from.row(first_row + i) + 2 * h, h, to + i * h);
}

template <class T>
class Rnn final : public Agent<T> {
 public:
  Rnn(const AgentConfig& config, nn::ParamLayout& layout) : Agent<T>(config) {
    const Index h = config.hidden_dim;
    this->set_hidden_dim(h);
    const double gain = config.orthogonal_gain;
    fc1_ = InputLayer::add(layout, "agent.fc1", config, h, gain > 0 ? 1 : 0);
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

  void forward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows, const T* hidden0,
               nn::Workspace<T>& workspace, Tape<T>& tape, MatView<T> utilities) const override {
    const ForwardPass<T> pass{.inputs = inputs, .utilities = utilities, .tape = &tape};
    Forward(*this, w, {&pass, 1}, n_rows, hidden0, workspace).run();
  }
  void forward_together(nn::Weights<T> w, std::span<const ForwardPass<T>> passes, Index n_rows,
                        nn::Workspace<T>& workspace) const override {
    if (!passes.empty()) Forward(*this, w, passes, n_rows, nullptr, workspace).run();
  }

  void backward(nn::Weights<T> w, const Inputs<T>& inputs, Index n_rows,
                nn::Workspace<T>& workspace, const Tape<T>& tape, ConstMatView<T> d_utilities,
                T* gradient) const override {
    const BackwardPass<T> pass{
        .inputs = inputs, .d_utilities = d_utilities, .tape = &tape, .gradient = gradient};
    Backward(*this, w, {&pass, 1}, n_rows, workspace).run();
  }
  void backward_together(nn::Weights<T> w, std::span<const BackwardPass<T>> passes, Index n_rows,
                         nn::Workspace<T>& workspace) const override {
    if (!passes.empty()) Backward(*this, w, passes, n_rows, workspace).run();
  }

  ConstMatView<T> final_hidden(const Tape<T>& tape, Index n_rows) const override {
    const nn::Buffer<T>& hidden = tape.saved[kHidden];
    return hidden.const_view(hidden.rows - n_rows, n_rows);
  }

 private:
  class Forward;
  class Backward;

  InputLayer fc1_;
  nn::Linear input_;
  nn::Linear recurrent_;
  nn::Linear fc2_;
  nn::LayerNorm norm_;
};

template <class T>
class Rnn<T>::Forward {
 public:
  Forward(const Rnn& net, nn::Weights<T> w, std::span<const ForwardPass<T>> passes, Index n_rows,
          const T* hidden0, nn::Workspace<T>& workspace)
      : net_(net),
        w_(w),
        passes_(passes),
        n_rows_(n_rows),
        chunk_(chunk_slots(n_rows, passes.size())) {
    QTOT_CHECK_LE(passes.size(), kMaxTogether);
    const Index h = net.hidden_dim();
    for (std::size_t p = 0; p < passes.size(); ++p) {
      QTOT_CHECK_EQ(passes[p].utilities.rows() % n_rows, 0);
      QTOT_CHECK(p == 0 || n_slots(p) <= n_slots(p - 1));
      take_buffers(p, workspace);
      T* const before = tape(p).saved[kHidden].data;
      if (hidden0 != nullptr) {
        std::copy_n(hidden0, n_rows * h, before);
      } else {
        std::fill_n(before, n_rows * h, T(0));
      }
    }
    before_ = workspace.take(n_rows * n_passes(), h);
    gh_ = workspace.take(n_rows * n_passes(), 3 * h);
  }

  void run() {
    for (Index first = 0; first < n_slots(0); first += chunk_) {
      for (std::size_t p = 0; p < n_alive(first); ++p) input_half(p, first);
      const Index end = std::min(first + chunk_, n_slots(0));
      for (Index slot = first; slot < end; ++slot) step(slot, first);
      for (std::size_t p = 0; p < n_alive(first); ++p) output(p, first);
    }
  }

 private:
  Index n_passes() const { return static_cast<Index>(passes_.size()); }
  Index n_slots(std::size_t p) const { return passes_[p].utilities.rows() / n_rows_; }
  bool keeps(std::size_t p) const { return passes_[p].tape != nullptr; }
  Tape<T>& tape(std::size_t p) { return keeps(p) ? *passes_[p].tape : unkept_[p]; }

  // Episodes that have this slot: the first ones.
  std::size_t n_alive(Index slot) const {
    std::size_t n = passes_.size();
    while (n > 0 && n_slots(n - 1) <= slot) --n;
    return n;
  }
  // Where a slot's rows begin in the buffers of a pass.
  Index row(std::size_t p, Index slot, Index first) const {
    return (keeps(p) ? slot : slot - first) * n_rows_;
  }
  Index rows_of_chunk(std::size_t p, Index first) const {
    return std::min(chunk_, n_slots(p) - first) * n_rows_;
  }

  void take_buffers(std::size_t p, nn::Workspace<T>& workspace) {
    const Index h = net_.hidden_dim();
    const Index n = keeps(p) ? passes_[p].utilities.rows() : rows_of_chunk(p, 0);
    auto& saved = tape(p).saved;
    saved[kX] = workspace.take(n, h);
    saved[kGates] = workspace.take(n, 3 * h);
    if (keeps(p)) saved[kGhN] = workspace.take(n, h);
    saved[kHidden] = workspace.take(n_rows_ + n, h);
    if (net_.norm_.dim == 0) return;
    saved[kNormal] = workspace.take(n, h);
    saved[kInverse] = workspace.take(n, 1);
    saved[kNormed] = workspace.take(n, h);
  }

  // gi of a chunk, where the gates will be
  void input_half(std::size_t p, Index first) {
    const auto& saved = tape(p).saved;
    const Index n = rows_of_chunk(p, first);
    const Index begin = row(p, first, first);
    const Index h = net_.hidden_dim();
    if (!keeps(p) && first > 0) {  // the state behind the chunk before
      std::copy_n(saved[kHidden].row(chunk_ * n_rows_), n_rows_ * h, saved[kHidden].data);
    }
    net_.fc1_.forward(w_, rows(passes_[p].inputs, first * n_rows_, n), saved[kX].view(begin, n));
    const std::span<T> flat(saved[kX].row(begin), static_cast<std::size_t>(n * h));
    if (net_.config().input_relu) math::relu<T>(flat, flat);
    nn::forward(net_.input_, w_, saved[kX].const_view(begin, n), saved[kGates].view(begin, n));
  }

  // One slot of every episode that has it.
  void step(Index slot, Index first) {
    const std::size_t n = n_alive(slot);
    const Index h = net_.hidden_dim();
    for (std::size_t p = 0; p < n; ++p) {
      std::copy_n(tape(p).saved[kHidden].row(row(p, slot, first)), n_rows_ * h,
                  before_.row(static_cast<Index>(p) * n_rows_));
    }
    const Index n_all = static_cast<Index>(n) * n_rows_;
    nn::forward(net_.recurrent_, w_, before_.const_view(0, n_all), gh_.view(0, n_all));
    for (std::size_t p = 0; p < n; ++p) {
      const auto& saved = tape(p).saved;
      const Index at = row(p, slot, first);
      const Index mine = static_cast<Index>(p) * n_rows_;
      math::gru_gates<T>(saved[kGates].const_view(at, n_rows_), gh_.const_view(mine, n_rows_),
                         before_.const_view(mine, n_rows_), saved[kGates].view(at, n_rows_),
                         saved[kHidden].view(at + n_rows_, n_rows_));
      if (keeps(p)) copy_third_block(gh_, mine, n_rows_, saved[kGhN].row(at));
    }
  }

  void output(std::size_t p, Index first) {
    const auto& saved = tape(p).saved;
    const Index n = rows_of_chunk(p, first);
    const Index begin = row(p, first, first);
    const auto hidden = saved[kHidden].const_view(begin + n_rows_, n);
    const auto utilities = math::rows(passes_[p].utilities, first * n_rows_, n);
    if (net_.norm_.dim == 0) {
      nn::forward(net_.fc2_, w_, hidden, utilities);
      return;
    }
    nn::forward(net_.norm_, w_, hidden, saved[kNormal].view(begin, n),
                saved[kInverse].view(begin, n), saved[kNormed].view(begin, n));
    nn::forward(net_.fc2_, w_, saved[kNormed].const_view(begin, n), utilities);
  }

  const Rnn& net_;
  nn::Weights<T> w_;
  std::span<const ForwardPass<T>> passes_;
  Index n_rows_;
  Index chunk_;                               // slots
  std::array<Tape<T>, kMaxTogether> unkept_;  // one chunk of the episodes that keep nothing
  nn::Buffer<T> before_;                      // [P * n_rows, H]   a slot of all episodes
  nn::Buffer<T> gh_;                          // [P * n_rows, 3H]
};

template <class T>
class Rnn<T>::Backward {
 public:
  Backward(const Rnn& net, nn::Weights<T> w, std::span<const BackwardPass<T>> passes, Index n_rows,
           nn::Workspace<T>& workspace)
      : net_(net),
        w_(w),
        passes_(passes),
        n_rows_(n_rows),
        chunk_(chunk_slots(n_rows, passes.size())),
        workspace_(workspace) {
    QTOT_CHECK_LE(passes.size(), kMaxTogether);
    const Index h = net.hidden_dim();
    for (std::size_t p = 0; p < passes.size(); ++p) {
      QTOT_CHECK(p == 0 || n_steps(p) <= n_steps(p - 1));
      const Index n = passes[p].d_utilities.rows();
      of_[p] = {.d_out = workspace.take(net.norm_.dim == 0 ? std::min(n, chunk_ * n_rows) : n, h),
                .d_gi = workspace.take(n, 3 * h)};
    }
    const Index n_all = n_rows * static_cast<Index>(passes.size());
    d_hidden_ = workspace.take(n_all, h);
    d_gh_ = workspace.take(n_all, 3 * h);
    d_x_ = workspace.take(kChunkRows, h);
    d_n_ = workspace.take(kChunkRows, h);
    one_hot_sums_ = workspace.take(net.fc1_.n_one_hot_columns(), h);
  }

  void run() {
    if (net_.norm_.dim != 0) {
      for (std::size_t p = 0; p < passes_.size(); ++p) normed_output(p);
    }
    const Index n_chunks = (n_steps(0) + chunk_ - 1) / chunk_;
    for (Index chunk = n_chunks - 1; chunk >= 0; --chunk) {
      const Index first = chunk * chunk_;
      const Index end = std::min(first + chunk_, n_steps(0));
      if (net_.norm_.dim == 0) {
        for (std::size_t p = 0; p < n_alive(first); ++p) output(p, first);
      }
      for (Index step = end - 1; step >= first; --step) through_slot(step, first);
    }
    for (std::size_t p = 0; p < passes_.size(); ++p) params(p);
  }

 private:
  struct Values {
    nn::Buffer<T> d_out;  // dL/dh' through the utilities: [n, H] with layer norm, else of a chunk
    nn::Buffer<T> d_gi;   // [n, 3H]
  };

  Index n_steps(std::size_t p) const { return passes_[p].d_utilities.rows() / n_rows_; }
  std::size_t n_alive(Index step) const {
    std::size_t n = passes_.size();
    while (n > 0 && n_steps(n - 1) <= step) --n;
    return n;
  }

  // q = h' W2^T + b2
  void output(std::size_t p, Index first) {
    const Index n = std::min(chunk_, n_steps(p) - first) * n_rows_;
    nn::backward_input(net_.fc2_, w_, math::rows(passes_[p].d_utilities, first * n_rows_, n),
                       of_[p].d_out.view(0, n));
  }
  // q = LN(h') W2^T + b2, all slots at once since scale and shift sum over them in ascending order
  void normed_output(std::size_t p) {
    const BackwardPass<T>& pass = passes_[p];
    const auto& saved = pass.tape->saved;
    const nn::LayerNorm& norm = net_.norm_;
    const nn::Buffer<T> d_normed = workspace_.take(pass.d_utilities.rows(), norm.dim);
    nn::backward_input(net_.fc2_, w_, pass.d_utilities, d_normed.view());
    nn::backward(norm, w_, saved[kNormal].const_view(0, d_normed.rows),
                 saved[kInverse].const_view(0, d_normed.rows), d_normed.const_view(),
                 of_[p].d_out.view(), pass.gradient);
  }

  // h'[t] reaches the loss through q[t] and through slot t + 1
  void through_slot(Index step, Index first) {
    const std::size_t n = n_alive(step);
    const Index row = step * n_rows_;
    for (std::size_t p = 0; p < n; ++p) {
      const Index mine = static_cast<Index>(p) * n_rows_;
      const auto& saved = passes_[p].tape->saved;
      const auto d_hidden = d_hidden_.view(mine, n_rows_);
      const Index out_row = net_.norm_.dim == 0 ? row - first * n_rows_ : row;
      const auto d_out = of_[p].d_out.const_view(out_row, n_rows_);
      if (step == n_steps(p) - 1) {
        d_hidden_.view(mine, n_rows_) = d_out;
      } else {
        d_hidden_.view(mine, n_rows_) += d_out;
      }
      math::gru_gates_backward<T>(
          saved[kGates].const_view(row, n_rows_), saved[kGhN].const_view(row, n_rows_),
          saved[kHidden].const_view(row, n_rows_), math::as_const(d_hidden),
          of_[p].d_gi.view(row, n_rows_), d_gh_.view(mine, n_rows_), d_hidden);
    }
    if (step == 0) return;  // nobody asks for the state before the first slot
    // gh = h W_hh^T + b_hh; the rest of dL/dh, d z, is already there
    const Index n_all = static_cast<Index>(n) * n_rows_;
    math::matmul<T>(
        d_gh_.const_view(0, n_all),
        math::view(w_.values + net_.recurrent_.weight, net_.recurrent_.out, net_.recurrent_.in),
        d_hidden_.view(0, n_all), math::kAccumulate);
  }

  // Weights and biases: sums over rows, slot ascending.
  void params(std::size_t p) {
    const BackwardPass<T>& pass = passes_[p];
    const auto& saved = pass.tape->saved;
    const Index n_all = pass.d_utilities.rows();
    for (Index first = 0; first == 0 || first < n_all; first += kChunkRows) {
      const Index n = std::min(kChunkRows, n_all - first);
      const math::Start start = first == 0 ? math::kFromZero : math::kAccumulate;
      const auto d_gi = of_[p].d_gi.const_view(first, n);
      output_params(p, first, n, start);
      recurrent_params(p, first, n, start);
      nn::backward_params(net_.input_, saved[kX].const_view(first, n), d_gi, pass.gradient, start);
      nn::backward_input(net_.input_, w_, d_gi, d_x_.view(0, n));
      if (net_.config().input_relu) {
        const auto size = static_cast<std::size_t>(n * d_x_.cols);
        math::relu_backward<T>({saved[kX].row(first), size}, {d_x_.data, size});
      }
      net_.fc1_.backward_params(rows(pass.inputs, first, n), d_x_.const_view(0, n), start,
                                pass.gradient, one_hot_sums_.view());
    }
    net_.fc1_.finish(one_hot_sums_.const_view(), pass.gradient);
  }

  void output_params(std::size_t p, Index first, Index n, math::Start start) {
    const auto& saved = passes_[p].tape->saved;
    const auto hidden = net_.norm_.dim == 0 ? saved[kHidden].const_view(n_rows_ + first, n)
                                            : saved[kNormed].const_view(first, n);
    nn::backward_params(net_.fc2_, hidden, math::rows(passes_[p].d_utilities, first, n),
                        passes_[p].gradient, start);
  }

  // The third block of d_gh, which is that of d_gi times r, is made again here: less to store.
  void recurrent_params(std::size_t p, Index first, Index n, math::Start start) {
    const Index h = net_.hidden_dim();
    const auto& saved = passes_[p].tape->saved;
    const auto hidden = saved[kHidden].const_view(first, n);
    const auto d_rz = math::view(static_cast<const T*>(of_[p].d_gi.row(first)), n, 2 * h, 3 * h);
    for (Index i = 0; i < n; ++i) {
      const T* const a_n = of_[p].d_gi.row(first + i) + 2 * h;
      const T* const r = saved[kGates].row(first + i);
      for (Index j = 0; j < h; ++j) d_n_.row(i)[j] = a_n[j] * r[j];
    }
    const auto d_n = d_n_.const_view(0, n);
    T* const weight = passes_[p].gradient + net_.recurrent_.weight;
    T* const bias = passes_[p].gradient + net_.recurrent_.bias;
    math::matmul_tn<T>(d_rz, hidden, math::view(weight, 2 * h, h), start);
    math::matmul_tn<T>(d_n, hidden, math::view(weight + 2 * h * h, h, h), start);
    math::column_sums<T>(d_rz, bias, start);
    math::column_sums<T>(d_n, bias + 2 * h, start);
  }

  const Rnn& net_;
  nn::Weights<T> w_;
  std::span<const BackwardPass<T>> passes_;
  Index n_rows_;
  Index chunk_;  // slots
  nn::Workspace<T>& workspace_;
  std::array<Values, kMaxTogether> of_;  // of each episode
  nn::Buffer<T> d_hidden_;               // [P * n_rows, H]   dL/dh' of a slot in all
  nn::Buffer<T> d_gh_;                   // [P * n_rows, 3H]
  nn::Buffer<T> d_x_;                    // [chunk, H]
  nn::Buffer<T> d_n_;                    // [chunk, H]   third block of d_gh
  nn::Buffer<T> one_hot_sums_;           // [X - O, H]  of one episode
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
