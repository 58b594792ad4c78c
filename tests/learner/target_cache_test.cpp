#include "learner/target_cache.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <numeric>
#include <vector>

#include "qtot/learner/learner.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

using Cache = TargetCache<float>;

TEST(TargetCache, FindsAgainWhatWasCommitted) {
  Cache cache(1000 * sizeof(float));
  const Cache::Place first = cache.find_or_add(7, 10);
  ASSERT_NE(first.values, nullptr);
  EXPECT_FALSE(first.is_filled);
  std::iota(first.values, first.values + 10, 0.0F);
  const Cache::Place other = cache.find_or_add(3, 20);
  std::fill_n(other.values, 20, 9.0F);
  cache.commit();

  const Cache::Place again = cache.find_or_add(7, 10);
  EXPECT_TRUE(again.is_filled);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(again.values[i], static_cast<float>(i));
  EXPECT_TRUE(cache.find_or_add(7, 10).is_filled);  // any number of readers
}

TEST(TargetCache, GivesAPlaceToFillToOneOnly) {
  Cache cache(1000 * sizeof(float));
  EXPECT_NE(cache.find_or_add(7, 10).values, nullptr);
  EXPECT_EQ(cache.find_or_add(7, 10).values, nullptr);  // drawn twice in one batch
  cache.commit();
  EXPECT_TRUE(cache.find_or_add(7, 10).is_filled);
}

TEST(TargetCache, TrustsNoPlaceThatWasNotCommitted) {
  Cache cache(1000 * sizeof(float));
  cache.begin();
  cache.find_or_add(7, 10);  // and the pass threw
  cache.begin();
  cache.find_or_add(8, 10);
  cache.commit();
  cache.begin();
  EXPECT_TRUE(cache.find_or_add(8, 10).is_filled);
  const Cache::Place place = cache.find_or_add(7, 10);
  EXPECT_NE(place.values, nullptr);
  EXPECT_FALSE(place.is_filled);
}

TEST(TargetCache, KeepsNoMoreThanItMay) {
  Cache cache(25 * sizeof(float));
  EXPECT_NE(cache.find_or_add(1, 10).values, nullptr);
  EXPECT_EQ(cache.find_or_add(2, 16).values, nullptr);
  EXPECT_NE(cache.find_or_add(3, 15).values, nullptr);
  EXPECT_EQ(cache.find_or_add(4, 1).values, nullptr);
  cache.clear();
  EXPECT_NE(cache.find_or_add(2, 25).values, nullptr);
}

TEST(TargetCache, AnEpisodeThatIsUnrolledFurtherIsNotMistaken) {
  Cache cache(1000 * sizeof(float));
  cache.find_or_add(7, 10);
  cache.commit();
  EXPECT_EQ(cache.find_or_add(7, 12).values, nullptr);
  EXPECT_TRUE(cache.find_or_add(7, 10).is_filled);
}

TEST(TargetCache, ForgetsEverythingWhenTheTargetNetworkChanges) {
  Cache cache(1000 * sizeof(float));
  cache.find_or_add(7, 10);
  cache.commit();
  cache.clear();
  EXPECT_FALSE(cache.find_or_add(7, 10).is_filled);
}

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 3, .n_actions = 4, .obs_dim = 5, .state_dim = 7, .episode_limit = 30};

// Updates on batches that share episodes, with copies into the target network in between.
class Training {
 public:
  Training() {
    test::Random random(3);
    for (const int length : {30, 7, 30, 1, 22, 13, 30, 9}) {
      episodes_.push_back(test::random_episode(kSpec, length, length < 30, random));
    }
  }

  std::vector<float> params(LearnerConfig config, std::size_t cache_bytes,
                            core::Ticket ticket_of_first = 0) const {
    SerialExecutor executor;
    config.target_cache_bytes = cache_bytes;
    config.target_update_interval = 5;
    Learner<float> learner(network(), config, 1, executor);
    test::Random random(4);
    for (int k = 0; k < 17; ++k) {
      std::vector<const core::Episode*> batch;
      std::vector<core::Ticket> tickets;
      for (std::size_t b = 0; b < episodes_.size(); ++b) {
        if (random.below(3) == 0) continue;
        batch.push_back(&episodes_[b]);
        tickets.push_back(b == 0 ? ticket_of_first : b);
      }
      learner.update(batch, k, nullptr, {}, tickets);
    }
    return learner.state().params;
  }

  // Two updates on one batch; between them the target network becomes another.
  std::vector<float> params_after_another_state(std::size_t cache_bytes) const {
    SerialExecutor executor;
    LearnerConfig config;
    config.target_cache_bytes = cache_bytes;
    Learner<float> learner(network(), config, 1, executor);
    const std::vector<const core::Episode*> batch = {&episodes_[0], &episodes_[1]};
    const std::vector<core::Ticket> tickets = {0, 1};
    learner.update(batch, 0, nullptr, {}, tickets);
    auto state = learner.state();
    for (float& value : state.target_params) value = -value;
    learner.set_state(state);
    learner.update(batch, 1, nullptr, {}, tickets);
    return learner.state().params;
  }

 private:
  static Network<float> network() {
    agents::AgentConfig agent;
    agent.spec = kSpec;
    agent.hidden_dim = 6;
    return make_network<float>(agent, {.mixer = "qmix"});
  }

  std::vector<core::Episode> episodes_;
};

TEST(TargetReuse, ShowsInNoBit) {
  const Training training;
  for (const bool q_lambda : {false, true}) {
    for (const bool skips : {false, true}) {
      LearnerConfig config;
      config.td_lambda = 0.6;
      config.q_lambda = q_lambda;
      config.target_skips_first_slot = skips;
      const std::vector<float> without = training.params(config, 0);
      EXPECT_EQ(training.params(config, 1 << 20), without);
      EXPECT_EQ(training.params(config, 3000), without);  // for some of them
    }
  }
}

TEST(TargetReuse, IsOffWhereTheTargetNetworkChangesAtEveryUpdate) {
  const Training training;
  LearnerConfig online;
  online.mistakes.target_agent_is_online = true;
  EXPECT_EQ(training.params(online, 1 << 20), training.params(online, 0));
  LearnerConfig polyak;
  polyak.target_update_tau = 0.1;
  EXPECT_EQ(training.params(polyak, 1 << 20), training.params(polyak, 0));
  LearnerConfig none;
  none.use_target_network = false;
  EXPECT_EQ(training.params(none, 1 << 20), training.params(none, 0));
}

TEST(TargetReuse, ForgetsWhatTheTargetNetworkSaidBeforeAnotherStateWasSet) {
  EXPECT_EQ(Training().params_after_another_state(1 << 20),
            Training().params_after_another_state(0));
}

// Else the tests above would show nothing: an episode under another one's name gets its values.
TEST(TargetReuse, TakesPlace) {
  const Training training;
  constexpr core::Ticket kOfAnotherOfThatLength = 2;
  EXPECT_NE(training.params({}, 1 << 20, kOfAnotherOfThatLength), training.params({}, 0));
}

}  // namespace
}  // namespace qtot::learner
