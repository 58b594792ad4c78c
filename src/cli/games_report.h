#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "qtot/games/study.h"

/// What `qtot games` says.
namespace qtot::cli {

/// One algorithm on one game.
struct GameResult {
  games::Game game;
  games::Pupil pupil;
  games::Alternatives answers;         // none: nothing to compare with
  std::vector<std::uint64_t> seeds;    // [n]
  std::vector<games::Lesson> lessons;  // [n]

  /// Entry by entry the median over the seeds, of two in the middle the lower one.
  std::vector<games::Table> median() const;
  /// The largest distance of a seed's tables from the answer that is nearest to them.
  double farthest() const;
  bool agrees(double tolerance) const;
};

void print_table(std::ostream& out, const std::vector<GameResult>& results, double tolerance);
void print_json(std::ostream& out, const std::vector<GameResult>& results, double tolerance);

}  // namespace qtot::cli
