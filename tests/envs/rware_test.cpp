// The rules of the warehouse one by one, on floors set up by hand; who may move is in rware/traffic_test.cpp.
// That they agree with the reference as a whole is tested by the recordings (tests/env_check).

#include <gtest/gtest.h>

#include "envs/rware/options.h"
#include "rware/floor.h"
#include "support/error_text.h"

namespace qtot {
namespace {

using namespace test::rware;
using test::error_text;
using test::View;

TEST(RwareTest, TheFloorHasTheCellsOfTheReference) {
  const auto of = [](const std::string& name) {
    const auto env = env::family("rware").make({{"map_name", {name, "test"}}});
    test::reset(*env, 0);
    env::Snapshot s = env->snapshot();
    return std::pair(static_cast<int>(s[3].second.size() / 2), env->spec());
  };
  EXPECT_EQ(of("tiny-2ag").first, 32);  // as in the recordings; the others by counting
  EXPECT_EQ(of("small-4ag").first, 80);
  EXPECT_EQ(of("medium-4ag").first, 8 * 2 * 2 * 5 - 16);
  EXPECT_EQ(of("large-4ag").first, 8 * 2 * 3 * 5 - 16);
  EXPECT_EQ(of("tiny-2ag").second.obs_dim, 71);
  EXPECT_EQ(of("tiny-2ag").second.state_dim, 142);
}

TEST(RwareTest, TurningGoesRoundLeftAndRight) {
  Floor floor{.robots = {{0, 0, kUp}, {5, 5, kUp}}};
  floor.start();
  for (const int left : {kLeftwards, kDown, kRightwards, kUp}) {
    play(floor, {kLeft, kRight});
    EXPECT_EQ(floor.robot(0).direction, left);
    const int right = left == kLeftwards    ? int{kRightwards}
                      : left == kRightwards ? int{kLeftwards}
                                            : left;
    EXPECT_EQ(floor.robot(1).direction, right);
  }
}

TEST(RwareTest, ToggleTakesTheShelfOnTheCellAndPutsItDownOffTheHighwayOnly) {
  Floor floor{.robots = {{1, 1, kUp}, {0, 0, kDown}}};
  floor.start();
  play(floor, {kToggle, kToggle});
  EXPECT_EQ(floor.robot(0).shelf, 1);
  EXPECT_EQ(floor.robot(1).shelf, 0);
  play(floor, {kForward, kStay});  // onto the highway
  EXPECT_EQ(floor.shelf(1), (std::array{1, 0}));
  play(floor, {kToggle, kStay});
  EXPECT_EQ(floor.robot(0).shelf, 1);
  play(floor, {kLeft, kStay});
  play(floor, {kLeft, kStay});
  play(floor, {kForward, kStay});
  play(floor, {kToggle, kStay});
  EXPECT_EQ(floor.robot(0).shelf, 0);
  EXPECT_EQ(floor.shelf(1), (std::array{1, 1}));
}

TEST(RwareTest, ADeliveryPaysByTheKindOfReward) {
  struct Case {
    const char* type;
    std::vector<double> rewards;
    float sum, mean;
    int has_delivered;
  };
  for (const Case& c : std::vector<Case>{{"individual", {0, 1}, 1, 0.5F, 0},
                                         {"global", {1, 1}, 2, 1, 0},
                                         {"two_stage", {0, 0.5}, 0.5F, 0.25F, 1}}) {
    for (const char* common : {"sum", "mean"}) {
      Floor floor{
          .robots = {{0, 0}, {4, 9, kDown, 7}},
          .queue = {7},
          .args = {{"reward_type", std::string(c.type)}, {"common_reward", std::string(common)}}};
      floor.start(3, 3);
      EXPECT_EQ(play(floor, {0, kForward}).reward, common == std::string("sum") ? c.sum : c.mean);
      EXPECT_EQ(floor.rewards(), c.rewards) << c.type;
      EXPECT_EQ(floor.robot(1).has_delivered, c.has_delivered);
      EXPECT_EQ(floor.array("queue"), std::vector<double>{1});
      EXPECT_EQ(floor.array("inactive"), std::vector<double>{0});
      EXPECT_EQ(play(floor, {0, 0}).reward, 0);  // it is not requested any more
      EXPECT_EQ(floor.array("inactive"), std::vector<double>{1});
    }
  }
}

TEST(RwareTest, ThePutDownShelfPaysTheSecondStageOnce) {
  Floor floor{.robots = {{1, 3, kUp, 5, 1}, {1, 2, kUp}},
              .moved_shelves = {{9, {0, 0}}},
              .args = {{"reward_type", std::string("two_stage")}}};
  EXPECT_EQ(play(floor.start(), {kToggle, kStay}).reward, 0.5F);
  EXPECT_EQ(floor.robot(0).has_delivered, 0);
  EXPECT_EQ(play(floor, {kToggle, kStay}).reward, 0);
  EXPECT_EQ(play(floor, {kToggle, kStay}).reward, 0);
}

TEST(RwareTest, TheLeftGoalIsServedFirstAndMayRequestTheShelfOnTheRight) {
  Floor floor{.robots = {{5, 10, kDown, 2}, {4, 10, kDown, 7}}, .queue = {7}};
  floor.start();
  Script script;
  script.request = 1;  // shelf 2, then the second of those that are left: 2 is requested, so 3
  EXPECT_EQ(floor.env->step(std::vector<env::Action>{0, 0}, script).reward, 2);
  EXPECT_EQ(floor.rewards(), (std::vector<double>{1, 1}));
  EXPECT_EQ(floor.array("queue"), std::vector<double>{3});
}

TEST(RwareTest, ADeliveryWithoutARobotCountsForTheLastAgent) {
  Floor floor{.robots = {{0, 0}, {0, 1}}, .moved_shelves = {{7, {5, 10}}}, .queue = {7}};
  play(floor.start(), {0, 0});
  EXPECT_EQ(floor.rewards(), (std::vector<double>{0, 1}));
}

TEST(RwareTest, TheQueueNeverHoldsAShelfTwice) {
  Floor floor{.robots = {{4, 10, kDown, 1}, {5, 10, kDown, 2}}, .queue = {1, 2, 3}};
  for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
    floor.start();
    test::StepChance chance(ticket, 0);
    floor.env->step(std::vector<env::Action>{0, 0}, chance.rules);
    const auto queue = floor.array("queue");
    EXPECT_EQ(std::set<double>(queue.begin(), queue.end()).size(), 3U);
    EXPECT_NE(queue[0], 1);
    floor.env.reset();
  }
}

TEST(RwareTest, ARequestIsDrawnAmongAllShelvesThatAreNotRequested) {
  std::map<double, int> drawn;
  constexpr int kDraws = 3000;
  for (std::uint64_t ticket = 0; ticket < kDraws; ++ticket) {
    Floor floor{.robots = {{4, 10, kDown, 1}}, .queue = {1, 5}};
    floor.start();
    test::StepChance chance(ticket, 0);
    floor.env->step(std::vector<env::Action>{0}, chance.rules);
    ++drawn[floor.array("queue")[0]];
  }
  EXPECT_EQ(drawn.size(), 30U);
  for (const auto& [id, count] : drawn) EXPECT_NEAR(count, kDraws / 30, 45) << id;  // 4.5 sigma
}

TEST(RwareTest, RobotsStartOnDifferentCellsAnywhere) {
  std::set<std::pair<double, double>> cells;
  const auto env = make({{"n_agents", std::int64_t{8}}});
  for (std::uint64_t ticket = 0; ticket < 200; ++ticket) {
    test::reset(*env, ticket);
    const auto agents = env->snapshot()[2].second;
    std::set<std::pair<double, double>> here;
    for (std::size_t a = 0; a < 8; ++a) here.emplace(agents[5 * a], agents[5 * a + 1]);
    EXPECT_EQ(here.size(), 8U);
    cells.insert(here.begin(), here.end());
  }
  EXPECT_EQ(cells.size(), 110U);
}

TEST(RwareTest, TheLimitTruncatesOrTerminatesAndInactivityTerminates) {
  for (const bool terminates : {false, true}) {
    Floor floor{.robots = {{0, 0}}, .args = {{"limit_terminates", terminates}}};
    const env::StepResult last = play(floor.start(499, 499), {0});
    EXPECT_EQ(last.terminated, terminates);
    EXPECT_EQ(last.truncated, !terminates);
  }
  Floor idle{.robots = {{0, 0}}, .args = {{"max_inactivity_steps", std::int64_t{3}}}};
  EXPECT_FALSE(play(idle.start(5, 1), {0}).terminated);
  EXPECT_TRUE(play(idle, {0}).terminated);
  EXPECT_TRUE(idle.env->has_ended());
  EXPECT_NO_THROW(make({{"max_inactivity_steps", std::monostate()}}));
}

TEST(RwareTest, CoordinatesAreFractionsWhereTheyAreNormalised) {
  Floor floor{.robots = {{9, 10}, {3, 4}}, .args = {{"normalised_coordinates", true}}};
  const View view(*floor.start().env);
  EXPECT_EQ(view.obs[0], 1);
  EXPECT_EQ(view.obs[1], 1);
  EXPECT_EQ(view.obs[71], static_cast<float>(3.0 / 9));
  EXPECT_EQ(view.obs[72], 0.4F);
}

// Layers of 3 x 3: shelves, requested ones, agents, goals, accessible cells.
TEST(RwareTest, ImagesShowTheWindowTurnedToTheRobotsView) {
  const auto image = [](int direction, bool directional) {
    Floor floor{
        .robots = {{0, 1, direction}, {0, 0, kUp}},
        .queue = {5},
        .args = {{"observation", std::string("image")}, {"image_directional", directional}}};
    const View view(*floor.start().env);
    return std::vector<float>(view.obs.begin(), view.obs.begin() + 45);
  };
  const auto layer = [](const std::vector<float>& all, int n) {
    return std::vector<float>(all.begin() + 9 * n, all.begin() + 9 * n + 9);
  };
  const auto up = image(kUp, true);
  EXPECT_EQ(layer(up, 0), (std::vector<float>{0, 0, 0, 0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(layer(up, 1), (std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(layer(up, 2), (std::vector<float>{0, 1, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(layer(up, 3), std::vector<float>(9, 0));
  EXPECT_EQ(layer(up, 4), (std::vector<float>{0, 0, 1, 0, 0, 1, 0, 1, 1}));
  EXPECT_EQ(image(kRightwards, false), up);
  // looking right: what was right is ahead, what was ahead is left
  EXPECT_EQ(layer(image(kRightwards, true), 0), (std::vector<float>{0, 1, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(layer(image(kRightwards, true), 2), (std::vector<float>{0, 0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(layer(image(kLeftwards, true), 2), (std::vector<float>{0, 0, 0, 0, 1, 1, 0, 0, 0}));
  EXPECT_EQ(layer(image(kDown, true), 0), (std::vector<float>{1, 0, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(RwareTest, ImageDictPutsTheRobotsOwnNumbersBeforeTheImage) {
  Floor floor{.robots = {{1, 1, kDown, 1}}, .args = {{"observation", std::string("image_dict")}}};
  const View view(*floor.start().env);
  EXPECT_EQ(view.obs.size(), 6U + 45U);
  EXPECT_EQ(std::vector<float>(view.obs.begin(), view.obs.begin() + 6),
            (std::vector<float>{0, 1, 0, 0, 0, 1}));
}

TEST(RwareTest, NamesAreThoseThatTheReferenceRegisters) {
  const auto read = [](const std::string& name) {
    return envs::rware::read_options({{"map_name", {name, "test"}}});
  };
  for (const char* name :
       {"tiny-2ag", "rware-tiny-2ag-v2", "rware-tiny-2ag-v1", "rware:rware-tiny-2ag-v1"}) {
    const auto options = read(name);
    EXPECT_EQ(options.n_agents, 2) << name;
    EXPECT_EQ(options.request_queue_size, 2) << name;
    EXPECT_EQ(options.height(), 11) << name;
    EXPECT_EQ(options.width(), 10) << name;
  }
  EXPECT_EQ(read("rware-small-5ag-hard-v2").request_queue_size, 2);
  EXPECT_EQ(read("rware-large-19ag-easy-v2").request_queue_size, 38);
  EXPECT_EQ(read("medium-1ag-hard").request_queue_size, 0);
  EXPECT_EQ(read("rware-medium-3ag-v2").width(), 16);
  EXPECT_EQ(read("rware-large-3ag-v2").height(), 29);
  const auto full = read("rware-imgdict-Nd-3s-2x5-6h-4ag-7req-twostage-v1");
  EXPECT_EQ(full.observation, "image_dict");
  EXPECT_FALSE(full.image_directional);
  EXPECT_EQ(full.sensor_range, 3);
  EXPECT_EQ(full.shelf_rows, 2);
  EXPECT_EQ(full.shelf_columns, 5);
  EXPECT_EQ(full.column_height, 6);
  EXPECT_EQ(full.request_queue_size, 7);
  EXPECT_EQ(full.reward_type, "two_stage");
  for (const char* name : {"tiny", "tiny-0ag", "tiny-20ag", "tiny-02ag", "tiny-2ag-", "huge-2ag",
                           "tiny-2ag-easy-hard", "rware:tiny-2ag", "tiny-2ag-v3", "2x4-2ag"}) {
    EXPECT_NE(error_text([&] { read(name); }).find("must be a name that the reference registers"),
              std::string::npos)
        << name;
  }
}

TEST(RwareTest, EveryRegisteredNameIsReadAndAllPlayableOnesAreBuilt) {
  int n_refused = 0;
  for (const char* size : {"tiny", "small", "medium", "large"}) {
    for (const char* difficulty : {"-easy", "", "-hard"}) {
      for (int n = 1; n <= 19; ++n) {
        const std::string name =
            std::string("rware-") + size + "-" + std::to_string(n) + "ag" + difficulty + "-v2";
        try {
          EXPECT_EQ(env::family("rware").make({{"map_name", {name, "test"}}})->spec().n_agents, n);
        } catch (const std::exception& error) {
          ++n_refused;
          EXPECT_NE(std::string(error.what()).find("leave none to be requested next"),
                    std::string::npos)
              << error.what();
        }
      }
    }
  }
  EXPECT_EQ(n_refused, 4) << "tiny-16ag-easy to tiny-19ag-easy";
}

TEST(RwareTest, OptionsThatContradictEachOtherAreRefused) {
  const auto refusal = [](const Args& args) { return error_text([&] { make(args); }); };
  EXPECT_NE(refusal({{"difficulty", std::string("easy")}, {"request_queue_size", std::int64_t{3}}})
                .find("expected either difficulty or request_queue_size"),
            std::string::npos);
  EXPECT_NE(refusal({{"shelf_columns", std::int64_t{2}}}).find("must be odd"), std::string::npos);
  EXPECT_NE(refusal({{"request_queue_size", std::int64_t{32}}}).find("32 of 32 shelves"),
            std::string::npos);
  EXPECT_NE(refusal({{"msg_bits", std::int64_t{1}}}).find("msg_bits"), std::string::npos);
}

TEST(RwareTest, RestoreRefusesWhatCannotStandTogether) {
  const auto refusal = [](std::vector<Robot> robots, std::map<int, std::array<int, 2>> shelves = {},
                          std::vector<double> queue = {32}) {
    Floor floor{.robots = std::move(robots),
                .moved_shelves = std::move(shelves),
                .queue = std::move(queue)};
    return error_text([&] { floor.start(); });
  };
  EXPECT_EQ(refusal({{1, 1}, {1, 1}}), "snapshot: agents[1] shares its cell with another");
  EXPECT_EQ(refusal({{10, 0}}), "snapshot: agents[0] lies outside");
  EXPECT_EQ(refusal({{0, 0, 4}}), "snapshot: agents[0] has a direction above 3");
  EXPECT_EQ(refusal({{0, 0}}, {{1, {2, 1}}}), "snapshot: shelves[1] shares its cell with another");
  EXPECT_EQ(refusal({{0, 0}}, {}, {3, 3}), "snapshot: queue has a shelf twice");
}

}  // namespace
}  // namespace qtot
