#pragma once

namespace qtot::learner {

/// What people get wrong when they write this learner. No key of the configuration reaches these
/// switches: the oracle's diagnosis turns them on in the very learner that trains, to see whether a
/// mistake explains somebody's numbers. L is the length of an episode, T the longest of its batch.
struct Mistakes {
  /// Which rows enter the loss.
  enum class Mask {
    kRight,
    kNone,         // all T of every episode
    kDropsLast,    // filled[t+1] (1 - terminated[t]): the terminal step is lost
    kFilledSlots,  // filled[t]: slot L counts as a step
    kUnshifted,    // filled[t] (1 - terminated[t]): slot L counts in place of the terminal step
    kEarly,        // the right mask of step t + 1
    kLate,         // the right mask of step t - 1, none of step 0
  } mask = Mask::kRight;

  /// What the sum of squared errors is divided by.
  enum class Divisor {
    kTerms,       // right: valid steps, times agents for IQL
    kOne,         // the plain sum
    kAllSteps,    // B T, padding included
    kEpisodes,    // B
    kValidSteps,  // valid steps, though IQL has an error an agent
  } divisor = Divisor::kTerms;

  bool loss_ignores_mask = false;    // all T rows of every episode are squared and summed
  bool returns_ignore_mask = false;  // the recursion of the returns takes padding for steps
  /// What becomes of the value behind a terminal step, beside the right answer.
  enum class Terminal {
    kRight,
    kRecursionBootstraps,  // (1 - terminated[t]) is missing, the start of the recursion is right
    kStartBootstraps       // (1 - sum of terminated) is missing, the recursion is right
  } terminal = Terminal::kRight;

  bool ignores_avail = false;  // greedy actions over all actions, available or not
  bool target_ignores_avail =
      false;  // without double Q: the target network's own maximum, over all
  bool target_agent_is_online = false;  // the target mixer mixes the online network's utilities
  bool target_mixer_is_online = false;  // the online mixer mixes the target network's utilities
  bool values_of_own_slot = false;      // r[t] + gamma V[t] in place of V[t+1]
  bool target_state_of_step = false;    // the target mixer reads s[t] with the values of slot t + 1
  bool returns_forwards = false;        // the lambda recursion runs from the first step to the last
  bool returns_accumulate = false;      // ret[t] builds on ret[t-1], not on ret[t+1]
  bool reward_of_next_step = false;     // r[t+1] in place of r[t]
  bool last_action_of_slot = false;     // the input of slot t holds action[t], not action[t-1]
  /// How Weighted QMIX weighs, beside the right way.
  enum class Weighting {
    kRight,
    kComparesWithOnline,  // CW: y > Q*(s, u*) of the online central network
    kSwapped,             // alpha where 1 belongs and 1 where alpha does
  } weighting = Weighting::kRight;
  bool hidden_detached = false;  // QTRAN: the loss of Q_jt does not reach the agents
  bool forgets_hidden = false;   // the hidden state is zero in every slot

  bool operator==(const Mistakes&) const = default;
};

}  // namespace qtot::learner
