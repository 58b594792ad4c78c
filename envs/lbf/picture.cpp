#include "envs/lbf/picture.h"

#include <array>
#include <cstddef>
#include <vector>

#include "qtot/base/check.h"

namespace qtot::envs::lbf {
namespace {

constexpr double kHalfCell = 0.5;
constexpr double kPlayerRadius = 0.36;
constexpr double kFoodRadius = 0.3;

env::DrawnUnit unit_of(const Piece& piece) {
  env::DrawnUnit unit;
  unit.x = piece.col + kHalfCell;
  unit.y = piece.row + kHalfCell;
  return unit;
}

}  // namespace

void draw(const Scene& scene, std::span<const Attempt> attempts, env::Drawing& out) {
  out = {.width = static_cast<double>(scene.options.cols()),
         .height = static_cast<double>(scene.options.rows()),
         .has_grid = true,
         .cells = {},
         .units = {},
         .deeds = {}};
  for (std::size_t p = 0; p < scene.players.size(); ++p) {
    env::DrawnUnit unit = unit_of(scene.players[p]);
    unit.radius = kPlayerRadius;
    unit.team = env::Team::kAllies;
    unit.kind = "level " + std::to_string(scene.players[p].level) + " forager";
    unit.agent = static_cast<int>(p);
    unit.sight_is_window = true;
    unit.sight_x = unit.sight_y = scene.options.sight + kHalfCell;
    out.units.push_back(unit);
  }
  for (const Piece& food : scene.foods) {
    env::DrawnUnit unit = unit_of(food);
    unit.radius = kFoodRadius;
    unit.team = env::Team::kNeutral;
    unit.state = food.eaten ? env::UnitState::kDead : env::UnitState::kActive;
    unit.kind = "food";
    unit.label = std::to_string(food.level);
    out.units.push_back(unit);
  }
  for (const Attempt& attempt : attempts) {
    out.deeds.push_back({.deed = attempt.succeeded ? env::Deed::kCapture : env::Deed::kMiss,
                         .team = env::Team::kAllies,
                         .from_x = attempt.player.col + kHalfCell,
                         .from_y = attempt.player.row + kHalfCell,
                         .to_x = attempt.food_col + kHalfCell,
                         .to_y = attempt.food_row + kHalfCell});
  }
}

std::string action_name(env::Action action) {
  constexpr std::array<const char*, kNActions> kNames = {"none", "north", "south",
                                                         "west", "east",  "load"};
  QTOT_CHECK(action >= 0 && action < kNActions);
  return kNames[static_cast<std::size_t>(action)];
}

std::string field_text(const Scene& scene) {
  constexpr int kLetters = 26;
  const std::size_t stride = static_cast<std::size_t>(scene.options.cols()) + 1;
  std::string out(stride * static_cast<std::size_t>(scene.options.rows()) - 1, '.');
  for (std::size_t i = stride - 1; i < out.size(); i += stride) out[i] = '/';
  const auto at = [&](const Piece& piece) -> char& {
    return out[static_cast<std::size_t>(piece.row) * stride + static_cast<std::size_t>(piece.col)];
  };
  for (const Piece& food : scene.foods) {
    if (!food.eaten) at(food) = food.level > 9 ? '#' : static_cast<char>('0' + food.level);
  }
  for (std::size_t p = 0; p < scene.players.size(); ++p) {
    char& cell = at(scene.players[p]);
    cell = cell == '.' ? static_cast<char>('A' + p % kLetters) : '&';
  }
  return out;
}

}  // namespace qtot::envs::lbf
