#pragma once

#include <string>
#include <vector>

/// What a person sees of an environment: plain shapes in the coordinates of its world, for replays
/// (docs/replay.md). Env::draw() writes it; nothing of training reads it.
namespace qtot::env {

/// What a cell of the ground is. Cells that are not listed are open ground.
enum class Ground { kWall, kWater, kHazard, kGoal, kMark };

/// A cell [x, x + 1) x [y, y + 1) times Drawing::cell_size, counted from the corner (x_min, y_min).
struct DrawnCell {
  int x = 0;
  int y = 0;
  Ground ground = Ground::kWall;
  std::string label;  // at most a few letters; may be empty

  bool operator==(const DrawnCell&) const = default;
};

/// Whose a unit is: the learning agents', their opponents' or nobody's.
enum class Team { kAllies, kEnemies, kNeutral };

/// A unit that is out but remains in sight, like a hunter who has caught, is kOut; a dead one is drawn
/// as a cross.
enum class UnitState { kActive, kOut, kDead };

/// A disc with what belongs to it. A quantity whose maximum is 0 does not exist and is not drawn.
struct DrawnUnit {
  double x = 0;  // centre
  double y = 0;
  double radius = 0.5;
  Team team = Team::kNeutral;
  UnitState state = UnitState::kActive;
  std::string kind;   // "marine", "stag": decides the shape; an unknown one is a disc with a label
  std::string label;  // a letter or two on it; empty: the agent's index
  int agent = -1;     // index of the agent that moves it
  double health = 0, max_health = 0;
  double shield = 0, max_shield = 0;
  double energy = 0, max_energy = 0;
  double facing_x = 0, facing_y = 0;  // a direction of any length; 0, 0: none
  double sight_x = 0, sight_y = 0;    // half width and half height of what it sees
  bool sight_is_window = false;       // a rectangle; false: a circle or ellipse
  double range = 0;                   // how far it acts

  bool operator==(const DrawnUnit&) const = default;
};

/// What somebody did in the last step.
enum class Deed { kAttack, kHeal, kSplash, kCapture, kMiss };

/// From the one who did it to whom it was done to, where the two stood when it was done. A splash is a
/// disc of `radius` around the second point.
struct DrawnDeed {
  Deed deed = Deed::kAttack;
  Team team = Team::kAllies;
  double from_x = 0, from_y = 0;
  double to_x = 0, to_y = 0;
  double radius = 0;

  bool operator==(const DrawnDeed&) const = default;
};

/// One picture. The world is the rectangle [x_min, x_min + width] x [y_min, y_min + height].
struct Drawing {
  double x_min = 0, y_min = 0;
  double width = 0, height = 0;
  bool y_is_up = false;   // false: y grows downwards, as rows do
  double cell_size = 1;   // of DrawnCell, and of the lines of the grid
  bool has_grid = false;  // whether lines part the cells
  std::vector<DrawnCell> cells;
  /// A unit keeps its index for the whole episode, also when it is dead: that is how it is followed.
  std::vector<DrawnUnit> units;
  std::vector<DrawnDeed> deeds;  // of the step that led here

  bool operator==(const Drawing&) const = default;
};

}  // namespace qtot::env
