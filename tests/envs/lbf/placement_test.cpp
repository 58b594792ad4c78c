// How an episode of level-based foraging begins.

#include "envs/lbf/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "envs/lbf/game.h"

namespace qtot {
namespace {

using envs::lbf::is_too_near;
using envs::lbf::LbfOptions;
using envs::lbf::Piece;
using test::lbf::Args;
using test::lbf::list;

constexpr std::uint64_t kEpisodes = 2000;

struct Start {
  std::vector<Piece> players;
  std::vector<Piece> foods;
};

std::vector<Start> starts(const Args& args) {
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "test"}});
  const LbfOptions options = envs::lbf::read_options(map);
  envs::lbf::Placement placement(options);
  std::vector<Start> out(kEpisodes);
  for (std::uint64_t ticket = 0; ticket < kEpisodes; ++ticket) {
    env::PhiloxChance chance(3, math::Stream::kReset, ticket, 0);
    placement.draw(chance, out[ticket].players, out[ticket].foods);
  }
  return out;
}

std::map<int, int> food_levels(const std::vector<Start>& starts) {
  std::map<int, int> n;
  for (const Start& start : starts) {
    for (const Piece& food : start.foods) ++n[food.level];
  }
  return n;
}

TEST(LbfPlacement, PlayersStandApartAndFoodKeepsItsDistances) {
  for (const char* name : {"8x8-2p-2f", "5x5-9p-9f", "15x15-4p-5f-coop"}) {
    for (const Start& start : starts({{"map_name", std::string(name)}})) {
      std::set<std::pair<int, int>> cells;
      for (const Piece& player : start.players) cells.insert({player.row, player.col});
      ASSERT_EQ(cells.size(), start.players.size());
      for (std::size_t i = 0; i < start.foods.size(); ++i) {
        const Piece& food = start.foods[i];
        ASSERT_FALSE(cells.contains({food.row, food.col}));
        ASSERT_GE(std::min(food.row, food.col), 1);
        for (std::size_t j = 0; j < i; ++j) ASSERT_FALSE(is_too_near(food, start.foods[j]));
      }
    }
  }
}

TEST(LbfPlacement, NearIsTheBlockAroundAndTwoCellsAlongRowAndColumn) {
  const std::vector<std::string> near = {"..x..", ".xxx.", "xxxxx", ".xxx.", "..x.."};
  for (int row = 0; row < 5; ++row) {
    for (int col = 0; col < 5; ++col) {
      EXPECT_EQ(is_too_near({.row = row, .col = col}, {.row = 2, .col = 2}),
                near[static_cast<std::size_t>(row)][static_cast<std::size_t>(col)] == 'x');
    }
  }
}

TEST(LbfPlacement, EveryCellIsAsLikelyAsAnother) {
  std::map<std::pair<int, int>, int> players, foods;
  for (const Start& start : starts({{"map_name", std::string("5x5-2p-1f")}})) {
    for (const Piece& player : start.players) ++players[{player.row, player.col}];
    for (const Piece& food : start.foods) ++foods[{food.row, food.col}];
  }
  EXPECT_EQ(players.size(), 25U);
  EXPECT_EQ(foods.size(), 9U);
  // 160 and 222 expected; 5 standard deviations
  for (const auto& [cell, n] : players) EXPECT_NEAR(n, 160, 62);
  for (const auto& [cell, n] : foods) EXPECT_NEAR(n, 222, 71);
}

TEST(LbfPlacement, FoodHasAtMostTheSumOfTheThreeLowestLevels) {
  std::set<std::pair<int, int>> seen;  // sum, level
  for (const Start& start : starts({{"map_name", std::string("8x8-4p-2f")}})) {
    std::vector<int> levels;
    for (const Piece& player : start.players) levels.push_back(player.level);
    std::ranges::sort(levels);
    const int sum = levels[0] + levels[1] + levels[2];
    for (const Piece& food : start.foods) seen.insert({sum, food.level});
  }
  std::set<std::pair<int, int>> expected;
  for (int sum = 3; sum <= 6; ++sum) {
    for (int level = 1; level <= sum; ++level) expected.insert({sum, level});
  }
  EXPECT_EQ(seen, expected);
}

