#pragma once

#include <cstddef>
#include <span>

#include "qtot/base/executor.h"
#include "qtot/base/function_ref.h"
#include "qtot/math/reduce.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {

/// Sums over the valid rows of one episode, rows ascending, then columns.
template <class T>
struct EpisodeSums {
  math::Sum<T> squared_error = 0;    // times the episode's weight
  math::Sum<T> squared_central = 0;  // Weighted QMIX: of Q*
  math::Sum<T> squared_opt = 0;      // QTRAN
  math::Sum<T> squared_nopt = 0;     // QTRAN
  math::Sum<T> regulariser = 0;      // of the mixer, where it has one
  math::Sum<T> abs_error = 0;
  math::Sum<T> q_taken = 0;
  math::Sum<T> target = 0;
};

/// Positions [first, end) of a batch.
struct Positions {
  std::size_t first = 0;
  std::size_t end = 0;

  std::size_t count() const { return end - first; }
};

/// The processes that make one update together. Each computes the gradients of some of the batch's
/// episodes; the sums of subtrees are added up the same fixed tree as in one process, so that how many
/// there are shows in no bit. Every process then makes the same step.
template <class T>
class Peers {
 public:
  virtual ~Peers() = default;

  /// What of a batch of `n` episodes this process computes. Of the other episodes it needs no more than
  /// an outline (core/episode.h).
  virtual Positions share(std::size_t n) const = 0;

  /// Writes parameters [first, first + size) of the sum of a subtree of own positions. Several workers
  /// may ask at once.
  using SumPart = FunctionRef<void(const math::Subtree& subtree, std::size_t first,
                                   std::size_t size, T* out, std::size_t worker)>;

  /// @param[in]     sum       gives the sums of own subtrees (math::append_subtrees of share())
  /// @param[in,out] figures   [B], of which share() is filled; afterwards all are
  /// @param[out]    gradient  [P] the tree's sum over all episodes
  virtual void add_up(SumPart sum, Executor& executor, std::span<EpisodeSums<T>> figures,
                      std::span<T> gradient) = 0;
};

}  // namespace qtot::learner
