#include "qtot/sweep/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace qtot::sweep {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const Request& request) {
  std::vector<std::string> result;
  for (const Choice& choice : plan(request)) result.push_back(choice.name);
  return result;
}

std::string error_text(const Request& request) {
  return error_of([&] { plan(request); }).what();
}

TEST(PlanTest, IsTheProductOfAllListsTheSeedFastest) {
  const Request request{.config = "qmix,vdn",
                        .env_config = "two_step",
                        .seeds = "1-2",
                        .assignments = {"t_max=100", "lr=0.1,0.2"}};
  EXPECT_THAT(names(request),
              ElementsAre("two_step-qmix-lr=0.1-seed=1", "two_step-qmix-lr=0.1-seed=2",
                          "two_step-qmix-lr=0.2-seed=1", "two_step-qmix-lr=0.2-seed=2",
                          "two_step-vdn-lr=0.1-seed=1", "two_step-vdn-lr=0.1-seed=2",
                          "two_step-vdn-lr=0.2-seed=1", "two_step-vdn-lr=0.2-seed=2"));
  const Choice last = plan(request).back();
  EXPECT_EQ(last.config, "vdn");
  EXPECT_EQ(last.env_config, "two_step");
  EXPECT_THAT(last.assignments, ElementsAre("t_max=100", "lr=0.2", "seed=2"));
}

TEST(PlanTest, CommasWithinBracketsAndQuotesDoNotPart) {
  EXPECT_THAT(split_values("[6,6],[[1,2],[3,4]],\"a,b\",{x: 1, y: 2}", "k"),
              ElementsAre("[6,6]", "[[1,2],[3,4]]", "\"a,b\"", "{x: 1, y: 2}"));
  EXPECT_THAT(
      names({.env_config = "stag_hunt", .assignments = {"env_args.world_shape=[6,6],[8,8]"}}),
      ElementsAre("stag_hunt-env_args.world_shape=6_6", "stag_hunt-env_args.world_shape=8_8"));
}

TEST(PlanTest, SeedsAreNumbersAndRanges) {
  EXPECT_THAT(parse_seeds("1,2,3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(parse_seeds("1-3,7"), ElementsAre(1, 2, 3, 7));
  EXPECT_THAT(parse_seeds("18446744073709551614-18446744073709551615").size(), 2);
  for (const char* wrong : {"", "a", "1-", "-1", "3-1", "1,,2", "1 2", "1-2-3", "1,1", "1-3,2",
                            "0-99999999", "18446744073709551616", "0-18446744073709551615"}) {
    EXPECT_THAT(error_of([&] { parse_seeds(wrong); }).what(), HasSubstr("--seeds")) << wrong;
  }
}

TEST(PlanTest, TheSeedMayBeAKeyButNotTwice) {
  EXPECT_THAT(names({.config = "qmix", .assignments = {"seed=1,2", "lr=0.1,0.2"}}),
              ElementsAre("qmix-lr=0.1-seed=1", "qmix-lr=0.1-seed=2", "qmix-lr=0.2-seed=1",
                          "qmix-lr=0.2-seed=2"));
  EXPECT_THAT(error_text({.seeds = "1", .assignments = {"seed=2"}}), HasSubstr("seed"));
}

TEST(PlanTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(error_text({.config = "qmix,,vdn"}), HasSubstr("--config = qmix,,vdn"));
  EXPECT_THAT(error_text({.assignments = {"lr"}}), HasSubstr("lr (command line)"));
  EXPECT_THAT(error_text({.assignments = {"lr=1,1"}}), HasSubstr("1 stands twice"));
  EXPECT_THAT(error_text({.assignments = {"lr=1", "lr=2"}}), HasSubstr("lr (command line): given"));
  EXPECT_THAT(error_text({.seeds = "1-200",
                          .assignments = {"a=" + std::string("1") +
                                          [] {
                                            std::string more;
                                            for (int i = 2; i < 100; ++i)
                                              more += "," + std::to_string(i);
                                            return more;
                                          }()}}),
              HasSubstr("more than 10000 runs"));
  EXPECT_THAT(error_text({.assignments = {"x=" + std::string(300, 'a') + ",b"}}),
              HasSubstr("at most 200"));
}

TEST(PlanTest, NamesAreFoldersAndNoTwoAreOne) {
  EXPECT_THAT(names({.config = "pymarl2/qmix,my/algs/x.yaml"}), ElementsAre("pymarl2_qmix", "x"));
  EXPECT_THAT(names({.config = "../../etc"}), ElementsAre("_.._.._etc"));
  EXPECT_THAT(names({}), ElementsAre("run"));
  EXPECT_THAT(error_text({.assignments = {"x=a/b,a_b"}}), HasSubstr("would share the folder"));
}

}  // namespace
}  // namespace qtot::sweep
