// Utilities and hidden states of several episodes: see rnn.cpp.
#pragma once

#include <algorithm>
#include <array>

#include "agents/rnn_layers.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/gru_gates.h"

namespace qtot::agents {

// The third block of rows of [R, 3H].
template <class T>
void copy_third_block(nn::Buffer<T> from, Index first_row, Index n_rows, T* to) {
  const Index h = from.cols / 3;
  for (Index i = 0; i < n_rows; ++i) std::copy_n(from.row(first_row + i) + 2 * h, h, to + i * h);
}

template <class T>
class RnnForward {
 public:
  RnnForward(const RnnLayers& net, nn::Weights<T> w, std::span<const ForwardPass<T>> passes,
             Index n_rows, const T* hidden0, nn::Workspace<T>& workspace)
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
    if (net_.norm.dim == 0) return;
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
    net_.fc1.forward(w_, rows(passes_[p].inputs, first * n_rows_, n), saved[kX].view(begin, n));
    const std::span<T> flat(saved[kX].row(begin), static_cast<std::size_t>(n * h));
    if (net_.input_relu) math::relu<T>(flat, flat);
    nn::forward(net_.input, w_, saved[kX].const_view(begin, n), saved[kGates].view(begin, n));
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
    nn::forward(net_.recurrent, w_, before_.const_view(0, n_all), gh_.view(0, n_all));
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
    if (net_.norm.dim == 0) {
      nn::forward(net_.fc2, w_, hidden, utilities);
      return;
    }
    nn::forward(net_.norm, w_, hidden, saved[kNormal].view(begin, n),
                saved[kInverse].view(begin, n), saved[kNormed].view(begin, n));
    nn::forward(net_.fc2, w_, saved[kNormed].const_view(begin, n), utilities);
  }

  const RnnLayers& net_;
  nn::Weights<T> w_;
  std::span<const ForwardPass<T>> passes_;
  Index n_rows_;
  Index chunk_;                               // slots
  std::array<Tape<T>, kMaxTogether> unkept_;  // one chunk of the episodes that keep nothing
  nn::Buffer<T> before_;                      // [P * n_rows, H]   a slot of all episodes
  nn::Buffer<T> gh_;                          // [P * n_rows, 3H]
};

}  // namespace qtot::agents
