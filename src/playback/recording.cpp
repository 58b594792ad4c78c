#include "qtot/playback/recording.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "qtot/base/check.h"

namespace qtot::playback {
namespace {

class Recorder final : public rollout::SlotObserver {
 public:
  Recorder(const Recorded& recorded, RecordedEpisode& out) : recorded_(recorded), out_(out) {}

  void on_slot(const env::Env& env, const core::Episode& episode,
               math::ConstMatView<float> utilities) override {
    if (out_.slots.empty()) name_actions(env);
    const int slot = episode.n_slots() - 1;
    RecordedSlot& seen = out_.slots.emplace_back();
    seen.utilities.assign(utilities.data(), utilities.data() + utilities.size());
    seen.actions.assign(episode.actions(slot).begin(), episode.actions(slot).end());
    for (int agent = 0; agent < env.spec().n_agents; ++agent) {
      for (core::Action action = 0; action < env.spec().n_actions; ++action) {
        seen.avail.push_back(episode.is_available(slot, agent, action) ? 1 : 0);
      }
    }
    if (recorded_.mixer->n_outputs() == 1) seen.q_tot = q_tot(episode, slot, utilities);
    env::Drawing drawing;
    if (env.draw(drawing)) seen.drawing = std::move(drawing);
    seen.text = env.text();
  }

 private:
  void name_actions(const env::Env& env) {
    for (int agent = 0; agent < env.spec().n_agents; ++agent) {
      std::vector<std::string>& names = out_.action_names.emplace_back();
      for (core::Action action = 0; action < env.spec().n_actions; ++action) {
        names.push_back(env.action_name(agent, action));
      }
    }
  }

  static float best_available(const core::Episode& episode, int slot, int agent,
                              math::ConstMatView<float> utilities) {
    float best = -9999999;  // where none is, as in the learner
    for (core::Action action = 0; action < utilities.cols(); ++action) {
      if (!episode.is_available(slot, agent, action)) continue;
      best = std::max(best, utilities(agent, action));
    }
    return best;
  }

  float q_tot(const core::Episode& episode, int slot, math::ConstMatView<float> utilities) {
    std::vector<float> chosen_qs;  // [N]
    for (math::Index agent = 0; agent < utilities.rows(); ++agent) {
      chosen_qs.push_back(utilities(agent, episode.actions(slot)[static_cast<std::size_t>(agent)]));
    }
    float value = 0;
    workspace_.reset();
    std::vector<float> best_qs;         // [N]
    std::vector<std::int32_t> columns;  // [N]
    for (math::Index agent = 0; agent < utilities.rows(); ++agent) {
      best_qs.push_back(best_available(episode, slot, static_cast<int>(agent), utilities));
      columns.push_back(static_cast<std::int32_t>(
          agent * utilities.cols() + episode.actions(slot)[static_cast<std::size_t>(agent)]));
    }
    const mixers::MixerInputs<float> mixed = {
        .agent_qs = math::view(std::as_const(chosen_qs).data(), 1, utilities.rows()),
        .state = math::view(episode.state(slot).data(), 1, episode.spec().state_dim),
        .best_qs = math::view(std::as_const(best_qs).data(), 1, utilities.rows()),
        .joint_action = {.columns = columns.data(), .rows = 1, .per_row = utilities.rows()}};
    recorded_.mixer->forward(recorded_.policy.weights, mixed, workspace_, tape_,
                             math::view(&value, 1, 1));
    return value;
  }

  const Recorded& recorded_;
  RecordedEpisode& out_;
  nn::Workspace<float> workspace_;
  mixers::Tape<float> tape_;
};

}  // namespace

RecordedEpisode record(rollout::Player& player, const Recorded& recorded, core::Ticket ticket) {
  QTOT_CHECK(recorded.mixer != nullptr);
  RecordedEpisode out;
  out.ticket = ticket;
  Recorder recorder(recorded, out);
  core::Episode episode;
  out.stats = player.play(recorded.policy, recorded.rules, ticket, episode, &recorder);
  const auto rewards = std::as_const(episode).rewards();
  out.rewards.assign(rewards.begin(), rewards.end());
  return out;
}

}  // namespace qtot::playback
