#include "qtot/cluster/stall_report.h"

#include <gtest/gtest.h>

#include <vector>

namespace qtot::cluster {
namespace {

TEST(StallReport, SaysWhereARankStoodAndForWhatItWaited) {
  const std::vector<Pending> pending = {
      {.is_receive = true, .channel = Channel::kGradients, .peer = 1, .n_bytes = 400},
      {.is_receive = false, .channel = Channel::kControl, .peer = 3, .n_bytes = 16}};
  const Progress progress = {.phase = "gradients", .update = 131};
  EXPECT_EQ(
      stall_report(2, 4, progress, std::span(pending).first(1)),
      "rank 2 of 4 stood at update 131, gradients: waited for 400 bytes of gradients from rank 1");
  EXPECT_EQ(
      stall_report(2, 4, progress, pending),
      "rank 2 of 4 stood at update 131, gradients: waited for 400 bytes of gradients from rank 1, "
      "for rank 3 to take 16 bytes of control");
  EXPECT_EQ(stall_report(2, 4, progress, {}),
            "rank 2 of 4 stood at update 131, gradients: waited for no message");
}

TEST(StallReport, CountsMessagesBeyondTheFourth) {
  const std::vector<Pending> pending(
      7, {.is_receive = true, .channel = Channel::kEpisodes, .peer = 1, .n_bytes = 8});
  const std::string report = stall_report(0, 2, {}, pending);
  EXPECT_TRUE(report.ends_with("for 8 bytes of episodes from rank 1, and for 3 more")) << report;
}

TEST(StallReport, AMessageOfAnotherSizeNamesBothRanksAndSizes) {
  const Pending expected = {
      .is_receive = true, .channel = Channel::kGradients, .peer = 1, .n_bytes = 400};
  EXPECT_EQ(mismatch_report(2, 4, expected, 404),
            "rank 2 of 4 expected 400 bytes of gradients from rank 1, which sent 404");
}

}  // namespace
}  // namespace qtot::cluster
