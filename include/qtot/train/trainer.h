#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qtot/base/executor.h"
#include "qtot/checkpoint/state.h"
#include "qtot/config/training_config.h"
#include "qtot/learner/learner.h"
#include "qtot/replay/sampling.h"
#include "qtot/rollout/play.h"
#include "qtot/train/crew.h"
#include "qtot/train/prioritised_sampling.h"

namespace qtot::train {

/// Plays rounds of episodes: the flow graph of rollout/collect.h, or one thread where only the core of
/// qtot is built. Which one it is shows in no bit.
class RoundPlayer {
 public:
  virtual ~RoundPlayer() = default;
  /// Begins a round; `round` and what it points to must stay until wait() has returned.
  virtual void start(const rollout::Round& round) = 0;
  /// Returns when the round is over: the figures of its episodes, by ticket.
  virtual std::vector<rollout::EpisodeStats> wait() = 0;
};

/// Plays a round in wait(), on the calling thread.
class SerialRoundPlayer final : public RoundPlayer {
 public:
  explicit SerialRoundPlayer(std::unique_ptr<env::Env> env) : player_(std::move(env)) {}
  void start(const rollout::Round& round) override { round_ = round; }
  std::vector<rollout::EpisodeStats> wait() override {
    return rollout::collect_serial(player_, round_);
  }

 private:
  rollout::Player player_;
  rollout::Round round_;
};

/// The training loop of PyMARL: act, learn, publish. A round is batch_size_run episodes and, once the
/// ring holds a batch, n_updates_per_round updates (one in PyMARL), each on a batch of its own. Everything
/// that happens in round r is a function of the configuration and r: nothing here knows threads,
/// evaluation, files or time.
///
/// pipeline 0: round r is played by the policy that the updates of round r - 1 left.
/// pipeline 1: round r + 1 is played while those of round r are made, so by the policy that round r - 1
///             left: one round old.
class Trainer {
 public:
  struct RoundResult {
    double epsilon = 0;  // of the round
    std::vector<rollout::EpisodeStats> episodes;
    std::optional<learner::UpdateStats>
        update;  // the round's last; empty until the ring holds a batch
  };

  /// `player` and `executor` must outlive the trainer, as must `crew`, the ranks that train with this
  /// one; null for a run of one process.
  Trainer(const config::TrainingConfig& config, const core::DecPomdpSpec& spec, RoundPlayer& player,
          Executor& executor, Crew* crew = nullptr);
  ~Trainer();

  /// t_env > t_max, as PyMARL counts: the round that passes t_max is the last.
  bool finished() const { return t_env_ > config_.t_max; }

  RoundResult run_round();

  std::int64_t t_env() const { return t_env_; }      // environment steps, all environments together
  std::int64_t episode() const { return episode_; }  // episodes played
  std::int64_t update() const { return learner_.state().n_updates; }
  const learner::Learner<float>& learner() const { return learner_; }
  const replay::EpisodeRing& ring() const { return ring_; }

  /// The policy that the newest parameters give, for evaluation; valid until the next run_round().
  rollout::Policy policy() const;

  /// Of all training bits. Reads each episode of the ring once in its life.
  checkpoint::Digest digest();

  /// All that a resumed run needs to go on to the same bits, without configuration, evaluation and
  /// files. Borrows the ring's episodes: valid until the next run_round(). With a crew the first rank has
  /// all of it; the others, which must call it, too, have no episodes.
  checkpoint::State capture() const;
  /// Inverse, on a fresh trainer of the same configuration. Throws Error that names `what` (the
  /// checkpoint's path) when `state` does not fit.
  void restore(checkpoint::State state, const std::string& what);

 private:
  struct Snapshot {  // parameters that a running round acts by
    std::vector<float> values;
    std::vector<float> transposed;
  };

  double epsilon_now() const;
  double lr_factor() const;
  checkpoint::State capture_without_episodes() const;
  void start_round();
  void open_round();
  std::vector<rollout::EpisodeStats> wait_round();
  core::Batch batch();
  void expect_next_batch();
  learner::UpdateStats learn(std::int64_t episode);

  config::TrainingConfig config_;
  RoundPlayer& player_;
  Executor& executor_;
  Crew* crew_;
  learner::Learner<float> learner_;
  replay::EpisodeRing ring_;
  Snapshot acting_;
  rollout::Round round_;               // that is being played
  std::vector<core::Ticket> tickets_;  // of a batch
  std::vector<core::Ticket> next_tickets_;
  std::vector<const core::Episode*> batch_;
  std::optional<PrioritisedSampling> priorities_;  // with use_per
  std::vector<Fingerprint> prints_;                // of episodes, at ticket % buffer_size
  core::Ticket printed_ = 0;                       // tickets below it have theirs
  std::int64_t t_env_ = 0;
  std::int64_t episode_ = 0;
  core::Extras extras_;           // of every episode
  double epsilon_ = 0;            // of the round that is being played
  bool is_last_of_round_ = true;  // the update that is being made
  bool round_is_open_ = false;    // pipeline 1: a round was started that nobody waited for
};

}  // namespace qtot::train
