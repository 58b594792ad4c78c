#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "qtot/cluster/gradient_sum.h"
#include "qtot/cluster/transport.h"
#include "qtot/train/crew.h"

namespace qtot::cluster {

/// The crew of a run whose ranks reach each other by a Transport. docs/cluster.md tells what travels when.
class Ranks : public train::Crew {
 public:
  /// `transport` must outlive this. `wants_stop` is asked once a round whether this rank was told to stop.
  explicit Ranks(
      Transport& transport, std::function<bool()> wants_stop = [] { return false; });

  int rank() const override { return transport_.rank(); }
  int n_ranks() const override { return transport_.n_ranks(); }
  learner::Peers<float>& peers() override { return gradient_sum_; }

  std::vector<rollout::EpisodeStats> share(const rollout::Round& whole,
                                           const std::vector<rollout::EpisodeStats>& own) override;
  bool stop_agreed() const override { return stop_agreed_; }
  core::Batch bring(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets,
                    std::int64_t update) override;
  void expect(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets) override;
  void settle() override;
  void share_fingerprints(core::Ticket first, std::span<Fingerprint> prints) override;
  void require_same(const checkpoint::Digest& digest, std::int64_t update) override;
  std::vector<checkpoint::StoredEpisode> gather(const replay::EpisodeRing& ring) override;
  std::vector<checkpoint::StoredEpisode> distribute(
      const core::DecPomdpSpec& spec,
      const std::vector<checkpoint::StoredEpisode>& episodes) override;
  std::string tell(std::string text) override;

 private:
  int home_of(core::Ticket ticket) const;
  void stand_at(const char* phase) { transport_.stands_at({.phase = phase, .update = update_}); }
  void cut(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets);
  void post(const replay::EpisodeRing& ring, std::size_t position);

  Transport& transport_;
  std::function<bool()> wants_stop_;
  bool stop_agreed_ = false;
  std::int64_t update_ = 0;
  GradientSum gradient_sum_;

  std::vector<std::vector<std::byte>>
      slab_;                         // of episodes of the replay, on their way to or from rank 0
  std::vector<std::byte> outlines_;  // of a round, a block a rank

  // the batch that travels, by position
  std::vector<core::Ticket> tickets_;
  std::vector<learner::Positions> next_shares_;  // [R]
  std::vector<int> learns_;                      // [B] the rank
  std::vector<bool> is_posted_;                  // [B]
  bool is_expected_ = false;
  std::vector<std::vector<std::byte>> outgoing_, incoming_;  // [B]

  // the batch that is learnt from
  std::vector<core::Episode> received_;      // [B]
  std::vector<const core::Episode*> batch_;  // [B]
};

}  // namespace qtot::cluster
