#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "qtot/env/chance.h"
#include "qtot/env/env.h"
#include "support/error_text.h"

namespace qtot {
namespace {

using env::PhiloxChance;
using math::Stream;

TEST(PhiloxChanceTest, OutcomesDependOnNothingButTheirKey) {
  PhiloxChance one(1, Stream::kStep, 2, 3);
  const std::uint32_t alone = one.choose(4, 5, 1000000);
  PhiloxChance two(1, Stream::kStep, 2, 3);
  two.choose(4, 6, 10);
  two.uniform(4, 5);
  EXPECT_EQ(two.choose(4, 5, 1000000), alone);  // whoever was asked before
}

TEST(PhiloxChanceTest, EveryPartOfTheKeyCounts) {
  constexpr std::uint32_t kMany = 4000000000U;
  const std::array<std::uint32_t, 7> draws = {
      PhiloxChance(1, Stream::kStep, 2, 3).choose(4, 5, kMany),
      PhiloxChance(9, Stream::kStep, 2, 3).choose(4, 5, kMany),
      PhiloxChance(1, Stream::kEvaluationStep, 2, 3).choose(4, 5, kMany),
      PhiloxChance(1, Stream::kStep, 9, 3).choose(4, 5, kMany),
      PhiloxChance(1, Stream::kStep, 2, 9).choose(4, 5, kMany),
      PhiloxChance(1, Stream::kStep, 2, 3).choose(9, 5, kMany),
      PhiloxChance(1, Stream::kStep, 2, 3).choose(4, 9, kMany)};
  std::vector<std::uint32_t> sorted(draws.begin(), draws.end());
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end());
}

TEST(PhiloxChanceTest, HappensIsUniformBelowP) {
  PhiloxChance chance(1, Stream::kStep, 0, 0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(chance.happens(1, i, 0.3), chance.uniform(1, i) < 0.3);
    EXPECT_FALSE(chance.happens(1, i, 0));
    EXPECT_TRUE(chance.happens(1, i, 1));
  }
}

TEST(PhiloxChanceTest, ShuffleReachesEveryOrderAboutEquallyOften) {
  std::array<int, 6> n_seen{};  // of the orders of three items
  for (std::uint64_t ticket = 0; ticket < 6000; ++ticket) {
    std::array<int, 3> items = {0, 1, 2};
    PhiloxChance(1, Stream::kStep, ticket, 0).shuffle(2, items);
    ++n_seen[static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2]))];
  }
  // 1,000 expected, standard deviation 29: six of them is no accident
  for (const int n : n_seen) EXPECT_NEAR(n, 1000, 174);
}

TEST(PhiloxChanceDeathTest, ASiteOrAnIndexThatDoesNotFitTheCounterAborts) {
  PhiloxChance chance(1, Stream::kStep, 0, 0);
  EXPECT_DEATH(chance.uniform(256, 0), "check failed");
  EXPECT_DEATH(chance.uniform(-1, 0), "check failed");
  EXPECT_DEATH(chance.uniform(0, 65536), "check failed");
}

TEST(RegistryTest, AnUnknownNameIsRefusedWithTheKnownOnes) {
  const std::string text = test::error_text([] { env::family("two_stepp"); });
  EXPECT_NE(text.find("\"two_stepp\": no such environment; did you mean two_step?"),
            std::string::npos)
      << text;
  for (const env::EnvFamily& family : env::families()) {
    EXPECT_NE(text.find(" " + family.name), std::string::npos) << text;
  }
  EXPECT_EQ(test::error_text([] { env::make_named("two_stepp"); }), text);
}

TEST(RegistryTest, AMapIsANameThatTakesFurtherArgumentsButNoSecondMap) {
  const auto limited =
      env::make_named("stag_hunt_small", {{"episode_limit", {std::int64_t{7}, "e"}}});
  EXPECT_EQ(limited->spec().episode_limit, 7);
  EXPECT_EQ(limited->spec().obs_dim, env::make_named("stag_hunt_small")->spec().obs_dim);
  EXPECT_EQ(
      test::error_text([] {
        env::make_named("stag_hunt_small", {{"map_name", {std::string("stag_hunt"), "e.yaml:3"}}});
      }),
      "e.yaml:3: env_args.map_name = \"stag_hunt\" must be left out: \"stag_hunt_small\" is a map");
}

TEST(RegistryTest, AFamilyAndAMapAreANameTogether) {
  const auto small = env::make_named("stag_hunt/stag_hunt_small");
  EXPECT_EQ(small->spec(), env::make_named("stag_hunt_small")->spec());
  const auto limited =
      env::make_named("stag_hunt/stag_hunt_small", {{"episode_limit", {std::int64_t{7}, "e"}}});
  EXPECT_EQ(limited->spec().episode_limit, 7);
  EXPECT_EQ(test::error_text([] { env::make_named("stag_hnt/stag_hunt_small"); }),
            test::error_text([] { env::family("stag_hnt"); }));
  const std::string text = test::error_text([] { env::make_named("two_step/stag_hunt_small"); });
  EXPECT_EQ(text.find("env_args.map_name = \"stag_hunt_small\" (name of the environment)"), 0U)
      << text;
  EXPECT_EQ(test::error_text([] {
              env::make_named("two_step/two_step", {{"map_name", {std::string("x"), "e.yaml:3"}}});
            }),
            "e.yaml:3: env_args.map_name = \"x\" must be left out: \"two_step/two_step\" is a map");
}

TEST(RegistryTest, AnUnknownMapIsRefusedByItsKey) {
  for (const env::EnvFamily& family : env::families()) {
    const std::string text = test::error_text([&] {
      family.make({{"map_name", {std::string("nowhere"), "e.yaml:3"}}});
    });
    EXPECT_EQ(text.find("env_args.map_name = "), 0U) << text;
    EXPECT_NE(text.find("nowhere"), std::string::npos) << text;
    EXPECT_NE(text.find("(e.yaml:3)"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace qtot
