// The rules of level-based foraging one by one, on small fields set up by hand. That they agree with
// lb-foraging as a whole is tested by its recordings (tests/env_check).

#include <gtest/gtest.h>

#include <cmath>

#include "envs/lbf/game.h"
#include "support/error_text.h"

namespace qtot {
namespace {

using namespace test::lbf;
using test::error_text;
using Cells = std::vector<std::array<int, 2>>;
using Rewards = std::vector<double>;

const Pieces kFar = {{3, 3, 1}};  // a food that no one reaches

TEST(LbfTest, ActionsMoveByOneCell) {
  Game game{.players = {{1, 1, 1}}, .foods = kFar};
  const std::vector<std::array<int, 2>> expected = {{1, 1}, {0, 1}, {2, 1}, {1, 0}, {1, 2}, {1, 1}};
  for (env::Action action = 0; action < 6; ++action) {
    game.start().play({action});
    EXPECT_EQ(game.cells(), Cells{expected[static_cast<std::size_t>(action)]}) << action;
  }
}

TEST(LbfTest, TheEdgeAndFoodStopAMove) {
  Game game{.players = {{0, 0, 1}, {4, 4, 1}, {3, 2, 1}}, .foods = kFar};
  game.start().play({kNorth, kSouth, kEast});
  EXPECT_EQ(game.cells(), (Cells{{0, 0}, {4, 4}, {3, 2}}));
  game.play({kWest, kEast, kNone});
  EXPECT_EQ(game.cells(), (Cells{{0, 0}, {4, 4}, {3, 2}}));
}

TEST(LbfTest, TwoWhoWantOneCellStay) {
  Game game{.players = {{1, 0, 1}, {1, 2, 1}, {0, 1, 1}}, .foods = kFar};
  game.start().play({kEast, kWest, kNone});
  EXPECT_EQ(game.cells(), (Cells{{1, 0}, {1, 2}, {0, 1}}));
  game.play({kEast, kWest, kSouth});
  EXPECT_EQ(game.cells(), (Cells{{1, 0}, {1, 2}, {0, 1}}));
}

TEST(LbfTest, OneWhoStaysOrLoadsKeepsItsCell) {
  Game game{.players = {{1, 1, 1}, {1, 2, 1}}, .foods = {{2, 2, 3}}};
  game.start().play({kEast, kNone});
  EXPECT_EQ(game.cells(), (Cells{{1, 1}, {1, 2}}));
  game.play({kEast, kLoad});
  EXPECT_EQ(game.cells(), (Cells{{1, 1}, {1, 2}}));
}

TEST(LbfTest, AForbiddenMoveWantsTheOwnCell) {
  Game game{.players = {{0, 1, 1}, {0, 0, 1}}, .foods = kFar};
  game.start().play({kNorth, kEast});  // north of it there is no field
  EXPECT_EQ(game.cells(), (Cells{{0, 1}, {0, 0}}));
}

TEST(LbfTest, NeighboursSwapAndChainsMoveOn) {
  Game game{.players = {{0, 0, 1}, {0, 1, 1}, {0, 2, 1}}, .foods = kFar};
  game.start().play({kEast, kWest, kNone});
  EXPECT_EQ(game.cells(), (Cells{{0, 1}, {0, 0}, {0, 2}}));
  game.start().play({kEast, kEast, kEast});
  EXPECT_EQ(game.cells(), (Cells{{0, 1}, {0, 2}, {0, 3}}));
}

// 0 and 1 want the same cell and stay; 2 alone wanted the cell of 0, and enters it.
TEST(LbfTest, ACellThatItsPlayerFailedToLeaveIsSharedWithWhoAloneWantedIt) {
  Game game{.players = {{1, 1, 1}, {1, 3, 1}, {0, 1, 1}}, .foods = {{3, 2, 1}}};
  game.start().play({kEast, kWest, kSouth});
  EXPECT_EQ(game.cells(), (Cells{{1, 1}, {1, 3}, {1, 1}}));
  game.play({kNone, kNone, kNone});
  EXPECT_EQ(game.cells(), (Cells{{1, 1}, {1, 3}, {1, 1}}));
  game.play({kNorth, kNone, kNorth});  // together they want one cell again
  EXPECT_EQ(game.cells(), (Cells{{1, 1}, {1, 3}, {1, 1}}));
  game.play({kNorth, kNone, kWest});
  EXPECT_EQ(game.cells(), (Cells{{0, 1}, {1, 3}, {1, 0}}));
}

TEST(LbfTest, ALevelIsEnoughWhenItIsNotBelowTheFoods) {
  for (const double level : {1.0, 2.0, 3.0}) {
    Game game{.players = {{1, 2, level}}, .foods = {{2, 2, 2}}};
    const env::StepResult result = game.start().play({kLoad});
    EXPECT_EQ(result.terminated, level >= 2);
    EXPECT_EQ(game.n_foods(), level >= 2 ? 0U : 1U);
    EXPECT_EQ(result.reward, level >= 2 ? 1 : 0);
  }
}

TEST(LbfTest, TheLevelsOfThoseWhoLoadBesideItAreAdded) {
  Game game{.players = {{1, 2, 1}, {3, 2, 2}, {2, 1, 1}, {2, 3, 1}}, .foods = {{2, 2, 5}}};
  EXPECT_EQ(game.start().play({kLoad, kLoad, kLoad, kNone}).reward, 0);
  EXPECT_EQ(game.n_foods(), 1U);
  EXPECT_TRUE(game.play({kLoad, kLoad, kLoad, kLoad}).terminated);
  EXPECT_EQ(game.rewards(), (Rewards{0.2, 0.4, 0.2, 0.2}));
}

TEST(LbfTest, WhoLoadsElsewhereOrDiagonallyIsNotInTheGroup) {
  Game game{.players = {{1, 2, 1}, {1, 1, 1}}, .foods = {{2, 2, 2}}};
  EXPECT_EQ(game.start().play({kLoad, kLoad}).reward, 0);
  EXPECT_EQ(game.n_foods(), 1U);
}

TEST(LbfTest, SharesAreByLevelAndRelativeToAllFoodAtTheStart) {
  Game game{.players = {{1, 2, 1}, {2, 1, 2}, {0, 0, 2}}, .foods = {{2, 2, 3}}};
  const env::StepResult result = game.start(7, 10).play({kLoad, kLoad, kNone});
  const Rewards expected = {3.0 / 30.0, 6.0 / 30.0, 0};
  EXPECT_EQ(game.rewards(), expected);
  EXPECT_EQ(result.reward, static_cast<float>(expected[0] + expected[1]));
  EXPECT_FALSE(result.truncated);
}

TEST(LbfTest, RewardsThatAreNotNormalisedAreProductsOfLevels) {
  Game game{.players = {{1, 2, 1}, {2, 1, 2}},
            .foods = {{2, 2, 3}},
            .args = {{"normalize_reward", false}}};
  EXPECT_EQ(game.start(0, 10).play({kLoad, kLoad}).reward, 9);
  EXPECT_EQ(game.rewards(), (Rewards{3, 6}));
}

TEST(LbfTest, TheTeamIsPaidTheSumOrTheMean) {
  Game game{.players = {{1, 2, 1}, {2, 1, 1}, {0, 0, 1}},
            .foods = {{2, 2, 2}},
            .args = {{"common_reward", std::string("mean")}}};
  EXPECT_EQ(game.start(0, 7).play({kLoad, kLoad, kNone}).reward,
            static_cast<float>((1.0 / 7 + 1.0 / 7) / 3));
}

TEST(LbfTest, TheTeamsRewardIsRoundedOnce) {
  Game game{.players = {{1, 2, 1}, {2, 1, 1}, {2, 3, 1}},
            .foods = {{2, 2, 3}},
            .args = {{"penalty", 0.1}}};
  game.foods = {{2, 2, 4}};
  EXPECT_EQ(game.start().play({kLoad, kLoad, kLoad}).reward, static_cast<float>(-0.1 - 0.1 - 0.1));
}

TEST(LbfTest, AGroupThatIsTooSmallPaysThePenaltyEach) {
  Game game{.players = {{1, 2, 1}, {2, 1, 1}, {3, 2, 1}},
            .foods = {{2, 2, 4}},
            .args = {{"penalty", 0.25}}};
  EXPECT_EQ(game.start().play({kLoad, kLoad, kNone}).reward, -0.5F);
  EXPECT_EQ(game.rewards(), (Rewards{-0.25, -0.25, 0}));
  game.play({kNone, kNone, kNone});
  EXPECT_EQ(game.rewards(), (Rewards{0, 0, 0}));
}

TEST(LbfTest, WithoutPenaltyAFailureIsPaidPlusZero) {
  Game game{.players = {{1, 2, 1}}, .foods = {{2, 2, 4}}};
  EXPECT_FALSE(std::signbit(game.start().play({kLoad}).reward));
  EXPECT_FALSE(std::signbit(game.rewards()[0]));
}

TEST(LbfTest, LoadingBesideNothingIsNoneAndCostsNothing) {
  Game game{.players = {{0, 0, 1}}, .foods = kFar, .args = {{"penalty", 1.0}}};
  EXPECT_EQ(game.start().play({kLoad}).reward, 0);
  EXPECT_EQ(game.cells(), (Cells{{0, 0}}));
}

TEST(LbfTest, TwoGroupsLoadTwoFoodsInOneStep) {
  Game game{.rows = 6,
            .cols = 7,
            .players = {{1, 2, 1}, {4, 4, 2}, {2, 1, 1}, {3, 5, 2}},
            .foods = {{2, 2, 2}, {3, 4, 5}},
            .args = {{"penalty", 0.5}}};
  const env::StepResult result = game.start().play({kLoad, kLoad, kLoad, kLoad});
  EXPECT_EQ(game.rewards(), (Rewards{1.0 / 7, -0.5, 1.0 / 7, -0.5}));
  EXPECT_FALSE(result.terminated);
  EXPECT_EQ(array_of(*game.env, "field"), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(array_of(*game.env, "food_spawned"), std::vector<double>{7});
}

TEST(LbfTest, TheCellOfAnEatenFoodIsFree) {
  Game game{.rows = 6, .cols = 7, .players = {{1, 2, 2}}, .foods = {{2, 2, 2}, {3, 4, 5}}};
  game.start().play({kLoad});
  game.play({kSouth});
  EXPECT_EQ(game.cells(), (Cells{{2, 2}}));
}

TEST(LbfTest, TheLimitTruncatesOrTerminates) {
  Game game{.players = {{0, 0, 1}}, .foods = kFar, .args = {{"episode_limit", std::int64_t{9}}}};
  const env::StepResult limited = game.start(8).play({kNone});
  EXPECT_TRUE(limited.truncated);
  EXPECT_FALSE(limited.terminated);
  EXPECT_TRUE(game.env->has_ended());
  EXPECT_EQ(array_of(*game.env, "over"), std::vector<double>{1});

  game.args.emplace("limit_terminates", true);
  const env::StepResult ended = game.start(8).play({kNone});
  EXPECT_TRUE(ended.terminated);
  EXPECT_FALSE(ended.truncated);
}

TEST(LbfTest, TakingTheLastFoodOnTheLastStepTerminates) {
  Game game{.players = {{1, 2, 2}}, .foods = {{2, 2, 2}}};
  const env::StepResult result = game.start(49).play({kLoad});
  EXPECT_TRUE(result.terminated);
  EXPECT_FALSE(result.truncated);
}

TEST(LbfTest, AnEpisodeWithoutFoodEndsWithItsFirstStep) {
  Game game{.players = {{1, 2, 2}}};
  game.start();
  EXPECT_FALSE(game.env->has_ended());
  const env::StepResult result = game.play({kNorth});
  EXPECT_TRUE(result.terminated);
  EXPECT_EQ(result.reward, 0);
}

TEST(LbfTest, TheGamesMaskIsWhatTheGameAllows) {
  Game game{.players = {{0, 0, 1}, {0, 1, 1}, {2, 1, 1}},
            .foods = {{2, 2, 1}},
            .args = {{"mask", std::string("game")}}};
  game.start();
  EXPECT_EQ(game.avail(0), (std::vector<int>{1, 0, 1, 0, 1, 0}));  // players do not matter
  EXPECT_EQ(game.avail(1), (std::vector<int>{1, 0, 1, 1, 1, 0}));
  EXPECT_EQ(game.avail(2), (std::vector<int>{1, 1, 1, 1, 0, 1}));
  game.play({kNorth, kLoad, kEast});  // all of them forbidden, and no reason to abort
  EXPECT_EQ(game.cells(), (Cells{{0, 0}, {0, 1}, {2, 1}}));
}

TEST(LbfTest, UnderEPyMARLsMaskEverythingIsAvailable) {
  Game game{.players = {{0, 0, 1}}, .foods = kFar};
  EXPECT_EQ(game.start().avail(0), (std::vector<int>{1, 1, 1, 1, 1, 1}));
}

TEST(LbfTest, ForbiddenActionsAreNoneUnderBothMasks) {
  for (const char* mask : {"all", "game"}) {
    Game game{
        .players = {{0, 0, 1}, {1, 0, 1}}, .foods = kFar, .args = {{"mask", std::string(mask)}}};
    game.start().play({kWest, kNorth});
    EXPECT_EQ(game.cells(), (Cells{{0, 0}, {1, 0}})) << mask;
  }
}

TEST(LbfTest, ASnapshotThatNoGameReachesIsRefused) {
  Game game{.players = {{0, 0, 1}, {1, 0, 1}}, .foods = {{1, 2, 1}, {3, 3, 2}}};
  game.start();
  const env::Snapshot good = game.env->snapshot();
  const auto refusal = [&](std::size_t array, std::vector<double> numbers) {
    env::Snapshot s = good;
    s[array].second = std::move(numbers);
    return error_text([&] { game.env->restore(s); });
  };
  EXPECT_EQ(refusal(1, {0, 2, 1}), "snapshot: field[0] lies on the border");
  EXPECT_EQ(refusal(1, {1, 2, 1, 2, 3, 1}), "snapshot: field[1] lies too near another food");
  EXPECT_EQ(refusal(1, {3, 3, 1, 1, 2, 2}), "snapshot: field must stand row by row");
  EXPECT_EQ(refusal(1, {1, 2, 0}),
            "snapshot: field[0] must be [row, col, level] on the field, with a level from 1");
  EXPECT_EQ(refusal(2, {0, 0, 1, 1, 5, 1}),
            "snapshot: players[1] must be [row, col, level] on the field, with a level from 1");
  EXPECT_EQ(refusal(2, {0, 0, 1, 1, 2, 1}),
            "snapshot: players: one stands in the cell of a food, [1, 2]");
  EXPECT_EQ(refusal(3, {2}), "snapshot: food_spawned[0] = 2 must be an integer in [3, 6000]");
  EXPECT_EQ(refusal(4, {1}), "snapshot: over must be 0 with this step and field");
  EXPECT_EQ(refusal(0, {50}), "snapshot: over must be 1 with this step and field");
  EXPECT_EQ(game.env->snapshot(), good);
}

TEST(LbfTest, APictureShowsLevelsFoodAndWhoLoaded) {
  Game game{.rows = 6,
            .cols = 7,
            .players = {{1, 2, 1}, {2, 1, 2}, {3, 5, 1}},
            .foods = {{2, 2, 3}, {3, 4, 5}}};
  game.start().play({kLoad, kLoad, kLoad});
  env::Drawing drawing;
  ASSERT_TRUE(game.env->draw(drawing));
  EXPECT_EQ(drawing.width, 7);
  EXPECT_EQ(drawing.height, 6);
  ASSERT_EQ(drawing.units.size(), 5U);
  EXPECT_EQ(drawing.units[1].kind, "level 2 forager");
  EXPECT_EQ(drawing.units[1].agent, 1);
  EXPECT_EQ(drawing.units[1].x, 1.5);
  EXPECT_EQ(drawing.units[1].y, 2.5);
  EXPECT_EQ(drawing.units[3].kind, "food");
  EXPECT_EQ(drawing.units[3].label, "3");
  EXPECT_EQ(drawing.units[3].team, env::Team::kNeutral);
  EXPECT_EQ(drawing.units[3].state, env::UnitState::kDead);
  EXPECT_EQ(drawing.units[4].state, env::UnitState::kActive);
  ASSERT_EQ(drawing.deeds.size(), 3U);
  EXPECT_EQ(drawing.deeds[0].deed, env::Deed::kCapture);
  EXPECT_EQ(drawing.deeds[0].to_y, 2.5);
  EXPECT_EQ(drawing.deeds[2].deed, env::Deed::kMiss);
  EXPECT_EQ(game.env->action_name(0, kLoad), "load");
  EXPECT_EQ(game.env->text(),
            "step 1, food 5 of 8, levels 1 2 1, field "
            "......./..A..../.B...../....5C./......./.......");
}

}  // namespace
}  // namespace qtot
