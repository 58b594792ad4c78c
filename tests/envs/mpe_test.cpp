// The family and its cooperative scenarios, case by case. The physics is in mpe/world_test.cpp, the
// chase in mpe/tag_test.cpp.

#include <cmath>
#include <limits>

#include "envs/mpe/particles.h"
#include "support/error_text.h"

namespace qtot::envs::mpe {
namespace {

using test::error_text;

const Places kCorners = {{-1, -1}, {1, -1}, {1, 1}};

Particles spread(const config::Map& args = {}) {
  return {.map_name = "simple_spread", .args = args};
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
}

TEST(MpeSpread, HasTheSizesOfMpe2) {
  EXPECT_EQ(spread().make().env->spec(), (env::DecPomdpSpec{3, 5, 18, 54, 25}));
  EXPECT_EQ(spread(with("n_agents", std::int64_t{5})).make().env->spec(),
            (env::DecPomdpSpec{5, 5, 30, 150, 25}));
  config::Map args = with("n_agents", std::int64_t{1});
  args.emplace_back("n_landmarks", config::Value{std::int64_t{4}, "test"});
  EXPECT_EQ(spread(args).make().env->spec(), (env::DecPomdpSpec{1, 5, 12, 12, 25}));
}

// Each landmark counts the nearest agent: 0.5, 0.2 and 0.3 away; nobody touches.
TEST(MpeSpread, PaysHalfTheDistancesToAll) {
  Particles game = spread();
  game.place({{-1, -0.5}, {1, -0.8}, {0.7, 1}}, kCorners);
  expect_near(game.rewards_here(), {-0.5, -0.5, -0.5});
}

TEST(MpeSpread, OneAgentMayBeTheNearestOfSeveralLandmarks) {
  Particles game = spread();
  game.place({{0, 0}, {-3, 4}, {3, 4}}, {{0.3, 0.4}, {0, -0.5}, {0, 0}});
  expect_near(game.rewards_here(), {-0.5, -0.5, -0.5});
}

TEST(MpeSpread, TouchingCostsHalfAPointForEachOther) {
  Particles game = spread();
  // the middle one touches both
  game.place({{-0.29, 0}, {0, 0}, {0.29, 0}}, {{-0.29, 0}, {0, 0}, {0.29, 0}});
  expect_near(game.rewards_here(), {-0.5, -1, -0.5});
}

TEST(MpeSpread, LocalRatioWeighsTheTwoParts) {
  for (const double ratio : {0.0, 0.25, 1.0}) {
    Particles game = spread(with("local_ratio", ratio));
    game.place({{-0.29, 0}, {0, 0}, {2, 0}}, {{-0.29, 0}, {0, 0}, {2.5, 0}});
    expect_near(game.rewards_here(),
                {-0.5 * (1 - ratio) - ratio, -0.5 * (1 - ratio) - ratio, -0.5 * (1 - ratio)});
  }
}

// OpenAI's: every agent is paid the sum of all, and touches itself: 3 (-0.5) - 3 - 2.
TEST(MpeSpread, OpenAiPaysEachTheSumOfAll) {
  Particles game = spread(with("reward", std::string("openai")));
  game.place({{-0.29, 0}, {0, 0}, {2, 0}}, {{-0.29, 0}, {0, 0}, {2.5, 0}});
  expect_near(game.rewards_here(), {-6.5, -6.5, -6.5});
}

TEST(MpeSpread, TheTeamIsPaidTheSumOrTheMean) {
  for (const auto& [common, expected] : {std::pair{"sum", -2.0F}, std::pair{"mean", -2.0F / 3}}) {
    Particles game = spread(with("common_reward", std::string(common)));
    game.place({{-0.29, 0}, {0, 0}, {0.29, 0}}, {{-0.29, 0}, {0, 0}, {0.29, 0}});
    EXPECT_FLOAT_EQ(game.play({0, 0, 0}).reward, expected);
  }
}

TEST(MpeSpread, AnAgentSeesItselfTheLandmarksAndTheOthers) {
  Particles game = spread();
  game.place({{0.25, 0.5}, {-0.5, 0}, {0, -1}}, kCorners);
  game.set("vel", {0.125, -0.25, 1, 2, 3, 4});
  game.set("c", {9, 9, 1, 2, 3, 4});
  EXPECT_EQ(game.obs(0),
            (std::vector<float>{0.125F, -0.25F, 0.25F, 0.5F, -1.25F, -1.5F, 0.75F, -1.5F, 0.75F,
                                0.5F, -0.75F, -0.5F, -0.25F, -1.5F, 1, 2, 3, 4}));
  game.play({0, 0, 0});
  EXPECT_EQ(game.array("c"), std::vector<double>(6));  // they are silent
}

TEST(MpeSpeakerListener, SizesAndActionsDifferByAgent) {
  const Particles game = std::move(Particles{.map_name = "simple_speaker_listener"}.make());
  EXPECT_EQ(game.env->spec(), (env::DecPomdpSpec{2, 5, 11, 14, 25}));
  EXPECT_EQ(game.env->obs_dim_of(0), 3);
  EXPECT_EQ(game.env->obs_dim_of(1), 11);
  EXPECT_EQ(game.env->n_actions_of(0), 3);
  EXPECT_EQ(game.env->n_actions_of(1), 5);
  const test::View view(*game.env, 99);
  EXPECT_EQ(view.avail, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1, 1, 1, 1, 1}));
  for (std::size_t i = 3; i < 11; ++i) EXPECT_EQ(view.obs[i], 0);
  EXPECT_EQ(game.env->action_name(0, 2), "say 2");
  EXPECT_EQ(game.env->action_name(0, 3), "none");
  EXPECT_EQ(game.env->action_name(1, 3), "down");
}

