#include "qtot/games/all_sequences.h"

#include <algorithm>
#include <cstdint>

#include "qtot/base/error.h"

namespace qtot::games {
namespace {

using core::Action;

constexpr std::size_t kMostSequences = 10000;

void observe(env::Env& env, core::Episode& episode) {
  const int slot = episode.n_slots();
  episode.add_slot();
  std::vector<std::uint8_t> avail(
      static_cast<std::size_t>(env.spec().n_agents * env.spec().n_actions));
  env.observe(episode.obs(slot), episode.state(slot), avail);
  episode.set_avail(slot, avail);
}

core::Episode play(env::Env& env, const std::vector<std::vector<Action>>& path) {
  env::PhiloxChance chance(1, math::Stream::kReset, 0, 0);  // these games never ask
  core::Episode episode(env.spec());
  env.reset(chance);
  observe(env, episode);
  for (const std::vector<Action>& joint_action : path) {
    std::ranges::copy(joint_action, episode.actions(episode.n_slots() - 1).begin());
    const env::StepResult step = env.step(joint_action, chance);
    episode.add_reward(step.reward);
    episode.set_terminated(step.terminated);
    observe(env, episode);
  }
  return episode;
}

// The next joint action in ascending order, the last agent's changing fastest; false behind the last.
bool advance(std::vector<Action>& joint_action, int n_actions) {
  for (std::size_t n = joint_action.size(); n-- > 0;) {
    if (++joint_action[n] < n_actions) return true;
    joint_action[n] = 0;
  }
  return false;
}

}  // namespace

AllSequences::AllSequences(env::Env& env) {
  std::vector<JointAction> path;
  visit(env, path);
  for (const core::Episode& episode : episodes_) batch_.push_back(&episode);
}

void AllSequences::visit(env::Env& env, std::vector<JointAction>& path) {
  core::Episode episode = play(env, path);
  if (env.has_ended()) {
    if (episodes_.size() == kMostSequences) {
      throw Error("the game has more than " + std::to_string(kMostSequences) +
                  " sequences of joint actions; a batch of all of them takes a smaller one");
    }
    episodes_.push_back(std::move(episode));
    return;
  }
  JointAction joint_action(static_cast<std::size_t>(env.spec().n_agents), 0);
  do {
    path.push_back(joint_action);
    visit(env, path);
    path.pop_back();
  } while (advance(joint_action, env.spec().n_actions));
}

}  // namespace qtot::games
