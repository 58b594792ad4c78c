#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "qtot/agents/agent.h"
#include "qtot/core/episode.h"
#include "qtot/env/env.h"
#include "qtot/replay/sampling.h"

namespace qtot::rollout {

using core::Ticket;

/// Builds one environment. Called once per worker; must give the same environment each time.
using EnvFactory = std::function<std::unique_ptr<env::Env>()>;

/// Who acts: a network and one version of its parameters, both owned by the caller, who keeps them
/// unchanged while episodes are being played.
struct Policy {
  const agents::Agent<float>* agent = nullptr;
  nn::Weights<float> weights;
};

/// Where the chance of an episode comes from, and how much the agents explore.
struct PlayRules {
  std::uint64_t seed = 0;
  double epsilon = 0;                         // 0: greedy, and no exploration is drawn
  core::Extras extras = core::Extras::kNone;  // what the episodes store
  math::Stream reset_stream = math::Stream::kReset;
  math::Stream step_stream = math::Stream::kStep;
};

PlayRules training_rules(std::uint64_t seed, double epsilon,
                         core::Extras extras = core::Extras::kNone);

/// Greedy, on streams of its own: an evaluation cannot touch a bit of training, whatever its tickets.
PlayRules evaluation_rules(std::uint64_t seed);

/// What a played episode came to.
struct EpisodeStats {
  double episode_return = 0;  // rewards added in order, in double
  int length = 0;             // L
  bool terminated = false;    // false: the time limit cut it
  bool won = false;           // never where the environment does not report wins

  bool operator==(const EpisodeStats&) const = default;
};

/// Looks on while an episode is played, for replays. Changes nothing of it.
class SlotObserver {
 public:
  virtual ~SlotObserver() = default;

  /// Called once a slot, 0 .. L, after acting in the last slot of `episode` and before the step.
  /// utilities [N, A] are those that were acted by; `env` stands where the slot was observed.
  virtual void on_slot(const env::Env& env, const core::Episode& episode,
                       math::ConstMatView<float> utilities) = 0;
};

/// One worker: an environment of its own and the memory to act in it. An episode that is no longer
/// than an earlier one allocates nothing, apart from what the environment itself does.
class Player {
 public:
  explicit Player(std::unique_ptr<env::Env> env);

  const core::DecPomdpSpec& spec() const { return env_->spec(); }
  bool reports_wins() const { return env_->reports_wins(); }

  /// Plays one whole episode into `episode`, whose old content is overwritten. The result is a
  /// function of (parameters, rules, ticket) alone.
  ///
  ///   slot t: observe -> inputs -> agent -> epsilon-greedy -> step, t = 0 .. L - 1
  ///   slot L: observe -> inputs -> agent -> epsilon-greedy; actions[L] is stored and never played
  ///
  /// What the environment throws passes through; `episode` then holds a part of the episode. An
  /// `observer` changes no bit.
  EpisodeStats play(const Policy& policy, const PlayRules& rules, Ticket ticket,
                    core::Episode& episode, SlotObserver* observer = nullptr);

 private:
  math::ConstMatView<float> utilities() const;  // [N, A]
  void observe(core::Episode& episode);
  void act(const Policy& policy, const PlayRules& rules, Ticket ticket, core::Episode& episode);

  std::unique_ptr<env::Env> env_;
  nn::Workspace<float> workspace_;
  agents::Tape<float> tape_;
  std::vector<std::uint8_t> avail_;     // [N * A]
  std::vector<std::int32_t> one_hots_;  // [N, n_one_hots()]
  std::vector<float> utilities_;        // [N, A]
  std::vector<float> hidden_;           // [N, H]  after the last slot that was acted in
};

/// The slot of the ring that `ticket` fills, with room for the longest episode: one that grows in steps would
/// take up to twice the bound that is checked before a run (qtot/train/memory_bound.h).
core::Episode& slot_for(replay::EpisodeRing& ring, Ticket ticket, const core::DecPomdpSpec& spec,
                        core::Extras extras);

/// The episodes first, first + stride, ..., `count` of them, played by one policy under one set of rules.
struct Round {
  Ticket first = 0;
  std::size_t count = 0;
  std::size_t stride = 1;  // more where other processes play what is between

  Ticket ticket(std::size_t i) const { return first + i * stride; }

  Policy policy;
  PlayRules rules;
  /// Where the episodes go; it must admit them all. nullptr: nowhere (evaluation).
  replay::EpisodeRing* ring = nullptr;
  /// Sees the episodes in the order of their tickets, one at a time. May be empty.
  std::function<void(Ticket, const EpisodeStats&)> on_done = nullptr;
};

/// Plays a round on the calling thread; the definition of what Collector (collect.h) does on many.
/// Returns the stats of the episodes by ticket.
std::vector<EpisodeStats> collect_serial(Player& player, const Round& round);

}  // namespace qtot::rollout
