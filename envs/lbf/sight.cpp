#include "envs/lbf/sight.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace qtot::envs::lbf {
namespace {

constexpr float kUnseen = -1;
constexpr int kNLayers = 3;
constexpr std::ptrdiff_t kFoodSize = 3;  // row, col, level

std::ptrdiff_t player_size(const LbfOptions& options) {
  return options.observe_agent_levels ? 3 : 2;
}

void observe_list(const Scene& scene, const Piece& own, float* out) {
  const LbfOptions& options = scene.options;
  const int sight = options.sight;
  const int row_shift = std::min(sight, own.row) - own.row;
  const int col_shift = std::min(sight, own.col) - own.col;

  const float* const foods_end = out + kFoodSize * options.max_num_food;
  for (const Piece& food : scene.foods) {
    if (food.eaten) continue;
    if (std::abs(food.row - own.row) > sight || std::abs(food.col - own.col) > sight) continue;
    *out++ = static_cast<float>(food.row + row_shift);
    *out++ = static_cast<float>(food.col + col_shift);
    *out++ = static_cast<float>(food.level);
  }
  while (out != foods_end) {
    *out++ = kUnseen;
    *out++ = kUnseen;
    *out++ = 0;
  }

  const bool with_levels = options.observe_agent_levels;
  const float* const players_end = out + player_size(options) * options.players;
  const auto show = [&](const Piece& player) {
    const int row = player.row + row_shift;
    const int col = player.col + col_shift;
    if (row < 0 || row > 2 * sight || col < 0 || col > 2 * sight) return;
    *out++ = static_cast<float>(row);
    *out++ = static_cast<float>(col);
    if (with_levels) *out++ = static_cast<float>(player.level);
  };
  show(own);
  for (const Piece& player : scene.players) {
    if (&player != &own) show(player);
  }
  while (out != players_end) {
    *out++ = kUnseen;
    *out++ = kUnseen;
    if (with_levels) *out++ = 0;
  }
}

void observe_grid(const Scene& scene, const Piece& own, std::span<float> out) {
  const LbfOptions& options = scene.options;
  const int sight = options.sight;
  const int width = 2 * sight + 1;
  float* const players = out.data();
  const std::ptrdiff_t layer = std::ptrdiff_t{width} * width;
  float* const foods = players + layer;
  float* const is_free = foods + layer;
  std::fill(out.begin(), out.end(), 0.0F);

  // where (row, col) of the field stands in a layer
  const auto at = [&](int row, int col) {
    return (row - own.row + sight) * width + col - own.col + sight;
  };
  const auto is_seen = [&](const Piece& piece) {
    return std::abs(piece.row - own.row) <= sight && std::abs(piece.col - own.col) <= sight;
  };
  const int first_col = std::max(own.col - sight, 0);
  const int last_col = std::min(own.col + sight, options.cols() - 1);
  for (int row = std::max(own.row - sight, 0); row <= std::min(own.row + sight, options.rows() - 1);
       ++row) {
    std::fill_n(is_free + at(row, first_col), last_col - first_col + 1, 1.0F);
  }
  for (const Piece& player : scene.players) {
    if (!is_seen(player)) continue;
    const int cell = at(player.row, player.col);
    players[cell] = options.observe_agent_levels ? static_cast<float>(player.level) : 1.0F;
    is_free[cell] = 0;
  }
  for (const Piece& food : scene.foods) {
    if (food.eaten || !is_seen(food)) continue;
    const int cell = at(food.row, food.col);
    foods[cell] = static_cast<float>(food.level);
    is_free[cell] = 0;
  }
}

}  // namespace

int obs_dim(const LbfOptions& options) {
  const int width = 2 * options.sight + 1;
  if (options.grid_observation) return kNLayers * width * width;
  return static_cast<int>(kFoodSize * options.max_num_food +
                          player_size(options) * options.players);
}

void observe(const Scene& scene, std::size_t self, std::span<float> out) {
  const Piece& own = scene.players[self];
  if (scene.options.grid_observation) {
    observe_grid(scene, own, out);
  } else {
    observe_list(scene, own, out.data());
  }
}

}  // namespace qtot::envs::lbf
