#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "qtot/env/chance.h"

namespace qtot::envs::rware {

/// What an agent finds on the cell that it wants, beside the index of another agent.
inline constexpr int kNobody = -1;

/// Who may act when many want to move at once. An agent waits for the one that stands on the cell it
/// wants; one that wants its own cell (it turns, toggles, stays, or drives against a wall) waits for
/// itself.
///
///   - who waits for itself acts;
///   - agents that wait for each other in a circle act if they are three or more; two cannot swap;
///   - of all that wait, directly or through others, for one free cell, the longest queue moves up;
///   - nobody else acts.
///
/// Of equally long queues the one of the lowest index goes first, compared from the free cell backwards;
/// with `ties_are_drawn` a drawn one instead: the agents that tie are asked in index order, each with
/// chance 1 / (how many are left), site kTie and its own index, until one goes; the last is not asked.
///
/// Allocates in the constructor alone.
class Traffic {
 public:
  Traffic(int n_agents, bool ties_are_drawn);

  /// waits_for [N]: an agent, possibly oneself, or kNobody. cells [N]: the wanted cells, by any
  /// numbering. acts [N] is overwritten.
  void decide(std::span<const int> waits_for, std::span<const std::size_t> cells,
              env::Chance& chance, std::span<std::uint8_t> acts);

 private:
  void measure(std::span<const int> waits_for, std::span<std::uint8_t> acts);
  template <class Waits>
  int first_of(Waits waits, env::Chance& chance) const;

  bool ties_are_drawn_;
  std::vector<int> length_;  // of the longest queue that ends with the agent, itself included
};

}  // namespace qtot::envs::rware
