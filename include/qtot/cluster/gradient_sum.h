#pragma once

#include <cstddef>
#include <vector>

#include "qtot/cluster/transport.h"
#include "qtot/learner/peers.h"

namespace qtot::cluster {

/// Adds up the gradients of a batch over the ranks.
///
///   rank r                    sums of the subtrees that its positions make up, in pieces of parameters
///     scatter                 piece o of each subtree goes to rank o, the piece's owner
///   owner o                   adds the subtrees of all ranks up the fixed tree
///     all_gather, spread      the finished pieces go to everybody
///
/// While every rank owns a piece, each sends and receives about two gradients in all, whatever the number
/// of ranks. Sending a piece overlaps with summing the next one.
class GradientSum final : public learner::Peers<float> {
 public:
  explicit GradientSum(Transport& transport) : transport_(transport) {}

  /// Of the next update: shares[r] is what rank r computes.
  void set_shares(std::vector<learner::Positions> shares);

  learner::Positions share(std::size_t n) const override;
  void add_up(SumPart sum, Executor& executor, std::span<learner::EpisodeSums<float>> figures,
              std::span<float> gradient) override;

 private:
  using Figures = std::span<learner::EpisodeSums<float>>;

  int rank() const { return transport_.rank(); }
  std::span<const math::Subtree> subtrees_of(int rank) const;
  std::size_t message_bytes(int from) const;
  void plan(std::size_t n_params);
  void receive_pieces();
  void send_pieces(SumPart sum, Executor& executor, Figures figures);
  void sum_piece(SumPart sum, Executor& executor, int owner, Figures figures);
  void add_own_piece(Figures figures);

  Transport& transport_;
  std::vector<learner::Positions> shares_;  // [R]
  std::vector<math::Subtree> subtrees_;     // of all ranks, ascending
  std::vector<std::size_t> first_subtree_;  // [R + 1] of each rank, in subtrees_
  int n_owners_ = 1;                        // ranks 0 .. n_owners_ - 1
  std::size_t n_params_ = 0;                // P
  std::size_t piece_ = 0;                   // parameters that an owner adds up; the last have fewer
  std::vector<std::vector<std::byte>> to_;  // [owners] what each is sent
  std::vector<std::vector<std::byte>> from_;  // [R] what each sends to this owner
  std::vector<std::byte> result_;             // [owners, piece_] floats, then figures [B]
  std::vector<std::byte> scratch_;
};

}  // namespace qtot::cluster
