// Names and options of level-based foraging.

#include "envs/lbf/options.h"

#include <gtest/gtest.h>

#include "envs/lbf/game.h"
#include "envs/lbf/name.h"
#include "support/error_text.h"

namespace qtot {
namespace {

using envs::lbf::LbfOptions;
using envs::lbf::read_name;
using test::error_text;
using test::lbf::Args;
using test::lbf::list;

LbfOptions read(const Args& args) {
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "command line"}});
  return envs::lbf::read_options(map);
}

LbfOptions named(const std::string& name, Args args = {}) {
  args.emplace("map_name", name);
  return read(args);
}

TEST(LbfNames, SayTheSizes) {
  const LbfOptions o = named("15x15-4p-5f");
  EXPECT_EQ(o.field_size, (std::vector<int>{15, 15}));
  EXPECT_EQ(o.players, 4);
  EXPECT_EQ(o.max_num_food, 5);
  EXPECT_EQ(o.sight, 15);
  EXPECT_EQ(o.min_player_level, (std::vector<int>{1, 1, 1, 1}));
  EXPECT_EQ(o.max_player_level, (std::vector<int>{2, 2, 2, 2}));
  EXPECT_TRUE(o.max_food_level.empty());
  EXPECT_FALSE(o.force_coop);
  EXPECT_FALSE(o.grid_observation);
  EXPECT_EQ(o.penalty, 0);
  EXPECT_EQ(o.food_levels, "inclusive");
  EXPECT_EQ(o.episode_limit, 50);
}

TEST(LbfNames, SayTheVariant) {
  EXPECT_EQ(named("2s-8x8-2p-2f-coop").sight, 2);
  EXPECT_TRUE(named("2s-8x8-2p-2f-coop").force_coop);
  EXPECT_EQ(named("8x8-2p-2f-coop-ind-pen").penalty, 0.1);
  EXPECT_EQ(named("8x8-2p-2f-ind").max_food_level, (std::vector<int>{1, 1}));
  EXPECT_TRUE(named("grid-19x19-9p-9f-coop-ind").grid_observation);
  EXPECT_EQ(named("grid-19x19-9p-9f").sight, 19);
  EXPECT_EQ(named("grid-4s-5x5-2p-1f").sight, 4);
  EXPECT_EQ(named("simple").players, 2);
  EXPECT_TRUE(named("Foraging-2s-coop-v3").force_coop);
  EXPECT_EQ(named("Foraging-2s-coop-v3").sight, 2);
}

TEST(LbfNames, AreTakenInFull) {
  const LbfOptions o = named("lbforaging:Foraging-2s-10x10-3p-3f-v3");
  EXPECT_EQ(o.sight, 2);
  EXPECT_EQ(o.players, 3);
  EXPECT_TRUE(named("Foraging-grid-2s-8x8-2p-2f-coop-v3").grid_observation);
}

TEST(LbfNames, OfOlderVersionsHaveTheOldFoodLevels) {
  EXPECT_EQ(named("Foraging-8x8-2p-3f-v1").food_levels, "exclusive");
  EXPECT_EQ(named("Foraging-8x8-2p-3f-v2").food_levels, "exclusive");
  EXPECT_EQ(named("Foraging-8x8-2p-3f-v3").food_levels, "inclusive");
  EXPECT_EQ(named("8x8-2p-3f").food_levels, "inclusive");
  EXPECT_EQ(named("8x8-2p-3f-v2", {{"food_levels", std::string("inclusive")}}).food_levels,
            "inclusive");
}

TEST(LbfNames, EveryRegisteredOneIsReadAndCanBeBuilt) {
  int n = 0;
  for (int size = 5; size < 20; ++size) {
    for (int players = 2; players < 20; ++players) {
      for (int foods = 1; foods < 10; ++foods) {
        for (const char* coop : {"", "-coop"}) {
          for (const char* sight : {"", "-2s"}) {
            const std::string id = std::string("Foraging") + sight + "-" + std::to_string(size) +
                                   "x" + std::to_string(size) + "-" + std::to_string(players) +
                                   "p-" + std::to_string(foods) + "f" + coop + "-v3";
            const LbfOptions o = named(id);
            ASSERT_EQ(o.field_size, (std::vector<int>{size, size})) << id;
            ASSERT_EQ(o.players, players) << id;
            ASSERT_EQ(o.max_num_food, foods) << id;
            ASSERT_EQ(o.sight, *sight != '\0' ? 2 : size) << id;
            ASSERT_EQ(o.force_coop, *coop != '\0') << id;
            ++n;
          }
        }
      }
    }
  }
  EXPECT_EQ(n, 15 * 18 * 9 * 4);
}

