#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/math/segment_tree.h"

namespace qtot::replay {

using core::Ticket;

/// The priorities of the last C episodes, from which batches are drawn (Schaul et al., 2016, sec. 3.3;
/// over whole episodes as in PyMARL2). Ticket e has leaf e % C of a tree of sums and one of minima, and
/// the leaf holds p^alpha of its priority p > 0. New episodes get the highest priority that any episode
/// ever had, 1 at first, so that each is likely to be seen once.
///
/// All in double, by own functions of qtot/math; one thread.
class Priorities {
 public:
  /// @param[in] capacity    C, that of the ring
  /// @param[in] alpha       in [0, 1]; 0: all alike
  /// @param[in] skips_last  PyMARL2's P1: the last leaf in use is never drawn, though it counts in weights.
  ///                        That is the newest episode until C are there, and then whichever ticket has
  ///                        leaf C - 1.
  Priorities(std::size_t capacity, double alpha, bool skips_last);

  /// From now on the window is [max(0, end - C), end).
  void advance(Ticket end);
  Ticket end() const { return end_; }

  /// The batch of update `update`, tickets ascending; one may come several times. Draw i = 0 .. B - 1 is
  /// uniform in its stratum:
  ///
  ///   mass_i = (i + u_i) (total / B)    u_i: first number of (seed, kSampling, ticket = update,
  ///                                          step = 1 + i / 256, index = i mod 256)
  ///   leaf_i = the first whose sum with all leaves before it is above mass_i
  ///   weight = (p / p_min)^(-alpha beta), p_min over the window: PyMARL2's (n p / total)^(-beta) over its
  ///            maximum
  ///
  /// @param[in]  beta              in [0, 1]: how much of the bias the weights take away
  /// @param[out] tickets, weights  [B]
  /// An empty window, or one of a single episode with skips_last, is a bug (QTOT_CHECK).
  void sample(std::uint64_t seed, std::uint64_t update, double beta, std::span<Ticket> tickets,
              std::span<double> weights) const;

  /// The priorities of episodes of the window, > 0 and finite (QTOT_CHECK). Of one that comes several times
  /// the last counts.
  void set(std::span<const Ticket> tickets, std::span<const double> priorities);

  /// p^alpha of the episodes [oldest, end).
  std::vector<double> leaves(Ticket oldest) const;
  double highest() const { return highest_; }
  /// Inverse: the window ends at `end` and holds at most C episodes. For fresh priorities.
  void restore(Ticket end, std::span<const double> leaves, double highest);

 private:
  std::size_t leaf_of(Ticket ticket) const { return ticket % capacity_; }
  Ticket ticket_of(std::size_t leaf) const;
  void set_leaf(Ticket ticket, double value);

  std::size_t capacity_;
  double alpha_;
  bool skips_last_;
  math::SegmentTree sums_;
  math::SegmentTree minima_;
  double highest_ = 1;
  Ticket end_ = 0;
};

}  // namespace qtot::replay
