#include "qtot/playback/recording.h"

#include <gtest/gtest.h>

#include "qtot/learner/network.h"

namespace qtot::test {
namespace {

constexpr std::uint64_t kSeed = 5;
constexpr core::Ticket kTicket = 3;

// A stag hunt and a network for it, as it is initialised.
struct Setting {
  explicit Setting(const std::string& mixer, const std::string& env_name = "stag_hunt_small")
      : env(env::make_named(env_name)),
        network(learner::make_network<float>(
            {.agent = "rnn", .spec = env->spec(), .hidden_dim = 11}, {.mixer = mixer})),
        values(network.layout.size()),
        transposed(values.size()) {
    nn::initialise<float>(network.layout, kSeed, values);
    nn::transpose_params<float>(network.layout, values, transposed);
  }

  nn::Weights<float> weights() const {
    return {.values = values.data(), .transposed = transposed.data()};
  }
  playback::Recorded recorded() const {
    return {.policy = {.agent = network.agent.get(), .weights = weights()},
            .mixer = network.mixer.get(),
            .rules = rollout::evaluation_rules(kSeed)};
  }
  playback::RecordedEpisode record() {
    rollout::Player player(std::move(env));
    return playback::record(player, recorded(), kTicket);
  }

  std::unique_ptr<env::Env> env;
  learner::Network<float> network;
  std::vector<float> values;
  std::vector<float> transposed;
};

// The same episode, played by nobody who looks on.
core::Episode played(const Setting& setting, rollout::EpisodeStats& stats) {
  core::Episode episode;
  rollout::Player player(env::make_named("stag_hunt_small"));
  const playback::Recorded recorded = setting.recorded();
  stats = player.play(recorded.policy, recorded.rules, kTicket, episode);
  return episode;
}

TEST(Recording, IsOfTheEpisodeThatThePolicyPlays) {
  Setting setting("qmix");
  rollout::EpisodeStats stats;
  const core::Episode episode = played(setting, stats);
  const playback::RecordedEpisode recorded = setting.record();
  EXPECT_EQ(recorded.stats, stats);
  ASSERT_EQ(recorded.slots.size(), static_cast<std::size_t>(episode.n_slots()));
  EXPECT_TRUE(std::ranges::equal(recorded.rewards, episode.rewards()));
  const core::DecPomdpSpec& spec = episode.spec();
  for (int t = 0; t < episode.n_slots(); ++t) {
    const playback::RecordedSlot& slot = recorded.slots[static_cast<std::size_t>(t)];
    EXPECT_TRUE(std::ranges::equal(slot.actions, episode.actions(t)));
    for (int i = 0; i < spec.n_agents * spec.n_actions; ++i) {
      EXPECT_EQ(slot.avail[static_cast<std::size_t>(i)] != 0,
                episode.is_available(t, i / spec.n_actions, i % spec.n_actions));
    }
  }
}

// Against one pass of the learner's kind over the whole episode: utilities and Q_tot to the bit.
TEST(Recording, HoldsTheUtilitiesAndQTotOfThePolicy) {
  Setting setting("qmix");
  rollout::EpisodeStats stats;
  const core::Episode episode = played(setting, stats);
  const core::DecPomdpSpec& spec = episode.spec();
  const agents::Agent<float>& agent = *setting.network.agent;
  const math::Index n_one_hots = agents::n_one_hots(agent.config());
  const math::Index n_rows = episode.n_slots() * spec.n_agents;
  std::vector<std::int32_t> one_hots;
  for (int t = 0; t < episode.n_slots(); ++t) {
    std::vector<std::int32_t> of_slot(static_cast<std::size_t>(spec.n_agents * n_one_hots));
    agents::write_one_hots(
        agent.config(), t > 0 ? episode.actions(t - 1) : std::span<const core::Action>{}, of_slot);
    one_hots.insert(one_hots.end(), of_slot.begin(), of_slot.end());
  }
  const agents::Inputs<float> inputs = {
      .obs = math::view(episode.all_obs().data(), n_rows, spec.obs_dim),
      .one_hots = {.columns = one_hots.data(), .rows = n_rows, .per_row = n_one_hots}};
  math::Mat<float> utilities(n_rows, spec.n_actions);
  nn::Workspace<float> workspace;
  agents::Tape<float> tape;
  agent.forward(setting.weights(), inputs, spec.n_agents, nullptr, workspace, tape,
                math::view(utilities));

  math::Mat<float> chosen_qs(episode.n_slots(), spec.n_agents);
  for (math::Index row = 0; row < n_rows; ++row) {
    const math::Index t = row / spec.n_agents, n = row % spec.n_agents;
    chosen_qs(t, n) =
        utilities(row, episode.actions(static_cast<int>(t))[static_cast<std::size_t>(n)]);
  }
  math::Mat<float> q_tot(episode.n_slots(), 1);
  mixers::Tape<float> mixer_tape;
  setting.network.mixer->forward(
      setting.weights(),
      {.agent_qs = math::view(std::as_const(chosen_qs)),
       .state = math::view(episode.all_states().data(), episode.n_slots(), spec.state_dim)},
      workspace, mixer_tape, math::view(q_tot));

  const playback::RecordedEpisode recorded = setting.record();
  const math::Index per_slot = spec.n_agents * spec.n_actions;
  for (math::Index t = 0; t < episode.n_slots(); ++t) {
    const playback::RecordedSlot& slot = recorded.slots[static_cast<std::size_t>(t)];
    ASSERT_EQ(static_cast<math::Index>(slot.utilities.size()), per_slot);
    for (math::Index i = 0; i < per_slot; ++i) {
      ASSERT_EQ(slot.utilities[static_cast<std::size_t>(i)], utilities.data()[t * per_slot + i]);
    }
    ASSERT_EQ(slot.q_tot, q_tot(t, 0)) << "slot " << t;
  }
}

TEST(Recording, DrawsTheEnvironmentWhereItStoodAndNamesTheActions) {
  const playback::RecordedEpisode recorded = Setting("vdn").record();
  EXPECT_EQ(recorded.action_names, std::vector<std::vector<std::string>>(
                                       4, {"right", "down", "left", "up", "stay", "catch"}));
  for (const playback::RecordedSlot& slot : recorded.slots) {
    ASSERT_TRUE(slot.drawing.has_value());
    ASSERT_EQ(slot.drawing->units.size(), 8U);
    EXPECT_FALSE(slot.text.empty());
  }
  // an agent that may move right has no wall at its right
  const playback::RecordedSlot& first = recorded.slots.front();
  for (std::size_t agent = 0; agent < 4; ++agent) {
    EXPECT_EQ(first.avail[6 * agent] != 0, first.drawing->units[agent].x < 5);
  }
}

TEST(Recording, HasNoQTotWhereValuesAreNotMixedAndNoDrawingWhereThereIsNone) {
  const playback::RecordedEpisode recorded = Setting("iql", "two_step").record();
  for (const playback::RecordedSlot& slot : recorded.slots) {
    EXPECT_FALSE(slot.q_tot.has_value());
    EXPECT_FALSE(slot.drawing.has_value());
  }
  EXPECT_EQ(recorded.action_names[0][1], "1");
}

}  // namespace
}  // namespace qtot::test
