#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qtot/base/fingerprint.h"
#include "qtot/checkpoint/state.h"
#include "qtot/core/episode.h"
#include "qtot/learner/peers.h"
#include "qtot/replay/sampling.h"
#include "qtot/rollout/play.h"

namespace qtot::train {

/// The processes that train one run together, as one of them, a rank, sees the others. Ticket t is played
/// and kept by rank t % n_ranks; the other ranks know its outline (core/episode.h). Every rank calls the
/// same functions in the same order. How many ranks there are shows in no bit.
class Crew {
 public:
  virtual ~Crew() = default;

  virtual int rank() const = 0;
  virtual int n_ranks() const = 0;
  virtual learner::Peers<float>& peers() = 0;

  bool is_first() const { return rank() == 0; }  // who writes and speaks
  bool keeps(core::Ticket ticket) const;
  /// What of a round this rank plays.
  rollout::Round part_of(const rollout::Round& whole) const;

  /// After the own part was played: the figures of all episodes of the round, by ticket. Where the round
  /// fills a ring, the outlines of the others' episodes are published in it.
  virtual std::vector<rollout::EpisodeStats> share(
      const rollout::Round& whole, const std::vector<rollout::EpisodeStats>& own) = 0;
  /// Whether a rank was asked to stop: what all agreed upon in the last share() of a round with a ring.
  virtual bool stop_agreed() const = 0;

  /// Brings the episodes of the batch of `update` to the ranks that learn from them. The result is valid until the
  /// next call; it holds outlines where another rank learns.
  virtual core::Batch bring(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets,
                            std::int64_t update) = 0;
  /// The next bring() will be asked for these; what of them is in the ring may travel meanwhile.
  virtual void expect(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets) = 0;
  /// Nothing is on its way any more. Before the end.
  virtual void settle() = 0;

  /// prints[i] belongs to ticket first + i. Those that this rank keeps are filled; afterwards all are.
  virtual void share_fingerprints(core::Ticket first, std::span<Fingerprint> prints) = 0;

  /// Throws Error (kFailed) that names the rank and the part unless all ranks found the same.
  virtual void require_same(const checkpoint::Digest& digest, std::int64_t update) = 0;

  /// To the first rank: all of the ring's episodes, tickets ascending, where it had outlines. Nothing
  /// elsewhere.
  virtual std::vector<checkpoint::StoredEpisode> gather(const replay::EpisodeRing& ring) = 0;
  /// From the first rank: of all episodes of a ring every rank gets those that it keeps, and the outlines
  /// of the rest. What the others pass is ignored.
  virtual std::vector<checkpoint::StoredEpisode> distribute(
      const core::DecPomdpSpec& spec, const std::vector<checkpoint::StoredEpisode>& episodes) = 0;
  /// What the first rank says. What the others pass is ignored.
  virtual std::string tell(std::string text) = 0;
};

}  // namespace qtot::train
