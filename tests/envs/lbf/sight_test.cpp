// What the players of level-based foraging see.

#include <gtest/gtest.h>

#include "envs/lbf/game.h"

namespace qtot {
namespace {

using namespace test::lbf;
using Seen = std::vector<float>;

TEST(LbfSight, TheWholeFieldHasItsOwnCoordinates) {
  Game game{.rows = 6,
            .cols = 8,
            .players = {{5, 7, 2}, {0, 0, 1}},
            .foods = {{1, 6, 3}, {4, 1, 2}},
            .args = {}};
  game.start();
  EXPECT_EQ(game.seen_by(0), (Seen{1, 6, 3, 4, 1, 2, 5, 7, 2, 0, 0, 1}));
  EXPECT_EQ(game.seen_by(1), (Seen{1, 6, 3, 4, 1, 2, 0, 0, 1, 5, 7, 2}));
}

TEST(LbfSight, EatenFoodIsPadded) {
  Game game{.players = {{1, 2, 2}}, .foods = {{2, 2, 2}, {3, 4, 5}}};
  game.rows = 6;
  game.cols = 7;
  game.start().play({kLoad});
  EXPECT_EQ(game.seen_by(0), (Seen{3, 4, 5, -1, -1, 0, 1, 2, 2}));
}

TEST(LbfSight, AWindowCountsFromItsCornerAndShowsNothingBeyond) {
  Game game{.rows = 10,
            .cols = 10,
            .players = {{5, 5, 1}, {7, 3, 2}, {5, 8, 1}, {3, 7, 2}},
            .foods = {{2, 5, 4}, {4, 7, 1}, {7, 5, 2}},
            .args = {{"sight", std::int64_t{2}}}};
  game.start();
  EXPECT_EQ(game.seen_by(0), (Seen{1, 4, 1, 4, 2, 2, -1, -1, 0,  // foods
                                   2, 2, 1, 4, 0, 2, 0,  4,  2, -1, -1, 0}));
}

// At the edge the window is cut, and its corner is the field's.
TEST(LbfSight, ACutWindowCountsFromTheEdge) {
  Game game{.rows = 10,
            .cols = 10,
            .players = {{1, 9, 1}},
            .foods = {{3, 7, 4}, {5, 8, 1}},
            .args = {{"sight", std::int64_t{2}}}};
  game.start();
  EXPECT_EQ(game.seen_by(0), (Seen{3, 0, 4, -1, -1, 0, 1, 2, 1}));
}

// lb-foraging compares with twice the sight, whatever the edge has cut: players are seen further there,
// foods are not.
TEST(LbfSight, PlayersAreSeenBeyondTheWindowWhereTheEdgeCutsIt) {
  Game game{.rows = 10,
            .cols = 10,
            .players = {{0, 1, 1}, {4, 3, 2}, {5, 1, 1}, {0, 4, 1}},
            .foods = {{3, 1, 2}},
            .args = {{"sight", std::int64_t{2}}}};
  game.start();
  EXPECT_EQ(game.seen_by(0), (Seen{-1, -1, 0, 0, 1, 1, 4, 3, 2, 0, 4, 1, -1, -1, 0}));
}

TEST(LbfSight, LevelsOfPlayersMayBeHidden) {
  Game game{.players = {{0, 0, 1}, {4, 4, 2}},
            .foods = {{2, 2, 3}},
            .args = {{"observe_agent_levels", false}, {"sight", std::int64_t{2}}}};
  game.start();
  EXPECT_EQ(game.env->spec().obs_dim, 7);
  EXPECT_EQ(game.seen_by(0), (Seen{2, 2, 3, 0, 0, 4, 4}));
  EXPECT_EQ(game.seen_by(1), (Seen{0, 0, 3, 2, 2, -1, -1}));
}

TEST(LbfSight, TheStateIsAllObservations) {
  Game game{.players = {{0, 0, 1}, {4, 4, 2}}, .foods = {{2, 2, 3}}};
  const test::View view(*game.start().env);
  EXPECT_EQ(view.state, view.obs);
}

TEST(LbfSight, AGridHasLayersOfPlayersFoodAndFreeCells) {
  Game game{.players = {{0, 1, 1}, {1, 2, 2}, {4, 4, 2}},
            .foods = {{1, 1, 3}},
            .args = {{"grid_observation", true}, {"sight", std::int64_t{1}}}};
  game.start();
  EXPECT_EQ(game.env->spec().obs_dim, 27);
  EXPECT_EQ(game.seen_by(0), (Seen{0, 0, 0, 0, 1, 0, 0, 0, 2,     // players
                                   0, 0, 0, 0, 0, 0, 0, 3, 0,     // food
                                   0, 0, 0, 1, 0, 1, 1, 0, 0}));  // free cells of the field
  EXPECT_EQ(game.seen_by(2), (Seen{0, 0, 0, 0, 2, 0, 0, 0, 0,     //
                                   0, 0, 0, 0, 0, 0, 0, 0, 0,     //
                                   1, 1, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(LbfSight, InAGridTheLastPlayerOfACellIsSeenAndLevelsMayBeHidden) {
  Game game{.players = {{1, 1, 3}, {1, 1, 2}},
            .foods = {{3, 3, 3}},
            .args = {{"grid_observation", true}, {"sight", std::int64_t{1}}}};
  EXPECT_EQ(game.start().seen_by(0)[4], 2);
  game.args.emplace("observe_agent_levels", false);
  EXPECT_EQ(game.start().seen_by(0)[4], 1);
}

}  // namespace
}  // namespace qtot
