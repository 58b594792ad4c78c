#include "qtot/cluster/same.h"

#include <gtest/gtest.h>

namespace qtot::cluster {
namespace {

const Texts kOurs = {{"gamma", "0.99"}, {"lr", "0.0005"}};

TEST(SameTest, EqualTextsInAnyOrderHaveNoDifference) {
  EXPECT_EQ(difference("configuration", 1, kOurs, kOurs), "");
  EXPECT_EQ(difference("configuration", 1, {{"lr", "0.0005"}, {"gamma", "0.99"}}, kOurs), "");
  EXPECT_EQ(difference("configuration", 1, {}, {}), "");
}

TEST(SameTest, ADifferenceNamesRankKeyAndBothTexts) {
  EXPECT_EQ(difference("configuration", 2, {{"gamma", "0.99"}, {"lr", "0.001"}}, kOurs),
            "cluster: configuration of rank 2: lr = 0.001, but rank 0 has 0.0005");
  EXPECT_EQ(difference("configuration", 2, {{"gamma", "0.99"}}, kOurs),
            "cluster: configuration of rank 2: lr = (nothing), but rank 0 has 0.0005");
  EXPECT_EQ(difference("configuration", 2, kOurs, {{"gamma", "0.99"}}),
            "cluster: configuration of rank 2: lr = 0.0005, but rank 0 has (nothing)");
  EXPECT_EQ(difference("program", 1, {{"version", "a\nb"}}, {{"version", ""}}),
            "cluster: program of rank 1: version = a\\x0ab, but rank 0 has ");
}

}  // namespace
}  // namespace qtot::cluster
