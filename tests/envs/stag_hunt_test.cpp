// The rules of stag hunt one by one, on small grids set up by hand. That they agree with the
// reference as a whole is tested by the recordings (tests/env_check).

#include "envs/stag_hunt/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "env/every_env.h"
#include "support/error_text.h"

namespace qtot {
namespace {

constexpr env::Action kRight = 0, kDown = 1, kLeft = 2, kUp = 3, kStay = 4, kCatch = 5;

using test::error_text;
using test::View;
using Args = std::map<std::string, decltype(config::Value::data)>;
using Cells = std::vector<std::array<double, 2>>;

config::List list(std::int64_t a, std::int64_t b) {
  return {{a, "test"}, {b, "test"}};
}

std::unique_ptr<env::Env> make(const Args& args) {
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "command line"}});
  return env::family("stag_hunt").make(map);
}

// Entities in given cells; options may be changed before start().
struct Hunt {
  std::int64_t height = 0, width = 0;
  Cells agents = {}, stags = {}, hares = {};
  Args args = {};
  std::unique_ptr<env::Env> env = nullptr;

  Hunt& start(double step = 0) {
    args.emplace("world_shape", list(height, width));
    args.emplace("n_agents", static_cast<std::int64_t>(agents.size()));
    args.emplace("n_stags", static_cast<std::int64_t>(stags.size()));
    args.emplace("n_hare", static_cast<std::int64_t>(hares.size()));
    env = make(args);
    env::Snapshot s = {{"step", {step}}, {"agents", {}}, {"active", {}},
                       {"prey", {}},     {"alive", {}},  {"type", {}}};
    for (const auto& cell : agents) {
      s[1].second.insert(s[1].second.end(), cell.begin(), cell.end());
      s[2].second.push_back(1);
    }
    for (const Cells* prey : {&stags, &hares}) {
      for (const auto& cell : *prey) {
        s[3].second.insert(s[3].second.end(), cell.begin(), cell.end());
        s[4].second.push_back(1);
        s[5].second.push_back(prey == &stags ? 1 : 2);
      }
    }
    env->restore(s);
    return *this;
  }

  std::vector<double> array(const std::string& name) const {
    for (const auto& [key, values] : env->snapshot()) {
      if (key == name) return values;
    }
    return {};
  }
  bool avail(std::size_t agent, env::Action action) const {
    return View(*env).avail[agent * 6 + static_cast<std::size_t>(action)] != 0;
  }
};

// Everybody in index order, or reversed; nothing rests; prey takes the first direction that is free.
class Script final : public env::Chance {
 public:
  bool reversed = false;
  bool rests = false;
  std::vector<std::uint32_t> n_asked;  // of directions

  std::uint32_t choose(int, int, std::uint32_t n) override {
    n_asked.push_back(n);
    return 0;
  }
  bool happens(int, int, double) override { return rests; }
  double uniform(int, int) override { return 0; }
  void shuffle(int, std::span<int> items) override {
    if (reversed) std::ranges::reverse(items);
  }
};

env::StepResult play(Hunt& hunt, const std::vector<env::Action>& joint_action) {
  Script script;
  return hunt.env->step(joint_action, script);
}

TEST(StagHuntTest, TwoCatchersTakeAStagAndAreFrozen) {
  Hunt hunt{.height = 3, .width = 5, .agents = {{1, 1}, {1, 3}}, .stags = {{1, 2}}};
  const env::StepResult result = play(hunt.start(), {kCatch, kCatch});
  EXPECT_EQ(result.reward, 10);
  EXPECT_TRUE(result.terminated);
  EXPECT_EQ(hunt.array("alive"), std::vector<double>{0});
  EXPECT_EQ(hunt.array("active"), (std::vector<double>{0, 0}));
}

TEST(StagHuntTest, OneCatcherIsNotEnoughAndPaysForEachPreyBesideIt) {
  Hunt hunt{.height = 3,
            .width = 5,
            .agents = {{1, 1}, {2, 4}},
            .stags = {{1, 0}, {1, 2}},
            .args = {{"miscapture_punishment", -2.0}}};
  EXPECT_EQ(play(hunt.start(), {kCatch, kStay}).reward, -4);
  EXPECT_EQ(hunt.array("alive"), (std::vector<double>{1, 1}));
}

