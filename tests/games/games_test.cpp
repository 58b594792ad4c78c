#include <gtest/gtest.h>

#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/games/all_sequences.h"
#include "qtot/games/answers.h"
#include "qtot/games/study.h"

namespace qtot::games {
namespace {

constexpr double kRounding = 1e-9;
const Table kPayoffA = {{8, -12, -12}, {-12, 0, 0}, {-12, 0, 0}};

Table answer(Answers answers, const Table& payoff, double alpha = 0.1) {
  return answers_of_payoff(answers, payoff, alpha).at(0).at(0);
}

TEST(AllSequences, HoldsEveryJointActionOfAOneStepGameOnce) {
  const auto env = env::family("matrix_game").make({{"map_name", {"A", "test"}}});
  const AllSequences data(*env);
  ASSERT_EQ(data.size(), 9);
  for (int i = 0; i < 9; ++i) {
    const core::Episode& episode = *data.batch()[static_cast<std::size_t>(i)];
    ASSERT_EQ(episode.length(), 1);
    EXPECT_EQ(episode.actions(0)[0], i / 3);
    EXPECT_EQ(episode.actions(0)[1], i % 3);
    EXPECT_EQ(static_cast<double>(episode.rewards()[0]),
              kPayoffA[static_cast<std::size_t>(i) / 3][static_cast<std::size_t>(i) % 3]);
    EXPECT_TRUE(episode.terminated());
  }
}

TEST(AllSequences, HoldsTheSixteenWaysThroughTheTwoStepGame) {
  const auto env = env::family("two_step").make({});
  const AllSequences data(*env);
  ASSERT_EQ(data.size(), 16);
  for (const core::Episode* episode : data.batch()) EXPECT_EQ(episode->length(), 2);
}

// Residuals of a least-squares fit are orthogonal to what it may choose: each row's and each column's mean.
TEST(AnswersOfPayoff, AdditiveLeavesResidualsThatSumToZeroInEveryRowAndColumn) {
  const Table payoff = {{3, -1, 4}, {1, -5, 9}, {2, 6, -5}};
  const Table fit = answer(Answers::kAdditive, payoff);
  for (std::size_t i = 0; i < 3; ++i) {
    double row = 0;
    double column = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      row += payoff[i][j] - fit[i][j];
      column += payoff[j][i] - fit[j][i];
    }
    EXPECT_NEAR(row, 0, kRounding);
    EXPECT_NEAR(column, 0, kRounding);
  }
}

TEST(AnswersOfPayoff, AreThePublishedOnesOfGamesAAndB) {
  const Table payoff_b = {{8, -12, -12}, {-12, 6, 0}, {-12, 0, 6}};
  EXPECT_NEAR(answer(Answers::kAdditive, kPayoffA)[0][0], -6.2222, 1e-4);
  EXPECT_NEAR(answer(Answers::kAdditive, kPayoffA)[0][1], -4.8889, 1e-4);
  EXPECT_NEAR(answer(Answers::kAdditive, kPayoffA)[1][1], -3.5556, 1e-4);
  EXPECT_NEAR(answer(Answers::kCentral, kPayoffA)[0][0], 8, kRounding);
  EXPECT_NEAR(answer(Answers::kCentral, kPayoffA)[2][0], -6, kRounding);
  EXPECT_NEAR(answer(Answers::kCentral, payoff_b)[2][2], -4.5, kRounding);
  EXPECT_NEAR(answer(Answers::kOptimistic, kPayoffA)[0][0], 8, kRounding);
  EXPECT_NEAR(answer(Answers::kOptimistic, kPayoffA)[0][1], -12.0 / 11, kRounding);
  EXPECT_NEAR(answer(Answers::kOptimistic, payoff_b)[1][2], 36.0 / 13, kRounding);
}

// Each agent learns the mean over the other's actions: 4.5 for the second action in game B, hence
// 0.99 * 4.5 for the way that leads there and (6.93 + 4.455) / 2 for agent 1, who changes nothing.
TEST(AnswersOfTwoStep, OfIndependentLearnersAreSumsOfMeans) {
  const std::vector<Table> tables = answers_of_two_step(Answers::kIndependent).at(0);
  EXPECT_NEAR(tables[0][0][0], 6.93 + (6.93 + 4.455) / 2, kRounding);
  EXPECT_NEAR(tables[0][1][0], 4.455 + (6.93 + 4.455) / 2, kRounding);
  EXPECT_EQ(tables[2][1][1], 4.5 + 4.5);
}

TEST(Distance, IsThatToTheNearestAlternative) {
  const Alternatives two = {{{{0, 0}, {0, 0}}}, {{{4, 4}, {4, 4}}}};
  std::size_t nearest = 9;
  EXPECT_EQ(distance({{{4, 4}, {4, 3}}}, two, &nearest), 1);
  EXPECT_EQ(nearest, 1U);
}

TEST(Game, HasItsBestReturnAndIsRefusedByAnUnknownName) {
  EXPECT_THROW(game("D"), Error);
  EXPECT_EQ(game("B").best_return, 8);
  EXPECT_EQ(game("two_step").best_return, 8);
}

TEST(Pupil, OfAnUnknownNameListsTheKnownOnes) {
  try {
    pupil("qmixx");
    FAIL() << "no such algorithm";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("known: iql vdn"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace qtot::games
