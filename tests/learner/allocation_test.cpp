#include <gtest/gtest.h>

#include <initializer_list>

#include "qtot/learner/learner.h"
#include "support/allocations.h"
#include "support/random.h"

namespace qtot::learner {
namespace {

constexpr core::DecPomdpSpec kSpec = {
    .n_agents = 3, .n_actions = 4, .obs_dim = 5, .state_dim = 7, .episode_limit = 30};

// Steady state begins when the largest batch has been seen.
TEST(LearnerAllocation, AnUpdateAllocatesNothingInSteadyState) {
  test::Random random(3);
  std::vector<core::Episode> episodes;
  for (const int length : {30, 7, 30, 1, 22, 13, 30, 9}) {
    episodes.push_back(test::random_episode(kSpec, length, length < 30, random));
  }
  std::vector<const core::Episode*> batch;
  for (const core::Episode& episode : episodes) batch.push_back(&episode);
  const core::Batch all = batch;

  struct Algorithm {
    const char* mixer;
    const char* objective;
  };
  for (const auto& [mixer, objective] : std::initializer_list<Algorithm>{
           {"qmix", "td"},
           {"vdn", "td"},
           {"iql", "td"},
           {"vdn_s", "td"},
           {"qmix_lin", "td"},
           {"qmix_ns", "td"},
           {"vdn", "qtran_base"},
           {"vdn", "qtran_alt"},
       }) {
    for (const char* optimiser : {"rmsprop", "adam"}) {
      SerialExecutor executor;
      agents::AgentConfig agent;
      agent.spec = kSpec;
      agent.hidden_dim = 6;
      mixers::MixerConfig mixing;
      mixing.mixer = mixer;
      LearnerConfig config;
      config.optimiser.optimiser = optimiser;
      config.target_update_interval = 3;
      Learner<float> learner(make_network<float>(agent, mixing, {.objective = objective}), config,
                             1, executor);
      learner.update(all, 0);
      learner.update(all, 1);  // the workspace has joined its blocks

      const std::size_t before = test::n_allocations();
      for (int k = 2; k < 12; ++k) learner.update(all.subspan(0, k % 2 == 0 ? 8 : 5), k);
      EXPECT_EQ(test::n_allocations() - before, 0U)
          << mixer << ", " << objective << ", " << optimiser;
    }
  }
}

}  // namespace
}  // namespace qtot::learner