TEST(StagHuntTest, OneCatcherTakesAHare) {
  Hunt hunt{.height = 3, .width = 3, .agents = {{0, 0}, {2, 2}}, .hares = {{0, 1}}};
  EXPECT_EQ(play(hunt.start(), {kCatch, kStay}).reward, 1);
  EXPECT_EQ(hunt.array("active"), (std::vector<double>{0, 1}));
}

TEST(StagHuntTest, OnlyThoseWhoCatchBesideThePreyAreFrozen) {
  Hunt hunt{.height = 4,
            .width = 5,
            .agents = {{1, 1}, {1, 3}, {0, 2}, {3, 4}},  // the third stands beside, the fourth
            .stags = {{1, 2}, {3, 3}}};                  // catches another
  EXPECT_EQ(play(hunt.start(), {kCatch, kCatch, kStay, kCatch}).reward, 10);
  EXPECT_EQ(hunt.array("active"), (std::vector<double>{0, 0, 1, 1}));
}

TEST(StagHuntTest, AFrozenAgentIsBlindMayOnlyStayAndLeavesItsCellFree) {
  Hunt hunt{
      .height = 2, .width = 4, .agents = {{0, 0}, {1, 1}}, .stags = {{1, 3}}, .hares = {{0, 1}}};
  play(hunt.start(), {kCatch, kStay});
  const View view(*hunt.env);
  for (std::size_t i = 0; i < 75; ++i) EXPECT_EQ(view.obs[i], 0);
  for (const env::Action action : {kRight, kDown, kLeft, kUp, kCatch}) {
    EXPECT_FALSE(hunt.avail(0, action));
  }
  EXPECT_TRUE(hunt.avail(0, kStay));
  play(hunt, {kStay, kUp});
  play(hunt, {kStay, kLeft});
  EXPECT_EQ(hunt.array("agents"), (std::vector<double>{0, 0, 0, 0}));  // moved onto it
}

TEST(StagHuntTest, AgentsMoveInTheDrawnOrderAndBlockEachOther) {
  for (const bool reversed : {false, true}) {
    Hunt hunt{.height = 1, .width = 5, .agents = {{0, 0}, {0, 2}}, .stags = {{0, 4}}};
    hunt.start();
    Script script;
    script.reversed = reversed;
    hunt.env->step(std::vector<env::Action>{kRight, kLeft}, script);
    const std::vector<double> first_wins = {0, 1, 0, 2}, second_wins = {0, 0, 0, 1};
    EXPECT_EQ(hunt.array("agents"), reversed ? second_wins : first_wins);
  }
}

TEST(StagHuntTest, PreyMovesAfterTheAgentsIntoOneOfTheFreeCells) {
  Hunt hunt{.height = 3, .width = 3, .agents = {{0, 1}}, .stags = {{1, 1}}};
  hunt.start();
  Script script;
  hunt.env->step(std::vector<env::Action>{kStay}, script);
  EXPECT_EQ(script.n_asked, std::vector<std::uint32_t>{3});    // not up
  EXPECT_EQ(hunt.array("prey"), (std::vector<double>{1, 2}));  // the first is right
}

TEST(StagHuntTest, PreyRestsWhenEnclosedOrByItsProbability) {
  Hunt enclosed{.height = 1, .width = 2, .agents = {{0, 0}}, .stags = {{0, 1}}};
  enclosed.start();
  Script script;
  enclosed.env->step(std::vector<env::Action>{kStay}, script);
  EXPECT_TRUE(script.n_asked.empty());
  EXPECT_EQ(enclosed.array("prey"), (std::vector<double>{0, 1}));

  Hunt tired{.height = 3,
             .width = 3,
             .agents = {{0, 0}},
             .stags = {{1, 1}},
             .hares = {{2, 2}},
             .args = {{"p_stags_rest", 0.5}}};
  tired.start();
  script.rests = true;
  tired.env->step(std::vector<env::Action>{kStay}, script);
  EXPECT_EQ(tired.array("prey"), (std::vector<double>{1, 1, 2, 1}));  // hares do not rest
}

