#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "checkpoint/example_state.h"
#include "qtot/checkpoint/checkpoint.h"

namespace qtot::checkpoint {
namespace {

using test::example_state;
using testing::ElementsAre;

std::vector<std::string> differing(const Digest& a, const Digest& b) {
  std::vector<std::string> names;
  EXPECT_EQ(a.parts.size(), b.parts.size());
  for (std::size_t i = 0; i < a.parts.size(); ++i) {
    EXPECT_EQ(a.parts[i].first, b.parts[i].first);
    if (a.parts[i].second != b.parts[i].second) names.push_back(a.parts[i].first);
  }
  return names;
}

void change_episode(State& state, const std::function<void(core::Episode&)>& change) {
  auto episode = std::make_shared<core::Episode>(*state.episodes[1].episode);
  change(*episode);
  state.episodes[1].episode = episode;
}

TEST(DigestTest, NamesItsPartsInOrder) {
  std::vector<std::string> names;
  for (const auto& part : digest(example_state()).parts) names.push_back(part.first);
  EXPECT_THAT(names,
              ElementsAre("agent.w", "agent.b", "mixer.b", "target.agent.w", "target.agent.b",
                          "target.mixer.b", "optimiser.first.agent.w", "optimiser.first.agent.b",
                          "optimiser.first.mixer.b", "optimiser.second.agent.w",
                          "optimiser.second.agent.b", "optimiser.second.mixer.b",
                          "optimiser.n_steps", "rewards", "replay", "counters"));
}

TEST(DigestTest, IsTheGoldenOneOnEveryMachine) {
  EXPECT_EQ(digest(example_state()).fingerprint.hex(), "db7249714e4062962796da717574c76f");
}

TEST(DigestTest, NumbersOfSomeRunsArePartsBeforeTheReplay) {
  State state = example_state();
  state.numbers = {{"priorities", {0.5, 2}}};
  const Digest before = digest(state);
  ASSERT_EQ(before.parts[before.parts.size() - 3].first, "priorities");
  state.numbers["priorities"][1] = 3;
  EXPECT_THAT(differing(before, digest(state)), ElementsAre("priorities"));
}

// Each covered number changes the fingerprint and the part that it belongs to, and no other part.
TEST(DigestTest, EveryCoveredItemChangesItsPart) {
  struct Change {
    std::string part;
    std::function<void(State&)> apply;
  };
  const std::vector<Change> changes = {
      {"agent.w", [](State& s) { s.learner.params[3] = 4.5; }},
      {"agent.b", [](State& s) { s.learner.params[4] = -0.0F; }},
      {"mixer.b", [](State& s) { s.learner.params[6] = 0; }},
      {"target.agent.b", [](State& s) { s.learner.target_params[5] = 0; }},
      {"optimiser.first.agent.w", [](State& s) { s.learner.optimiser.first[1] = -0.0F; }},
      {"optimiser.second.mixer.b", [](State& s) { s.learner.optimiser.second[6] = 3; }},
      {"rewards", [](State& s) { s.learner.rewards.mean = 0.25; }},
      {"optimiser.n_steps", [](State& s) { ++s.learner.optimiser.n_steps; }},
      {"counters", [](State& s) { ++s.t_env; }},
      {"counters", [](State& s) { ++s.episode; }},
      {"counters", [](State& s) { ++s.learner.n_updates; }},
      {"replay", [](State& s) { ++s.episodes[1].ticket; }},
      {"replay", [](State& s) { s.episodes.pop_back(); }},
      {"replay",
       [](State& s) { change_episode(s, [](core::Episode& e) { e.set_terminated(true); }); }},
      {"replay", [](State& s) { change_episode(s, [](core::Episode& e) { e.state(0)[0] = 9; }); }},
      {"replay", [](State& s) { change_episode(s, [](core::Episode& e) { e.obs(1)[3] = 9; }); }},
      {"replay",
       [](State& s) { change_episode(s, [](core::Episode& e) { e.actions(1)[1] = 0; }); }},
      {"replay",
       [](State& s) {
         change_episode(s, [](core::Episode& e) {
           e.set_avail(1, std::vector<std::uint8_t>{1, 1, 0, 0, 1, 0});
         });
       }},
  };
  const Digest before = digest(example_state());
  for (const Change& change : changes) {
    State state = example_state();
    change.apply(state);
    const Digest after = digest(state);
    EXPECT_NE(before.fingerprint, after.fingerprint) << change.part;
    EXPECT_THAT(differing(before, after), ElementsAre(change.part));
  }
}

TEST(DigestTest, RewardsChangeTheReplay) {
  State state = example_state();
  const core::Episode& old = *state.episodes[1].episode;
  const std::vector<float> rewards = {1.25F};
  state.episodes[1].episode = std::make_shared<core::Episode>(
      core::Episode::from_arrays(state.spec, old.all_states(), old.all_obs(), old.all_avail(),
                                 old.all_actions(), rewards, old.terminated()));
  EXPECT_THAT(differing(digest(example_state()), digest(state)), ElementsAre("replay"));
}

TEST(DigestTest, AChangedShapeOfTheSameNumbersChangesThePart) {
  State state = example_state();
  state.tensors[0].shape = {4, 1};
  EXPECT_THAT(differing(digest(example_state()), digest(state)),
              testing::Contains(std::string("agent.w")));
}

TEST(DigestTest, EvaluationLoggingAndSavingStateAreNotCovered) {
  State state = example_state();
  state.config = "test_interval: 7\n";
  state.training_keys.clear();
  state.counters["last_test_t"] = 99;
  state.accumulators.clear();
  state.sink_positions["metrics.csv"] = 5;
  EXPECT_EQ(digest(example_state()).fingerprint, digest(state).fingerprint);
}

TEST(DigestTest, SurvivesTheCheckpoint) {
  const State state = example_state();
  EXPECT_EQ(digest(from_bytes(to_bytes(state), "a.qtot")).fingerprint, digest(state).fingerprint);
}

}  // namespace
}  // namespace qtot::checkpoint