TEST(LbfNames, OthersAreRefused) {
  for (const char* text : {"",
                           "8x8",
                           "8x9-2p-2f",
                           "4x4-2p-2f",
                           "20x20-2p-2f",
                           "8x8-1p-2f",
                           "8x8-20p-2f",
                           "8x8-2p-0f",
                           "8x8-2p-10f",
                           "3s-8x8-2p-2f",
                           "grid-8s-8x8-2p-2f",
                           "grid-8x8-2p-2f-pen",
                           "8x8-2p-2f-v0",
                           "8x8-2p-2f-v4",
                           "8x8-2p-2f-v",
                           "8x8-2p-2f-coop ",
                           "08x08-2p-2f",
                           "8x8-2p-2f-pen-coop",
                           "grid-simple",
                           "8X8-2p-2f",
                           "888x888-2p-2f",
                           "coop-8x8-2p-2f",
                           "2s-2s-8x8-2p-2f"}) {
    EXPECT_FALSE(read_name(text).has_value()) << text;
  }
  EXPECT_EQ(error_text([] { named("4x4-2p-1f"); }),
            "env_args.map_name = \"4x4-2p-1f\" (command line): must be a name that lb-foraging "
            "registers, such as 8x8-2p-2f-coop, 2s-10x10-3p-3f, grid-2s-8x8-2p-2f or "
            "Foraging-15x15-4p-5f-v3: a square field of 5 to 19 rows, 2 to 19 players, 1 to 9 "
            "foods; field_size, players, max_num_food and sight give others");
}

TEST(LbfOptionsTest, OverrideTheName) {
  const LbfOptions o = named("2s-8x8-2p-2f-coop", {{"field_size", list({6, 9})},
                                                   {"players", std::int64_t{3}},
                                                   {"max_num_food", std::int64_t{4}},
                                                   {"sight", std::int64_t{0}},
                                                   {"force_coop", false},
                                                   {"max_player_level", std::int64_t{5}},
                                                   {"max_food_level", std::int64_t{7}},
                                                   {"penalty", 0.5}});
  EXPECT_EQ(o.field_size, (std::vector<int>{6, 9}));
  EXPECT_EQ(o.players, 3);
  EXPECT_EQ(o.max_num_food, 4);
  EXPECT_EQ(o.sight, 9) << "the whole field";
  EXPECT_FALSE(o.force_coop);
  EXPECT_EQ(o.max_player_level, (std::vector<int>{5, 5, 5}));
  EXPECT_EQ(o.max_food_level, (std::vector<int>{7, 7, 7, 7}));
  EXPECT_EQ(o.penalty, 0.5);
}

TEST(LbfOptionsTest, NoLargestFoodLevelIsAnEmptyListOrNull) {
  EXPECT_TRUE(named("8x8-2p-2f-ind", {{"max_food_level", config::List{}}}).max_food_level.empty());
  EXPECT_TRUE(
      named("8x8-2p-2f-ind", {{"max_food_level", std::monostate{}}}).max_food_level.empty());
}

TEST(LbfOptionsTest, WhatCannotBePlayedIsRefusedInOneSentence) {
  EXPECT_EQ(error_text([] {
              read({{"field_size", list({3, 4})}, {"players", std::int64_t{12}}});
            }),
            "env_args.field_size = [3, 4]: 12 players and a food do not fit on 12 cells");
  EXPECT_EQ(error_text([] {
              read({{"min_player_level", list({1, 2, 3})}});
            }),
            "env_args.min_player_level: expected one level, or one for each of 2 players, found 3");
  EXPECT_EQ(error_text([] {
              read({{"min_player_level", list({1, 3})}});
            }),
            "env_args.min_player_level: 3 lies above env_args.max_player_level, 2");
  EXPECT_EQ(error_text([] {
              read({{"min_food_level", list({4})}, {"max_food_level", list({3})}});
            }),
            "env_args.min_food_level: 4 lies above env_args.max_food_level, 3");
  EXPECT_EQ(error_text([] {
              read({{"min_food_level", list({3})}, {"force_coop", false}});
            }),
            "env_args.min_food_level: 3 can lie above the sum of the three lowest player levels, "
            "which may be 2; set max_food_level, or lower it");
  EXPECT_EQ(
      error_text([] {
        read({{"field_size", list({2, 8})}});
      }),
      "env_args.field_size = [2, 8] (command line): must be rows and columns, two integers in "
      "[3, 64]");
  EXPECT_EQ(error_text([] {
              read({{"max_player_level", std::int64_t{0}}});
            }),
            "env_args.max_player_level = [0] (command line): must be levels in [1, 1000], one for "
            "all or one for each");
}

TEST(LbfOptionsTest, TheLargestGamesCanBeBuiltAndPlayed) {
  const auto env = test::lbf::make({{"field_size", list({64, 64})},
                                    {"players", std::int64_t{64}},
                                    {"max_num_food", std::int64_t{256}},
                                    {"max_player_level", std::int64_t{1000}},
                                    {"episode_limit", std::int64_t{20}}});
  test::reset(*env, 1);
  for (int t = 0; !env->has_ended(); ++t) test::random_step(*env, 1, t);
  EXPECT_EQ(env->spec().obs_dim, 3 * (64 + 256));
}

}  // namespace
}  // namespace qtot
