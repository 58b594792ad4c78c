#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "qtot/base/executor.h"
#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/env/env.h"

/// Native environments for callers who choose the actions themselves.
namespace qtot::python {

/// Where the chance of episodes comes from: that of training, which `qtot env play` has, too, or that of
/// evaluations. Throws Error for another name than "training" and "evaluation".
struct Streams {
  math::Stream reset = math::Stream::kReset;
  math::Stream step = math::Stream::kStep;

  static Streams of(const std::string& name);
};

/// One environment, the episode that it is in, and which actions are available there. What the caller does wrong
/// is an Error, and nothing has changed.
class Seat {
 public:
  Seat(std::unique_ptr<env::Env> env, Streams streams);

  const core::DecPomdpSpec& spec() const { return env_->spec(); }
  const env::Env& env() const { return *env_; }
  core::Ticket ticket() const { return ticket_; }
  bool is_playing() const { return is_playing_; }

  /// Begins the episode `ticket` of `seed`.
  void reset(std::uint64_t seed, core::Ticket ticket);
  /// Throws Error unless reset() has begun an episode that has not ended and the actions [N] are available
  /// ones; `who` begins the sentence.
  void require_playable(std::span<const std::int64_t> actions, const std::string& who) const;
  /// Plays a step of actions that are playable.
  env::StepResult step(std::span<const std::int64_t> actions);
  /// obs [N * O], state [S]; avail_ remembers what is available.
  void observe(std::span<float> obs, std::span<float> state);
  std::span<const std::uint8_t> avail() const { return avail_; }  // [N * A]

 private:
  std::unique_ptr<env::Env> env_;
  Streams streams_;
  std::uint64_t seed_ = 0;
  core::Ticket ticket_ = 0;
  std::uint32_t step_ = 0;
  bool is_playing_ = false;
  std::vector<std::uint8_t> avail_;
  std::vector<env::Action> joint_action_;
};

/// Memory of the caller, for all environments: n rows each. null: not asked for.
struct Rows {
  float* obs = nullptr;             // [n, N, O]
  float* state = nullptr;           // [n, S]
  std::uint8_t* avail = nullptr;    // [n, N, A]
  float* rewards = nullptr;         // [n]
  double* agent_rewards = nullptr;  // [n, N]; the team's for each where the rules pay the team
  bool* terminated = nullptr;       // [n]
  bool* truncated = nullptr;        // [n]
  bool* won = nullptr;              // [n]
  // of the slot behind the last step, only in rows whose episode ended
  float* final_obs = nullptr;
  float* final_state = nullptr;
  std::uint8_t* final_avail = nullptr;
};

/// n seats side by side. Environment i writes row i; its episode k has the ticket k * n + i. One that has ended
/// begins its next episode in the same step. No result depends on the executor.
class Seats {
 public:
  /// Throws Error as env::make_named.
  Seats(const std::string& name, const config::Map& args, std::size_t n, Streams streams,
        std::unique_ptr<Executor> executor);

  std::size_t size() const { return seats_.size(); }
  const Seat& front() const { return seats_.front(); }
  core::Ticket ticket(std::size_t i) const { return seats_[i].ticket(); }

  /// From now on episodes are those of `seed`, from k = 0.
  void restart(std::uint64_t seed);
  /// Begins the next episode of every environment; fills obs, state and avail.
  void reset(const Rows& rows);
  /// actions [n, N]. Throws Error before anything is played when one cannot be. When an environment throws,
  /// only reset() may follow.
  void step(const std::int64_t* actions, const Rows& rows);

 private:
  struct Scratch {
    std::vector<float> obs;    // [N * O]
    std::vector<float> state;  // [S]
  };

  template <class Work>
  void for_each(const Work& work);  // work(i, scratch)
  void begin(std::size_t i);
  void show(std::size_t i, Scratch& scratch, float* obs, float* state, std::uint8_t* avail);
  void play(std::size_t i, const std::int64_t* actions, const Rows& rows, Scratch& scratch);

  std::vector<Seat> seats_;
  std::vector<std::uint64_t> n_begun_;  // episodes of each
  std::vector<Scratch> scratch_;        // of each worker
  std::unique_ptr<Executor> executor_;
  std::uint64_t seed_ = 0;
  bool is_ready_ = false;
};

}  // namespace qtot::python
