#include "envs/lbf/placement.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace qtot::envs::lbf {
namespace {

constexpr int kMaxTries = 1000;      // of all foods together
constexpr std::size_t kNLowest = 3;  // players whose levels bound a food's

bool all_equal(const std::vector<int>& levels) {
  return std::ranges::all_of(levels, [&](int level) { return level == levels[0]; });
}

std::uint32_t count(int n) {
  return static_cast<std::uint32_t>(n);
}

// A drawn order of 0 .. n - 1. Where all bounds are equal no order shows, and none is drawn.
void draw_order(env::Chance& chance, int site, bool matters, std::vector<int>& order) {
  std::iota(order.begin(), order.end(), 0);
  if (matters) chance.shuffle(site, order);
}

}  // namespace

bool is_too_near(const Piece& food, const Piece& other) {
  const int rows = std::abs(food.row - other.row);
  const int cols = std::abs(food.col - other.col);
  return (rows <= 1 && cols <= 1) || (rows == 0 && cols <= 2) || (cols == 0 && rows <= 2);
}

Placement::Placement(const LbfOptions& options)
    : options_(options),
      includes_max_(options.food_levels == "inclusive"),
      player_bounds_differ_(!all_equal(options.min_player_level) ||
                            !all_equal(options.max_player_level)),
      food_bounds_differ_(!all_equal(options.min_food_level) ||
                          (!options.max_food_level.empty() && !all_equal(options.max_food_level))),
      is_blocked_(static_cast<std::size_t>(options.rows() * options.cols())) {
  const auto n_players = static_cast<std::size_t>(options.players);
  taken_.reserve(n_players);
  order_.reserve(std::max(n_players, static_cast<std::size_t>(options.max_num_food)));
  levels_.reserve(n_players);
}

void Placement::draw(env::Chance& chance, std::vector<Piece>& players, std::vector<Piece>& foods) {
  draw_players(chance, players);
  draw_foods(chance, foods);
}

void Placement::draw_players(env::Chance& chance, std::vector<Piece>& players) {
  order_.resize(static_cast<std::size_t>(options_.players));
  draw_order(chance, kPlayerBounds, player_bounds_differ_, order_);
  players.clear();
  taken_.clear();
  levels_.clear();
  const int n_cells = options_.rows() * options_.cols();
  for (int p = 0; p < options_.players; ++p) {
    // the n-th free cell: trying until a cell is free draws from the same distribution
    int cell = static_cast<int>(chance.choose(kPlayerCell, p, count(n_cells - p)));
    auto at = taken_.begin();
    for (; at != taken_.end() && *at <= cell; ++at) ++cell;
    taken_.insert(at, cell);

    const auto bound = static_cast<std::size_t>(order_[static_cast<std::size_t>(p)]);
    const int min = options_.min_player_level[bound];
    const int max = options_.max_player_level[bound];
    const int level = min + static_cast<int>(chance.choose(kPlayerLevel, p, count(max - min + 1)));
    players.push_back(
        {.row = cell / options_.cols(), .col = cell % options_.cols(), .level = level});
    levels_.push_back(level);
  }
  std::ranges::sort(levels_);
  sum_of_lowest_ = 0;
  for (std::size_t i = 0; i < std::min(kNLowest, levels_.size()); ++i) sum_of_lowest_ += levels_[i];
}

void Placement::draw_foods(env::Chance& chance, std::vector<Piece>& foods) {
  order_.resize(static_cast<std::size_t>(options_.max_num_food));
  draw_order(chance, kFoodBounds, food_bounds_differ_, order_);
  foods.clear();
  const int rows = options_.rows() - 2;  // inside the border
  const int cols = options_.cols() - 2;
  std::fill(is_blocked_.begin(), is_blocked_.end(), char{0});
  n_open_ = rows * cols;
  for (const int cell : taken_) block(cell / options_.cols(), cell % options_.cols());

  // without an open cell the tries that are left could not succeed
  for (int n = 0; n < kMaxTries && n_open_ > 0 && foods.size() < order_.size(); ++n) {
    const int cell = static_cast<int>(chance.choose(kFoodCell, n, count(rows * cols)));
    const int row = 1 + cell / cols;
    const int col = 1 + cell % cols;
    if (is_blocked_[static_cast<std::size_t>(row * options_.cols() + col)] != 0) continue;
    const int index = static_cast<int>(foods.size());
    foods.push_back({.row = row, .col = col, .level = draw_food_level(chance, index)});
    for (int by = -2; by <= 2; ++by) {
      block(row + by, col);
      block(row, col + by);
    }
    for (const int by : {-1, 1}) {
      block(row + by, col - 1);
      block(row + by, col + 1);
    }
  }
  std::ranges::sort(foods, {},
                    [this](const Piece& food) { return food.row * options_.cols() + food.col; });
}

// No food may be placed in the cell from now on. Cells of the border, where none ever is, and cells
// outside the field do not matter.
void Placement::block(int row, int col) {
  if (row < 1 || row > options_.rows() - 2 || col < 1 || col > options_.cols() - 2) return;
  char& is_blocked = is_blocked_[static_cast<std::size_t>(row * options_.cols() + col)];
  n_open_ -= is_blocked == 0;
  is_blocked = 1;
}

int Placement::draw_food_level(env::Chance& chance, int food) const {
  const auto bound = static_cast<std::size_t>(order_[static_cast<std::size_t>(food)]);
  const int max = options_.max_food_level.empty() ? sum_of_lowest_ : options_.max_food_level[bound];
  const int min = options_.force_coop ? max : options_.min_food_level[bound];
  if (min == max) return max;
  const int n = max - min + (includes_max_ ? 1 : 0);
  return min + static_cast<int>(chance.choose(kFoodLevel, food, count(n)));
}

}  // namespace qtot::envs::lbf