TEST(MpeSpeakerListener, TheListenerIsPaidForTheGoalAndHearsTheWord) {
  Particles game{.map_name = "simple_speaker_listener"};
  game.place({{5, 5}, {0, 0}}, {{0.3, 0.4}, {1, 0}, {0, 2}}, {2});
  EXPECT_EQ(game.obs(0), (std::vector<float>{0.15F, 0.15F, 0.65F}));
  EXPECT_EQ(game.play({1, 2}).reward, -8);
  expect_near({game.env->agent_rewards().begin(), game.env->agent_rewards().end()}, {-4, -4});
  EXPECT_EQ(game.obs(1), (std::vector<float>{0.5F, 0, 0.3F, 0.4F, 1, 0, 0, 2, 0, 1,
                                             0}));  // the word of this step
  EXPECT_EQ(game.array("pos")[0], 5);               // the speaker stands
  game.set("goal", {0});
  EXPECT_EQ(game.obs(0), (std::vector<float>{0.65F, 0.15F, 0.15F}));
}

TEST(MpeSpeakerListener, OpenAiPaysTheSumToBoth) {
  Particles game{.map_name = "simple_speaker_listener",
                 .args = with("reward", std::string("openai"))};
  game.place({{5, 5}, {0, 0}}, {{0.3, 0.4}, {1, 0}, {0, 2}}, {2});
  expect_near(game.rewards_here(), {-8, -8});
}

// Agent 0 knows that agent 1 is to go to landmark 1, agent 1 that agent 0 is to go to landmark 2.
TEST(MpeReference, EachIsPaidForTheOtherAndHalfForAll) {
  Particles game{.map_name = "simple_reference"};
  game.place({{0, 0}, {3, 0}}, {{7, 7}, {3, 4}, {0, 1}}, {1, 2});
  expect_near(game.rewards_here(), {-0.5 * 2.5 - 0.5 * 4, -0.5 * 2.5 - 0.5 * 1});
  EXPECT_EQ(game.obs(0)[9], 0.75F);
  EXPECT_EQ(game.obs(0)[8], 0.25F);
  EXPECT_EQ(game.obs(1)[10], 0.75F);

  Particles local{.map_name = "simple_reference", .args = with("local_ratio", 1.0)};
  local.place({{0, 0}, {3, 0}}, {{7, 7}, {3, 4}, {0, 1}}, {1, 2});
  expect_near(local.rewards_here(), {-4, -1});

  Particles openai{.map_name = "simple_reference", .args = with("reward", std::string("openai"))};
  openai.place({{0, 0}, {3, 0}}, {{7, 7}, {3, 4}, {0, 1}}, {1, 2});
  expect_near(openai.rewards_here(), {-17, -17});
}

TEST(MpeReference, AnActionMovesAndSpeaks) {
  Particles game = std::move(Particles{.map_name = "simple_reference"}.make());
  EXPECT_EQ(game.env->spec(), (env::DecPomdpSpec{2, 50, 21, 42, 25}));
  game.play({3 + 5 * 7, 2 + 5 * 0});
  EXPECT_EQ(game.array("vel"), (std::vector<double>{0, -0.5, 0.5, 0}));
  EXPECT_EQ(game.obs(1)[11 + 7], 1);
  EXPECT_EQ(game.obs(0)[11 + 0], 1);
  EXPECT_EQ(game.env->action_name(1, 38), "down, say 7");
}