TEST(StagHuntTest, OnATorusMovesWrapButACatcherDoesNotReachAcrossTheEdge) {
  Hunt hunt{.height = 3,
            .width = 5,
            .agents = {{0, 0}},
            .stags = {{2, 2}},
            .hares = {{0, 4}},
            .args = {{"toroidal", true}, {"miscapture_punishment", -2.0}}};
  hunt.start();
  for (env::Action action = 0; action < 6; ++action) EXPECT_TRUE(hunt.avail(0, action));
  EXPECT_EQ(play(hunt, {kCatch}).reward, 0);  // neither captured nor punished
  EXPECT_EQ(hunt.array("alive"), (std::vector<double>{1, 1}));

  hunt.start();
  play(hunt, {kUp});
  EXPECT_EQ(hunt.array("agents"), (std::vector<double>{2, 0}));
}

TEST(StagHuntTest, MasksMovesOffTheGridAndCatchingNothingButNotOccupiedCells) {
  Hunt hunt{.height = 2, .width = 3, .agents = {{0, 0}, {0, 1}}, .stags = {{1, 2}}};
  hunt.start();
  EXPECT_TRUE(hunt.avail(0, kRight));  // occupied by the other agent
  EXPECT_TRUE(hunt.avail(0, kDown));
  EXPECT_FALSE(hunt.avail(0, kLeft));
  EXPECT_FALSE(hunt.avail(0, kUp));
  EXPECT_TRUE(hunt.avail(0, kStay));
  EXPECT_FALSE(hunt.avail(0, kCatch));
  hunt.stags = {{1, 1}};
  EXPECT_FALSE(hunt.start().avail(0, kCatch));  // diagonal
  EXPECT_TRUE(hunt.avail(1, kCatch));
}

TEST(StagHuntTest, TheWindowIsCentredAndShowsWallsOnRequest) {
  for (const bool walls : {false, true}) {
    Hunt hunt{.height = 3,
              .width = 3,
              .agents = {{0, 0}, {1, 0}},
              .stags = {{0, 1}},
              .hares = {{1, 1}},
              .args = {{"agent_obs", list(1, 1)}, {"observe_walls", walls}}};
    hunt.start();
    const View view(*hunt.env);
    const float w = walls ? -1 : 0;
    const std::vector<float> seen = {w, 0, 0, w, 0, 0, w, 0, 0,   // above the grid
                                     w, 0, 0, 1, 0, 0, 0, 1, 0,   // itself, the stag
                                     w, 0, 0, 1, 0, 0, 0, 0, 1};  // the other, the hare
    EXPECT_EQ(std::vector<float>(view.obs.begin(), view.obs.begin() + 27), seen);
    const std::vector<float> state = {1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0,
                                      1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(view.state, state);
  }
}

// Each capture of a stag freezes two: four agents make two captures, and no more.
TEST(StagHuntTest, FourAgentsEarnTwentyAtMost) {
  Hunt hunt{.height = 4,
            .width = 4,
            .agents = {{0, 0}, {0, 2}, {3, 0}, {3, 2}},
            .stags = {{0, 1}, {3, 1}, {1, 3}, {2, 3}}};
  const env::StepResult result = play(hunt.start(), {kCatch, kCatch, kCatch, kCatch});
  EXPECT_EQ(result.reward, 20);
  EXPECT_TRUE(result.terminated);  // nobody is active

  const auto small = env::make_named("stag_hunt_small");
  for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
    test::reset(*small, ticket);
    float total = 0;
    for (int t = 0; !small->has_ended(); ++t) {
      total += test::random_step(*small, ticket, t).reward;
    }
    EXPECT_LE(total, 20);
  }
}

TEST(StagHuntTest, TheLastStepTruncatesUnlessTheRulesEndedTheEpisode) {
  Hunt hunt{.height = 1, .width = 5, .agents = {{0, 0}, {0, 2}}, .stags = {{0, 1}}};
  env::StepResult result = play(hunt.start(199), {kStay, kStay});
  EXPECT_TRUE(result.truncated && !result.terminated);
  result = play(hunt.start(199), {kCatch, kCatch});
  EXPECT_TRUE(result.terminated && !result.truncated);
  hunt.args["last_step_truncates"] = true;
  result = play(hunt.start(199), {kCatch, kCatch});
  EXPECT_TRUE(result.truncated && !result.terminated);
}

