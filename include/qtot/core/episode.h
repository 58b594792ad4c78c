#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::core {

/// What an episode stores beside what every learner reads.
enum class Extras : std::uint8_t { kNone, kBehaviour };

/// One played episode of length L, ragged: slots 0 .. L and no padding. Slot t holds what was seen
/// before step t; slot L, the last, is what was seen after the last step and only bootstraps.
///
/// | field      | shape         | written by       | read by                     |
/// |------------|---------------|------------------|-----------------------------|
/// | state      | [L + 1, S]    | env.observe      | mixers                      |
/// | obs        | [L + 1, N, O] | env.observe      | agents                      |
/// | avail      | [L + 1, N, W] | env.observe      | acting, greedy choice       |
/// | actions    | [L + 1, N]    | acting           | chosen_qs, last action      |
/// | rewards    | [L]           | env.step         | returns                     |
/// | terminated |               | env.step         | returns: no bootstrap       |
/// | mu         | [L + 1, N]    | acting           | returns that weigh by it    |
///
/// `avail` is bit-packed: W = ceil(A / 64) words for each agent; bit a % 64 of word a / 64 is action a.
/// actions[L] is the action that the policy would have taken next (PyMARL stores it, too).
/// terminated = false means truncated: the time limit cut the episode and slot L bootstraps.
/// `mu` is the probability with which each agent took its stored action. Only an episode that was begun with
/// Extras::kBehaviour has it; others neither store nor send nor hash a byte of it.
///
/// An outline is an episode without slots: rewards and `terminated` alone, which is all that a process of
/// several needs to know of an episode that another one holds (docs/cluster.md).
///
/// reserve() costs address space alone: memory is taken page by page as slots are added, and finish() gives
/// back what only a longer episode before had filled. So a slot of the ring allocates once, and occupies
/// what its episode needs.
class Episode {
 public:
  Episode() = default;
  explicit Episode(const DecPomdpSpec& spec, Extras extras = Extras::kNone) { clear(spec, extras); }

  /// No slot, no step.
  void clear(const DecPomdpSpec& spec, Extras extras = Extras::kNone);

  /// Room for so many slots.
  void reserve(int n_slots);

  /// Adds slot n_slots(), all zero, and returns nothing; fill it through the spans below.
  void add_slot();
  void add_reward(float reward) { rewards_.push_back(reward); }
  void set_terminated(bool terminated) { terminated_ = terminated; }
  /// After the last slot: memory behind the content goes back to the system, where that is worth a call.
  void finish();

  const DecPomdpSpec& spec() const { return spec_; }
  int length() const { return static_cast<int>(rewards_.size()); }
  int n_slots() const { return n_slots_; }
  bool terminated() const { return terminated_; }

  std::span<float> state(int slot);  // [S]
  std::span<const float> state(int slot) const;
  std::span<float> obs(int slot);  // [N * O]
  std::span<const float> obs(int slot) const;
  std::span<Action> actions(int slot);  // [N]
  std::span<const Action> actions(int slot) const;
  std::span<const float> rewards() const { return rewards_; }  // [L]

  Extras extras() const { return extras_; }
  bool has_behaviour() const { return extras_ == Extras::kBehaviour; }
  std::span<float> mu(int slot);  // [N]; empty without behaviour
  std::span<const float> mu(int slot) const;

  /// avail of all agents at once, one byte (0 or 1) an action: [N * A].
  void set_avail(int slot, std::span<const std::uint8_t> avail);
  bool is_available(int slot, int agent, Action action) const {
    const std::size_t word =
        (static_cast<std::size_t>(slot) * n_agents() + static_cast<std::size_t>(agent)) *
            words_per_agent_ +
        static_cast<std::size_t>(action) / 64;
    return (avail_[word] >> (action % 64) & 1) != 0;
  }

  bool is_outline() const { return n_slots_ == 0 && !rewards_.empty(); }
  /// Makes this the outline of an episode.
  void set_outline(const DecPomdpSpec& spec, std::span<const float> rewards, bool terminated,
                   Extras extras = Extras::kNone);

  /// Makes an outline whole: gives all its slots memory and each array to `fill_array`, in the order avail,
  /// states, obs, actions, mu.
  template <class F>
  void fill(F&& fill_array) {
    for (int slot = 0; slot <= length(); ++slot) add_slot();
    fill_array(std::span(avail_));
    fill_array(std::span(state_));
    fill_array(std::span(obs_));
    fill_array(std::span(actions_));
    fill_array(std::span(mu_));
  }

  /// The stored arrays, for fingerprints and checkpoints.
  std::span<const float> all_states() const { return state_; }
  std::span<const float> all_obs() const { return obs_; }
  std::span<const std::uint64_t> all_avail() const { return avail_; }
  std::span<const Action> all_actions() const { return actions_; }
  std::span<const float> all_mu() const { return mu_; }

  /// Rebuilds an episode from stored arrays. Sizes must fit (QTOT_CHECK): readers of files check
  /// before they call. assign() allocates nothing where there is room.
  void assign(const DecPomdpSpec& spec, std::span<const float> states, std::span<const float> obs,
              std::span<const std::uint64_t> avail, std::span<const Action> actions,
              std::span<const float> rewards, bool terminated);
  static Episode from_arrays(const DecPomdpSpec& spec, std::span<const float> states,
                             std::span<const float> obs, std::span<const std::uint64_t> avail,
                             std::span<const Action> actions, std::span<const float> rewards,
                             bool terminated);

  /// Gives a whole episode what it stored as all_mu(); its size must fit (QTOT_CHECK).
  void set_behaviour(std::span<const float> mu);

  /// Bytes that the arrays occupy (their content, not their capacity).
  std::size_t n_bytes() const;
  /// The same for an episode of `length` steps of `spec`.
  static std::size_t n_bytes(const DecPomdpSpec& spec, int length, Extras extras = Extras::kNone);
  static std::size_t words_per_agent(const DecPomdpSpec& spec) {
    return (static_cast<std::size_t>(spec.n_actions) + 63) / 64;
  }

 private:
  std::size_t n_agents() const { return static_cast<std::size_t>(spec_.n_agents); }
  std::size_t mu_per_slot() const { return has_behaviour() ? n_agents() : 0; }

  DecPomdpSpec spec_;
  Extras extras_ = Extras::kNone;
  std::size_t words_per_agent_ = 0;
  int n_slots_ = 0;
  int most_slots_ = 0;  // since memory was last given back
  std::vector<float> state_;
  std::vector<float> obs_;
  std::vector<std::uint64_t> avail_;
  std::vector<Action> actions_;
  std::vector<float> rewards_;
  std::vector<float> mu_;
  bool terminated_ = false;
};

/// The episodes of one update, in the order that the tree of sums follows (ascending tickets when
/// sampled from the ring). Views: the episodes belong to the ring.
using Batch = std::span<const Episode* const>;

}  // namespace qtot::core