TEST(MpeReset, DrawsPositionsAndGoalsInTheirRanges) {
  for (const std::string map :
       {"simple_spread", "simple_speaker_listener", "simple_reference", "simple_tag"}) {
    Particles game = std::move(Particles{.map_name = map}.make());
    const double landmark_reach = map == "simple_tag" ? 0.9 : 1;
    double widest_agent = 0, widest_landmark = 0, sum = 0;
    std::vector<int> n_goals(3);
    constexpr int kResets = 1000;
    for (std::uint64_t ticket = 0; ticket < kResets; ++ticket) {
      test::reset(*game.env, ticket);
      EXPECT_EQ(game.array("step"), std::vector<double>{0});
      for (const double x : game.array("pos")) widest_agent = std::max(widest_agent, std::abs(x));
      for (const double x : game.array("pos")) sum += x;
      for (const double x : game.array("lm")) {
        widest_landmark = std::max(widest_landmark, std::abs(x));
      }
      for (const double x : game.array("vel")) EXPECT_EQ(x, 0);
      for (const double x : game.array("c")) EXPECT_EQ(x, 0);
      for (const double goal : game.array("goal")) ++n_goals[static_cast<std::size_t>(goal)];
    }
    EXPECT_GT(widest_agent, 0.99) << map;
    EXPECT_LE(widest_agent, 1) << map;
    EXPECT_GT(widest_landmark, 0.99 * landmark_reach) << map;
    EXPECT_LE(widest_landmark, landmark_reach) << map;
    EXPECT_NEAR(sum / kResets, 0, 0.2) << map;  // 8 coordinates at most: 4 standard deviations
    const auto goals_each = static_cast<double>(game.array("goal").size()) * kResets / 3;
    for (const int n : n_goals) EXPECT_NEAR(n, goals_each, 100) << map;
  }
}

TEST(MpeOptions, TheNamesOfMpe2AndEpymarlAreTheSameScenarios) {
  for (const char* name : {"simple_spread", "simple_spread_v3", "pz-mpe-simple-spread-v3"}) {
    Particles game{.map_name = name};
    game.place({{-1, -0.5}, {1, -0.8}, {0.7, 1}}, kCorners);
    game.play({2, 0, 0});
    EXPECT_EQ(game.array("pos")[0], -1) << name;
    EXPECT_NEAR(game.env->agent_rewards()[0], -0.5, 1e-12) << name;
  }
  const auto same = [](const char* a, const char* b) {
    return Particles{.map_name = a}.make().env->snapshot() ==
           Particles{.map_name = b}.make().env->snapshot();
  };
  EXPECT_TRUE(same("simple_speaker_listener_v4", "SimpleSpeakerListener-v0"));
  EXPECT_TRUE(same("simple_reference", "SimpleReference-v0"));
  EXPECT_TRUE(same("simple_tag", "SimpleTag-v0"));
}

TEST(MpeOptions, GymNamesMeanTheOlderRulesUnlessSaidOtherwise) {
  Particles game{.map_name = "SimpleSpread-v0"};
  game.place({{-1, -0.5}, {1, -0.8}, {0.7, 1}}, kCorners);
  game.play({1, 0, 0});
  EXPECT_EQ(game.array("pos")[0], -1 - 0.5 * 0.1);
  EXPECT_LT(game.env->agent_rewards()[0], -6);

  Particles mixed{.map_name = "SimpleSpread-v0", .args = with("reward", std::string("mpe2"))};
  mixed.place({{-1, -0.5}, {1, -0.8}, {0.7, 1}}, kCorners);
  mixed.play({1, 0, 0});
  EXPECT_EQ(mixed.array("pos")[0], -1 - 0.5 * 0.1);
  EXPECT_GT(mixed.env->agent_rewards()[0], -1);
}

