#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "env/every_env.h"
#include "support/error_text.h"

namespace qtot {
namespace {

config::Value text(const std::string& word) {
  return {word, "command line"};
}

config::Value payoff(const std::vector<std::vector<double>>& rows) {
  config::List list;
  for (const auto& row : rows) {
    config::List numbers;
    for (const double r : row) numbers.push_back({r, "command line"});
    list.push_back({numbers, "command line"});
  }
  return {list, "command line"};
}

// The payoff matrix, by playing every joint action once.
std::vector<float> table(env::Env& env) {
  std::vector<float> rewards;
  for (env::Action a = 0; a < env.spec().n_actions; ++a) {
    for (env::Action b = 0; b < env.spec().n_actions; ++b) {
      test::reset(env, 0);
      test::StepChance chance(0, 0);
      rewards.push_back(env.step(std::array<env::Action, 2>{a, b}, chance.rules).reward);
    }
  }
  return rewards;
}

TEST(MatrixGameTest, MapsHaveThePayoffsOfTheirPapers) {
  using Table = std::vector<float>;
  const std::map<std::string, Table> published = {
      {"pymarl2", {12, -0.1F, -0.1F, -0.1F, 0, 0, -0.1F, 0, 0}},
      {"qtran", {8, -12, -12, -12, 0, 0, -12, 0, 0}},
      {"A", {8, -12, -12, -12, 0, 0, -12, 0, 0}},
      {"B", {8, -12, -12, -12, 6, 0, -12, 0, 6}},
      {"C3", {12, 0, 10, 0, 0, 10, 10, 10, 10}},
      {"qplex1", {10.4F, 0, 10, 0, 10, 10, 10, 10, 10}},
      {"climbing", {11, -30, 0, -30, 7, 6, 0, 0, 5}},
      {"climbing_uoe", {11, -30, 0, -30, 7, 0, 0, 6, 5}},
      {"penalty_50", {-50, 0, 10, 0, 2, 0, 10, 0, -50}},
      {"penalty_50_mirrored", {10, 0, -50, 0, 2, 0, -50, 0, 10}}};
  for (const auto& [name, rewards] : published) EXPECT_EQ(table(*env::make_named(name)), rewards);
}

// The optima that the papers state; the best joint action pays so much in every map.
TEST(MatrixGameTest, PenaltyGamesHaveTheOptimumTen) {
  for (const int k : {0, 25, 50, 75, 100}) {
    const auto rewards = table(*env::make_named("penalty_" + std::to_string(k)));
    EXPECT_EQ(*std::ranges::max_element(rewards), 10);
    EXPECT_EQ(*std::ranges::min_element(rewards), -k);
  }
}

TEST(MatrixGameTest, PlaysAPayoffOfOnesOwn) {
  const auto env = env::family("matrix_game").make({{"payoff", payoff({{1, 2}, {3, 4.5}})}});
  EXPECT_EQ(env->spec().n_actions, 2);
  EXPECT_EQ(table(*env), (std::vector<float>{1, 2, 3, 4.5F}));
}

TEST(MatrixGameTest, OnePlayTerminatesAndManyAreTruncated) {
  for (const int limit : {1, 25}) {
    const auto env =
        env::family("matrix_game").make({{"episode_limit", {std::int64_t{limit}, "test"}}});
    test::reset(*env, 0);
    env::StepResult last;
    for (int t = 0; t < limit; ++t) {
      EXPECT_FALSE(env->has_ended());
      last = test::random_step(*env, 0, t);
    }
    EXPECT_EQ(last.terminated, limit == 1);
    EXPECT_EQ(last.truncated, limit > 1);
  }
}

TEST(MatrixGameTest, ObservationStylesHaveTheShapesOfThePeers) {
  struct Style {
    const char* name;
    std::vector<float> obs;  // after one play, of one agent
    std::vector<float> state;
  };
  const std::vector<Style> styles = {{"step", {0, 1}, {0, 1}},
                                     {"ones", {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}},
                                     {"counter", {1}, {1}},
                                     {"zeros", {0, 0}, {0, 0, 0, 0}}};
  for (const Style& style : styles) {
    const auto env = env::family("matrix_game").make({{"observation", text(style.name)}});
    test::reset(*env, 0);
    test::random_step(*env, 0, 0);
    const test::View view(*env);
    EXPECT_EQ(view.state, style.state) << style.name;
    std::vector<float> both = style.obs;
    both.insert(both.end(), style.obs.begin(), style.obs.end());
    EXPECT_EQ(view.obs, both) << style.name;
  }
}

TEST(MatrixGameTest, RepeatedGamesOfMatrixGamesLastTwentyFivePlaysAsInEpymarl) {
  for (const char* name :
       {"penalty-100-nostate", "penalty-25-laststate", "climbing-nostate", "climbing-laststate"}) {
    const auto env = env::make_named(name);
    EXPECT_EQ(env->spec().episode_limit, 25) << name;
    EXPECT_EQ(env->spec().obs_dim, std::string(name).ends_with("nostate") ? 2 : 6) << name;
    EXPECT_EQ(env->spec().state_dim, 2 * env->spec().obs_dim) << name;
  }
  EXPECT_EQ(table(*env::make_named("penalty-100-nostate")), table(*env::make_named("penalty_100")));
  EXPECT_EQ(table(*env::make_named("climbing-laststate")), table(*env::make_named("climbing_uoe")));
  const config::Map own = {{"episode_limit", {std::int64_t{1000}, "command line"}}};
  EXPECT_EQ(env::make_named("climbing-nostate", own)->spec().episode_limit, 1000);
}

TEST(MatrixGameTest, LastStateShowsTheLastJointActionToBoth) {
  const auto env = env::make_named("climbing-laststate");
  test::reset(*env, 0);
  const std::vector<float> start = {1, 0, 0, 1, 0, 0};
  std::vector<float> both = start;
  both.insert(both.end(), start.begin(), start.end());
  EXPECT_EQ(test::View(*env).obs, both);
  test::StepChance chance(0, 0);
  env->step(std::array<env::Action, 2>{2, 1}, chance.rules);
  const std::vector<float> after = {0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0};
  EXPECT_EQ(test::View(*env).obs, after);
  EXPECT_EQ(test::View(*env).state, after);
}

TEST(MatrixGameTest, RefusesPayoffsThatAreNoSquareOfModerateNumbers) {
  const env::EnvFamily& family = env::family("matrix_game");
  for (const auto& rows : std::vector<std::vector<std::vector<double>>>{
           {{1, 2}}, {{1, 2}, {3}}, {{1e31}}, std::vector(65, std::vector<double>(65, 0))}) {
    const std::string sentence = test::error_text([&] { family.make({{"payoff", payoff(rows)}}); });
    EXPECT_EQ(sentence.find("env_args.payoff = ["), 0U) << sentence;
    EXPECT_NE(sentence.find("must be square"), std::string::npos) << sentence;
  }
  const std::string both = test::error_text([&] {
    family.make({{"payoff", payoff({{1}})}, {"map_name", text("A")}});
  });
  EXPECT_NE(both.find("expected either map_name or payoff, found both"), std::string::npos) << both;
}

}  // namespace
}  // namespace qtot
