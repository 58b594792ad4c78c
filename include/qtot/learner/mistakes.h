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
    kDropsLast,    // filled[t] (1 - terminated[t]): the terminal step is lost
    kFilledSlots,  // filled[t]: slot L counts as a step
  } mask = Mask::kRight;

  /// What the sum of squared errors is divided by.
  enum class Divisor {
    kTerms,       // right: valid steps, times agents for IQL
    kOne,         // the plain sum
    kAllSteps,    // B T, padding included
    kEpisodes,    // B
    kValidSteps,  // valid steps, though IQL has an error an agent
  } divisor = Divisor::kTerms;

  bool ignores_avail = false;         // greedy actions over all actions, available or not
  bool values_of_own_slot = false;    // r[t] + gamma V[t] in place of V[t+1]
  bool target_state_of_step = false;  // the target mixer reads s[t] with the values of slot t + 1
  bool returns_forwards = false;      // the lambda recursion runs from the first step to the last
  bool reward_of_next_step = false;   // r[t+1] in place of r[t]
  bool last_action_of_slot = false;   // the input of slot t holds action[t], not action[t-1]
  bool forgets_hidden = false;        // the hidden state is zero in every slot

  bool operator==(const Mistakes&) const = default;
};

}  // namespace qtot::learner
