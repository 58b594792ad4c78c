#include "checkpoint/example_state.h"

#include <array>

namespace qtot::test {
namespace {

std::shared_ptr<const core::Episode> example_episode(const core::DecPomdpSpec& spec, int length,
                                                     bool terminated) {
  auto episode = std::make_shared<core::Episode>(spec);
  for (int slot = 0; slot <= length; ++slot) {
    episode->add_slot();
    episode->state(slot)[0] = static_cast<float>(slot) + 0.5F;
    for (std::size_t i = 0; i < 4; ++i) episode->obs(slot)[i] = static_cast<float>(i);
    const std::array<std::uint8_t, 6> avail = {1, 1, 0, 0, 1, 1};
    episode->set_avail(slot, avail);
    episode->actions(slot)[0] = slot % 2;
    episode->actions(slot)[1] = 2;
    if (slot < length) episode->add_reward(static_cast<float>(-slot));
  }
  episode->set_terminated(terminated);
  return episode;
}

}  // namespace

checkpoint::State example_state() {
  checkpoint::State state;
  state.config = "name: qmix\n";
  state.training_keys = {{"gamma", "0.99"}, {"lr", "0.0005"}};
  state.t_env = 345;
  state.episode = 12;
  state.tensors = {{"agent.w", {2, 2}}, {"agent.b", {2}}, {"mixer.b", {1}}};
  state.learner.params = {1, 2, 3, 4, 5, 6, 7};
  state.learner.target_params = {8, 9, 10, 11, 12, 13, 14};
  state.learner.optimiser.first = {0.5, 0, 0, 0, 0, 0, 1};
  state.learner.optimiser.second = {0.25, 0, 0, 0, 0, 0, 2};
  state.learner.optimiser.n_steps = 4;
  state.learner.n_updates = 4;
  state.learner.last_target_update_episode = 8;
  state.learner.rewards = {.mean = 0.5, .variance = 2, .count = 64};
  state.acting_params = {-1, -2, -3, -4, -5, -6, -7};
  state.spec = {.n_agents = 2, .n_actions = 3, .obs_dim = 2, .state_dim = 1, .episode_limit = 3};
  state.episodes = {{5, example_episode(state.spec, 2, true)},
                    {6, example_episode(state.spec, 1, false)}};
  state.counters = {{"last_log_t", 300}, {"last_test_t", -1}};
  state.accumulators = {{"return_mean", {1.5, -2}}};
  state.sink_positions = {{"metrics.jsonl", 1234}};
  return state;
}

}  // namespace qtot::test
