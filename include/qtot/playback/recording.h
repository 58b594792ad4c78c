#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qtot/env/drawing.h"
#include "qtot/mixers/mixer.h"
#include "qtot/rollout/play.h"

/// Replays: what a policy saw, thought and did, for people to look at (docs/replay.md).
namespace qtot::playback {

/// Slot t of an episode: what was seen before step t, and by which values the agents acted.
struct RecordedSlot {
  std::vector<float> utilities;       // [N, A]
  std::vector<std::uint8_t> avail;    // [N, A]  0 or 1
  std::vector<core::Action> actions;  // [N]  of slot L: what would have been done next
  std::optional<float> q_tot;         // of these actions; none without a mixing of values (iql)
  std::optional<env::Drawing> drawing;
  std::string text;  // Env::text()
};

struct RecordedEpisode {
  core::Ticket ticket = 0;
  std::vector<std::vector<std::string>> action_names;  // [N][A]
  std::vector<RecordedSlot> slots;                     // [L + 1]
  std::vector<float> rewards;                          // [L]
  rollout::EpisodeStats stats;
};

struct Recording {
  std::string title;       // what was played by what
  std::string checkpoint;  // where the policy comes from
  core::DecPomdpSpec spec;
  std::vector<RecordedEpisode> episodes;
};

/// Whose episodes are recorded. Pointers and weights belong to the caller.
struct Recorded {
  rollout::Policy policy;
  const mixers::Mixer<float>* mixer = nullptr;  // over the same weights as the policy
  rollout::PlayRules rules;
};

/// Plays the episode of `ticket` as Player::play() does, to the same bits, and keeps what there is to
/// see: the utilities are those that were acted by, Q_tot the mixer's at (chosen utilities, state).
RecordedEpisode record(rollout::Player& player, const Recorded& recorded, core::Ticket ticket);

}  // namespace qtot::playback