TEST(StagHuntTest, CaptureMayEndTheEpisodeOrLeaveTheCatchersActive) {
  Hunt hunt{.height = 1, .width = 6, .agents = {{0, 0}, {0, 2}, {0, 5}}, .stags = {{0, 1}, {0, 3}}};
  EXPECT_FALSE(play(hunt.start(), {kCatch, kCatch, kStay}).terminated);
  hunt.args["capture_terminal"] = true;
  EXPECT_TRUE(play(hunt.start(), {kCatch, kCatch, kStay}).terminated);
  hunt.args["capture_terminal"] = false;
  hunt.args["capture_freezes"] = false;
  EXPECT_EQ(play(hunt.start(), {kCatch, kCatch, kStay}).reward, 10);
  EXPECT_EQ(hunt.array("active"), (std::vector<double>{1, 1, 1}));
}

TEST(StagHuntTest, EveryStepAndEveryActiveAgentThatDoesNotMovePaysAsConfigured) {
  Hunt hunt{.height = 1,
            .width = 6,
            .agents = {{0, 0}, {0, 1}, {0, 2}},
            .stags = {{0, 5}},
            .args = {{"reward_time", -0.25}, {"reward_collision", -1.0}}};
  // the first is blocked, the second stays, the third moves
  EXPECT_EQ(play(hunt.start(), {kRight, kStay, kRight}).reward, -2.25F);
}

TEST(StagHuntTest, ResetPlacesEverybodyOnACellOfItsOwnEvenOnAFullGrid) {
  const auto env = make({{"n_agents", std::int64_t{3}},
                         {"n_stags", std::int64_t{2}},
                         {"n_hare", std::int64_t{1}},
                         {"world_shape", list(2, 3)}});
  std::set<std::vector<double>> arrangements;
  for (std::uint64_t ticket = 0; ticket < 50; ++ticket) {
    test::reset(*env, ticket);
    std::set<std::pair<double, double>> cells;
    const env::Snapshot s = env->snapshot();
    for (const std::size_t i : {1U, 3U}) {
      for (std::size_t k = 0; k < 6; k += 2) {
        cells.emplace(s[i].second[k], s[i].second[k + 1]);
      }
    }
    EXPECT_EQ(cells.size(), 6U);
    arrangements.insert(s[1].second);
  }
  EXPECT_GT(arrangements.size(), 20U);
}

TEST(StagHuntTest, ResetReachesEveryCellAboutEquallyOften) {
  const auto env = env::make_named("stag_hunt_small");
  std::array<int, 36> n_seen{};
  constexpr int kTickets = 7200;
  for (std::uint64_t ticket = 0; ticket < kTickets; ++ticket) {
    test::reset(*env, ticket);
    const auto prey = env->snapshot()[3].second;
    ++n_seen[static_cast<std::size_t>(prey[6] * 6 + prey[7])];  // the one placed last
  }
  // 200 expected, standard deviation 14: six of them is no accident
  for (const int n : n_seen) EXPECT_NEAR(n, 200, 84);
}

TEST(StagHuntTest, RestoreRefusesTwoEntitiesInOneCell) {
  Hunt hunt{.height = 2, .width = 2, .agents = {{0, 0}}, .stags = {{0, 0}}};
  EXPECT_EQ(error_text([&] { hunt.start(); }), "snapshot: two entities in the cell [0, 0]");
}

TEST(StagHuntTest, EveryKeyOfPymarl2IsAcceptedAtItsDefault) {
  for (const config::OptionInfo& option : env::family("stag_hunt").options()) {
    const std::string key = option.key.substr(std::string("env_args.").size());
    decltype(config::Value::data) data = option.default_value;
    if (option.type == "text") data = std::string("stag_hunt");
    if (option.type == "boolean") data = option.default_value == "True";
    if (option.type == "integer") data = std::int64_t{std::stoll(option.default_value)};
    if (option.type == "number") data = std::stod(option.default_value);
    if (key == "agent_move_block")
      data = config::List{{std::int64_t{0}, ""}, {std::int64_t{1}, ""}, {std::int64_t{2}, ""}};
    if (key == "capture_conditions") data = list(0, 1);
    if (key == "capture_action_conditions") data = list(2, 1);
    if (key == "agent_obs") data = list(2, 2);
    if (key == "world_shape") data = list(10, 10);
    EXPECT_NO_THROW(make({{key, data}})) << key;
  }
}

