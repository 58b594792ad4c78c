// Gradients of several episodes: see rnn.cpp.
#pragma once

#include <algorithm>
#include <array>

#include "agents/rnn_layers.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"
#include "qtot/math/matmul.h"

namespace qtot::agents {

template <class T>
class RnnBackward {
 public:
  RnnBackward(const RnnLayers& net, nn::Weights<T> w, std::span<const BackwardPass<T>> passes,
              Index n_rows, nn::Workspace<T>& workspace)
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
      of_[p] = {.d_out = workspace.take(net.norm.dim == 0 ? std::min(n, chunk_ * n_rows) : n, h),
                .d_gi = workspace.take(n, 3 * h)};
    }
    const Index n_all = n_rows * static_cast<Index>(passes.size());
    d_hidden_ = workspace.take(n_all, h);
    d_gh_ = workspace.take(n_all, 3 * h);
    d_x_ = workspace.take(kChunkRows, h);
    d_n_ = workspace.take(kChunkRows, h);
    one_hot_sums_ = workspace.take(net.fc1.n_one_hot_columns(), h);
  }

  void run() {
    if (net_.norm.dim != 0) {
      for (std::size_t p = 0; p < passes_.size(); ++p) normed_output(p);
    }
    const Index n_chunks = (n_steps(0) + chunk_ - 1) / chunk_;
    for (Index chunk = n_chunks - 1; chunk >= 0; --chunk) {
      const Index first = chunk * chunk_;
      const Index end = std::min(first + chunk_, n_steps(0));
      if (net_.norm.dim == 0) {
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
    nn::backward_input(net_.fc2, w_, math::rows(passes_[p].d_utilities, first * n_rows_, n),
                       of_[p].d_out.view(0, n));
    add_hidden(p, first * n_rows_, n);
  }
  // q = LN(h') W2^T + b2, all slots at once since scale and shift sum over them in ascending order
  void normed_output(std::size_t p) {
    const BackwardPass<T>& pass = passes_[p];
    const auto& saved = pass.tape->saved;
    const nn::LayerNorm& norm = net_.norm;
    const nn::Buffer<T> d_normed = workspace_.take(pass.d_utilities.rows(), norm.dim);
    nn::backward_input(net_.fc2, w_, pass.d_utilities, d_normed.view());
    nn::backward(norm, w_, saved[kNormal].const_view(0, d_normed.rows),
                 saved[kInverse].const_view(0, d_normed.rows), d_normed.const_view(),
                 of_[p].d_out.view(), pass.gradient);
    add_hidden(p, 0, pass.d_utilities.rows());
  }
  // what the loss has of h' itself
  void add_hidden(std::size_t p, Index first_row, Index n) {
    const auto d_hidden = passes_[p].d_hidden;
    if (d_hidden.rows() > 0) of_[p].d_out.view(0, n) += math::rows(d_hidden, first_row, n);
  }

  // h'[t] reaches the loss through q[t] and through slot t + 1
  void through_slot(Index step, Index first) {
    const std::size_t n = n_alive(step);
    const Index row = step * n_rows_;
    for (std::size_t p = 0; p < n; ++p) {
      const Index mine = static_cast<Index>(p) * n_rows_;
      const auto& saved = passes_[p].tape->saved;
      const auto d_hidden = d_hidden_.view(mine, n_rows_);
      const Index out_row = net_.norm.dim == 0 ? row - first * n_rows_ : row;
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
        math::view(w_.values + net_.recurrent.weight, net_.recurrent.out, net_.recurrent.in),
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
      nn::backward_params(net_.input, saved[kX].const_view(first, n), d_gi, pass.gradient, start);
      nn::backward_input(net_.input, w_, d_gi, d_x_.view(0, n));
      if (net_.input_relu) {
        const auto size = static_cast<std::size_t>(n * d_x_.cols);
        math::relu_backward<T>({saved[kX].row(first), size}, {d_x_.data, size});
      }
      net_.fc1.backward_params(rows(pass.inputs, first, n), d_x_.const_view(0, n), start,
                               pass.gradient, one_hot_sums_.view());
    }
    net_.fc1.finish(one_hot_sums_.const_view(), pass.gradient);
  }

  void output_params(std::size_t p, Index first, Index n, math::Start start) {
    const auto& saved = passes_[p].tape->saved;
    const auto hidden = net_.norm.dim == 0 ? saved[kHidden].const_view(n_rows_ + first, n)
                                           : saved[kNormed].const_view(first, n);
    nn::backward_params(net_.fc2, hidden, math::rows(passes_[p].d_utilities, first, n),
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
    T* const weight = passes_[p].gradient + net_.recurrent.weight;
    T* const bias = passes_[p].gradient + net_.recurrent.bias;
    math::matmul_tn<T>(d_rz, hidden, math::view(weight, 2 * h, h), start);
    math::matmul_tn<T>(d_n, hidden, math::view(weight + 2 * h * h, h, h), start);
    math::column_sums<T>(d_rz, bias, start);
    math::column_sums<T>(d_n, bias + 2 * h, start);
  }

  const RnnLayers& net_;
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

}  // namespace qtot::agents
