#include "qtot/train/episode_means.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace qtot::train {
namespace {

using Values = std::vector<std::pair<std::string, metrics::Number>>;

const std::vector<rollout::EpisodeStats> kEpisodes = {
    {.episode_return = 1, .length = 3, .terminated = true, .won = true},
    {.episode_return = 5, .length = 9, .terminated = true, .won = false},
    {.episode_return = 1, .length = 4, .terminated = false, .won = false},
    {.episode_return = 5, .length = 8, .terminated = true, .won = true}};

Values written(const EpisodeMeans& means, const std::string& prefix, bool reports_wins) {
  metrics::Record record;
  means.write(record, prefix, reports_wins);
  return record.values;
}

TEST(EpisodeMeansTest, AreThoseOfTheEpisodesUnderPymarlsNames) {
  EpisodeMeans means;
  means.add(kEpisodes);
  EXPECT_EQ(written(means, "test_", true), (Values{{"test_return_mean", 3.0},
                                                   {"test_return_std", 2.0},
                                                   {"test_ep_length_mean", 6.0},
                                                   {"test_battle_won_mean", 0.5}}));
}

TEST(EpisodeMeansTest, WithoutWinsNothingIsSaidOfThem) {
  EpisodeMeans means;
  means.add(kEpisodes);
  EXPECT_EQ(written(means, "", false),
            (Values{{"return_mean", 3.0}, {"return_std", 2.0}, {"ep_length_mean", 6.0}}));
}

TEST(EpisodeMeansTest, ResumedAnywhereTheyAreTheSame) {
  EpisodeMeans whole;
  whole.add(kEpisodes);
  for (std::size_t n = 0; n <= kEpisodes.size(); ++n) {
    EpisodeMeans before;
    for (std::size_t i = 0; i < n; ++i) before.add(kEpisodes[i]);
    EpisodeMeans resumed = EpisodeMeans::from(before.numbers());
    for (std::size_t i = n; i < kEpisodes.size(); ++i) resumed.add(kEpisodes[i]);
    EXPECT_EQ(written(resumed, "", true), written(whole, "", true)) << "resumed after " << n;
  }
}

TEST(EpisodeMeansTest, AnOlderCheckpointHasNoWinsAndAStrangeOneNothing) {
  EXPECT_EQ(EpisodeMeans::from({2, 6, 20, 12}).numbers(), (std::vector<double>{2, 6, 20, 12, 0}));
  EXPECT_EQ(EpisodeMeans::from({2, 6, 20}).numbers(), (std::vector<double>{0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace qtot::train