TEST(StagHuntTest, WhatQtotDoesNotHaveIsRefusedByItsKey) {
  const Args others = {{"capture_action", false},         {"directed_observations", true},
                       {"mountain_slope", 0.5},           {"mountain_agent_row", std::int64_t{3}},
                       {"observe_state", true},           {"observe_ids", true},
                       {"random_ghosts", true},           {"random_ghosts_mul", 1.0},
                       {"remove_frozen", false},          {"state_as_graph", true},
                       {"prevent_cannibalism", false},    {"agent_move_block", list(0, 1)},
                       {"capture_conditions", list(1, 1)}};
  for (const auto& other : others) {
    const std::string text = error_text([&] { make({other}); });
    EXPECT_EQ(text.find("env_args." + other.first + " = "), 0U) << text;
    EXPECT_NE(text.find("(command line): must be "), std::string::npos) << text;
    EXPECT_NE(text.find("qtot supports no other value"), std::string::npos) << text;
  }
}

TEST(StagHuntTest, WhatDoesNotFitOnTheGridIsRefused) {
  EXPECT_EQ(error_text([] {
              make({{"world_shape", list(3, 5)}});
            }),
            "env_args.world_shape = [3, 5]: 16 agents, stags and hares do not fit on 15 cells");
  EXPECT_EQ(error_text([] {
              make({{"n_stags", std::int64_t{0}}});
            }),
            "env_args.n_stags and n_hare: expected at least one prey, found none");
  for (const Args& args : std::vector<Args>{{{"world_shape", list(0, 5)}},
                                            {{"world_shape", list(100000, 100000)}},
                                            {{"n_agents", std::int64_t{0}}},
                                            {{"n_stags", std::int64_t{-1}}},
                                            {{"agent_obs", list(2, -1)}},
                                            {{"episode_limit", std::int64_t{0}}},
                                            {{"p_hare_rest", 1.5}},
                                            {{"capture_action_conditions", list(2, 0)}}}) {
    const std::string text = error_text([&] { make(args); });
    EXPECT_EQ(text.find("env_args." + args.begin()->first + " = "), 0U) << text;
    EXPECT_NE(text.find("must be "), std::string::npos) << text;
  }
}

TEST(StagHuntTest, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(error_text([] {
              make({{"n_stag", std::int64_t{8}}});
            }),
            "env_args.n_stag (command line): environment stag_hunt has no such key; did you mean "
            "n_stags?");
}

TEST(StagHuntDeathTest, AnUnavailableActionAborts) {
  Hunt hunt{.height = 2, .width = 3, .agents = {{0, 0}}, .stags = {{1, 2}}};
  hunt.start();
  EXPECT_DEATH(play(hunt, {kUp}), "is_available");
  EXPECT_DEATH(play(hunt, {kCatch}), "is_available");
}

// ---- the picture

TEST(StagHuntPicture, ShowsWhoCaughtWhomWhoFailedAndWhoIsOut) {
  Hunt hunt{.height = 3, .width = 5, .agents = {{0, 0}, {0, 2}, {2, 4}}, .stags = {{0, 1}, {1, 4}}};
  hunt.start();
  env::Drawing drawing;
  ASSERT_TRUE(hunt.env->draw(drawing));
  EXPECT_EQ(drawing.width, 5);
  EXPECT_EQ(drawing.height, 3);
  EXPECT_TRUE(drawing.deeds.empty());
  ASSERT_EQ(drawing.units.size(), 5U);
  EXPECT_EQ(drawing.units[1].agent, 1);
  EXPECT_EQ(drawing.units[1].x, 2.5);
  EXPECT_EQ(drawing.units[1].y, 0.5);
  EXPECT_EQ(drawing.units[4].kind, "stag");

  test::StepChance chance(0, 0);
  hunt.env->step(std::vector<env::Action>{kCatch, kCatch, kCatch}, chance.rules);
  hunt.env->draw(drawing);
  std::map<env::Deed, int> n_deeds;
  for (const env::DrawnDeed& deed : drawing.deeds) ++n_deeds[deed.deed];
  EXPECT_EQ(n_deeds, (std::map<env::Deed, int>{{env::Deed::kCapture, 2}, {env::Deed::kMiss, 1}}));
  EXPECT_EQ(drawing.units[0].state, env::UnitState::kOut);
  EXPECT_EQ(drawing.units[2].state, env::UnitState::kActive);
  EXPECT_EQ(drawing.units[3].state, env::UnitState::kDead);

  hunt.env->restore(hunt.env->snapshot());
  hunt.env->draw(drawing);
  EXPECT_TRUE(drawing.deeds.empty()) << "a restored state has no last step";
}

}  // namespace
}  // namespace qtot
