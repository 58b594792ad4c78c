#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "qtot/math/philox.h"

namespace qtot::cluster {

/// What is left to chance in a simulated cluster, as a function of the seed. Events are drawn by weights
/// that hold for one era of 256 events and are drawn themselves: in some eras they are equal, in others a
/// way or a rank is slow to the point of standing still. In some eras the rank that runs tends to run on.
class EventDraws {
 public:
  EventDraws(std::uint64_t seed, int n_actors);

  /// One of `actors`, which are below n_actors and at least one. In some eras the one that is `favoured`,
  /// if it is among them, is likelier than the others.
  int choose(std::span<const int> actors, int favoured);

  /// Drawn at most once an event.
  bool coin();

 private:
  void start_era();

  std::uint64_t seed_;
  std::uint64_t n_chosen_ = 0;
  std::optional<math::Draws> draws_;  // of this era
  std::uint32_t favour_ = 1;
  std::vector<std::uint32_t> weights_;  // [n_actors]
};

}  // namespace qtot::cluster
