#pragma once

#include <vector>

#include "envs/lbf/field.h"
#include "envs/lbf/options.h"
#include "qtot/env/env.h"

namespace qtot::envs::lbf {

/// Whether a food may not lie there beside the other: diagonally or within distance 2 in a row or a
/// column. So nobody ever stands next to two foods.
bool is_too_near(const Piece& food, const Piece& other);

/// Draws the start of an episode. Keeps its memory from one episode to the next, and `options`, which
/// must outlive it.
class Placement {
 public:
  explicit Placement(const LbfOptions& options);

  /// Players first, each in a cell that is free of the others, then foods on the cells inside the
  /// border: tried at random until all are placed, or for 1,000 times. Foods come out row by row.
  void draw(env::Chance& chance, std::vector<Piece>& players, std::vector<Piece>& foods);

 private:
  void draw_players(env::Chance& chance, std::vector<Piece>& players);
  void draw_foods(env::Chance& chance, std::vector<Piece>& foods);
  void block(int row, int col);
  int draw_food_level(env::Chance& chance, int food) const;

  const LbfOptions& options_;
  bool includes_max_;  // whether a food may have its largest level where the bounds differ
  bool player_bounds_differ_;
  bool food_bounds_differ_;
  std::vector<int> taken_;        // cells of the players, ascending
  std::vector<int> order_;        // of bounds
  std::vector<int> levels_;       // of the players, ascending
  std::vector<char> is_blocked_;  // [rows * cols] 1: no food may be placed there
  int n_open_ = 0;                // cells inside the border that are not blocked
  int sum_of_lowest_ = 0;         // of the three lowest player levels
};

}  // namespace qtot::envs::lbf