TEST(LbfPlacement, CoopFoodHasTheSumItself) {
  for (const char* name : {"8x8-2p-2f-coop", "8x8-2p-2f-coop-v2"}) {
    for (const Start& start : starts({{"map_name", std::string(name)}})) {
      for (const Piece& food : start.foods) {
        ASSERT_EQ(food.level, start.players[0].level + start.players[1].level);
      }
    }
  }
}

TEST(LbfPlacement, BeforeNovember2023TheLargestLevelWasOutOfReach) {
  const Args old = {{"map_name", std::string("Foraging-8x8-2p-2f-v2")},
                    {"min_player_level", std::int64_t{2}}};
  EXPECT_EQ(food_levels(starts(old)).rbegin()->first, 3);
  const Args now = {{"map_name", std::string("Foraging-8x8-2p-2f-v3")},
                    {"min_player_level", std::int64_t{2}}};
  EXPECT_EQ(food_levels(starts(now)).rbegin()->first, 4);
}

TEST(LbfPlacement, IndividualFoodHasLevelOne) {
  for (const char* name : {"8x8-2p-2f-ind", "8x8-2p-2f-coop-ind", "8x8-2p-2f-ind-v2"}) {
    EXPECT_EQ(food_levels(starts({{"map_name", std::string(name)}})).size(), 1U) << name;
    EXPECT_TRUE(food_levels(starts({{"map_name", std::string(name)}})).contains(1)) << name;
  }
}

// The bounds are dealt out anew in each episode, each set of bounds to one player and to one food.
TEST(LbfPlacement, BoundsAreDealtInEveryOrder) {
  std::map<std::vector<int>, int> players, foods;
  for (const Start& start : starts({{"map_name", std::string("15x15-3p-3f")},
                                    {"min_player_level", list({1, 3, 5})},
                                    {"max_player_level", list({2, 4, 6})},
                                    {"min_food_level", list({1, 4, 9})},
                                    {"max_food_level", list({1, 4, 9})}})) {
    std::vector<int> bands, levels;
    for (const Piece& player : start.players) bands.push_back((player.level + 1) / 2);
    for (const Piece& food : start.foods) levels.push_back(food.level);
    ++players[bands];
    ++foods[levels];
  }
  EXPECT_EQ(players.size(), 6U);
  EXPECT_EQ(foods.size(), 6U);
  for (const auto& [bands, n] : players) {
    EXPECT_EQ(std::set(bands.begin(), bands.end()).size(), 3U);
    EXPECT_NEAR(n, 333, 84);  // 5 standard deviations
  }
}

TEST(LbfPlacement, FoodThatFindsNoPlaceIsLeftOut) {
  std::map<std::size_t, int> n;
  for (const Start& start : starts({{"map_name", std::string("5x5-2p-9f")}})) {
    ++n[start.foods.size()];
  }
  EXPECT_EQ(n.rbegin()->first, 2U) << "in two corners of the 3 x 3 cells, or a move of a knight";
  EXPECT_GT(n[1], 0);
}

// Always draws the same; counts the tries for food.
class Stubborn final : public env::Chance {
 public:
  int n_tries = 0;

  std::uint32_t choose(int site, int, std::uint32_t) override {
    n_tries += site == envs::lbf::kFoodCell;
    return 0;
  }
  bool happens(int, int, double) override { return false; }
  double uniform(int, int) override { return 0; }
  void shuffle(int, std::span<int>) override {}
};

TEST(LbfPlacement, AllFoodsTogetherHaveAThousandTries) {
  LbfOptions options = envs::lbf::read_options({{"map_name", {std::string("8x8-2p-3f"), "test"}}});
  envs::lbf::Placement placement(options);
  Stubborn chance;
  Start start;
  placement.draw(chance, start.players, start.foods);
  EXPECT_EQ(start.foods.size(), 1U);
  EXPECT_EQ(chance.n_tries, 1000);
}

// Unlike in lb-foraging, where the players still stand while they wait to be placed.
TEST(LbfPlacement, TheLastEpisodeDoesNotMatter) {
  const auto env = test::lbf::make({{"map_name", std::string("5x5-9p-1f-coop")}});
  const auto other = test::lbf::make({{"map_name", std::string("5x5-9p-1f-coop")}});
  for (std::uint64_t ticket = 0; ticket < 50; ++ticket) {
    test::reset(*env, ticket);
    test::reset(*other, 1000 + ticket);
    test::reset(*other, ticket);
    ASSERT_EQ(env->snapshot(), other->snapshot());
  }
}

}  // namespace
}  // namespace qtot