TEST(MpeOptions, WhatAScenarioDoesNotHaveIsRefused) {
  const auto refusal = [](const std::string& map, const config::Map& args) {
    return error_text([&] { Particles{.map_name = map, .args = args}.make(); });
  };
  EXPECT_EQ(refusal("simple_tag", with("local_ratio", 0.25)),
            "env_args.local_ratio: simple_tag has no such option");
  EXPECT_EQ(refusal("simple_spread", with("prey", std::string("flee"))),
            "env_args.prey: simple_spread has no such option");
  EXPECT_EQ(refusal("simple_reference", with("n_agents", std::int64_t{3})),
            "env_args.n_agents: simple_reference has no such option");
  EXPECT_EQ(refusal("simple_speaker_listener", with("n_landmarks", std::int64_t{3})),
            "env_args.n_landmarks: simple_speaker_listener has no such option");
  EXPECT_EQ(refusal("SimpleSpread-v0", with("local_ratio", 0.25)),
            "env_args.local_ratio: reward openai has no local part");
  EXPECT_NE(refusal("simple_push", {}).find("env_args.map_name"), std::string::npos);
}

TEST(MpeEpisode, TheLimitTruncatesOrTerminatesAsConfigured) {
  for (const bool terminates : {false, true}) {
    Particles game = spread(with("limit_terminates", terminates));
    game.make();
    for (int t = 1; t < 25; ++t) {
      const env::StepResult result = game.play({0, 0, 0});
      ASSERT_FALSE(result.terminated || result.truncated);
    }
    const env::StepResult last = game.play({0, 0, 0});
    EXPECT_EQ(last.terminated, terminates);
    EXPECT_EQ(last.truncated, !terminates);
  }
}

TEST(MpeSnapshot, NumbersFromAMillionOnAreRefusedByName) {
  Particles game = std::move(spread().make());
  for (const char* name : {"pos", "vel", "c", "lm"}) {
    std::vector<double> numbers = game.array(name);
    numbers[1] = -999999.5;
    EXPECT_NO_THROW(game.set(name, numbers)) << name;
    for (const double wrong : {1e6, -1e6, std::numeric_limits<double>::infinity(), std::nan("")}) {
      numbers[1] = wrong;
      EXPECT_EQ(error_text([&] { game.set(name, numbers); }),
                "snapshot: " + std::string(name) + "[1]: expected a number between -1e6 and 1e6");
    }
  }
}

TEST(MpeDrawing, ShowsTheGoalAndKeepsEverybodyInThePicture) {
  Particles game{.map_name = "simple_speaker_listener"};
  game.place({{5, -7}, {0.5, 0.25}}, {{0.3, 0.4}, {1, 0}, {0, 2}}, {1});
  env::Drawing drawing;
  ASSERT_TRUE(game.env->draw(drawing));
  ASSERT_EQ(drawing.units.size(), 5U);
  EXPECT_TRUE(drawing.y_is_up);
  EXPECT_EQ(drawing.units[0].x, drawing.x_min + drawing.width);
  EXPECT_EQ(drawing.units[0].y, drawing.y_min);
  EXPECT_EQ(drawing.units[0].kind, "speaker");
  EXPECT_EQ(drawing.units[1].x, 0.5);
  EXPECT_EQ(drawing.units[1].label, "1");
  EXPECT_EQ(drawing.units[3].label, "G");
  EXPECT_EQ(drawing.units[2].label, "L");
  EXPECT_EQ(drawing.units[2].team, env::Team::kNeutral);

  Particles two{.map_name = "simple_reference"};
  two.place({{0, 0}, {0, 0}}, {{0.3, 0.4}, {1, 0}, {0, 1}}, {2, 0});
  ASSERT_TRUE(two.env->draw(drawing));
  EXPECT_EQ(drawing.units[2].label, "G0");  // agent 0 is to go there
  EXPECT_EQ(drawing.units[4].label, "G1");
  two.set("goal", {1, 1});
  two.env->draw(drawing);
  EXPECT_EQ(drawing.units[3].label, "G01");
}

TEST(MpeText, SaysWhereEverybodyIsAndWhatWasSaid) {
  Particles game{.map_name = "simple_speaker_listener"};
  game.place({{0, 0}, {0.5, -0.25}}, {{0.3, 0.4}, {1, 0}, {0, 1}}, {1});
  EXPECT_EQ(game.env->text(),
            "step 0, agents (0.000 0.000) (0.500 -0.250), landmarks (0.300 0.400) (1.000 0.000) "
            "(0.000 1.000), goal 1, said -");
  game.play({2, 0});
  EXPECT_TRUE(game.env->text().ends_with("said 2")) << game.env->text();
}

}  // namespace
}  // namespace qtot::envs::mpe
