#pragma once

#include <span>

#include "envs/lbf/field.h"
#include "envs/lbf/options.h"

/// What the players see.
namespace qtot::envs::lbf {

/// Numbers of an observation: 3 F + 3 P (2 P without levels), or 3 (2 sight + 1)^2 of a grid.
int obs_dim(const LbfOptions& options);

/// What the game shows. Views; eaten foods stand among the others, row by row.
struct Scene {
  const LbfOptions& options;
  std::span<const Piece> players;
  std::span<const Piece> foods;
};

/// Writes what player `self` sees: out [obs_dim].
///
/// A list: the foods in its window, row by row, as (row, col, level), padded with (-1, -1, 0); then
/// itself and the other players that it sees, by index, as (row, col, level) or (row, col), padded
/// likewise. Coordinates count from the corner of the window where the field's edge has cut it:
///
///   seen = position - own + min(sight, own)
///
/// A player is seen when both lie in [0, 2 sight], so beyond its sight where the edge has cut the window: as
/// in lb-foraging.
///
/// A grid [3, 2 sight + 1, 2 sight + 1] around the player: levels of players (1 without levels; of
/// two in a cell the last's), levels of food, and 1 where a free cell of the field is.
void observe(const Scene& scene, std::size_t self, std::span<float> out);

}  // namespace qtot::envs::lbf
