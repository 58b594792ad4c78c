#pragma once

#include <cstdint>
#include <span>

#include "qtot/core/episode.h"
#include "qtot/math/views.h"

namespace qtot::agents {

/// epsilon(t) = max(finish, start - (start - finish) / anneal * t), as PyMARL; t in environment steps.
double linear_epsilon(double start, double finish, std::int64_t anneal_time, std::int64_t t_env);

/// The first available action whose utility no other available one exceeds; 0 where none is available.
///
/// @param[in] utilities  [A]
template <class T>
core::Action greedy_action(const T* utilities, const core::Episode& episode, int slot, int agent);

/// For each agent: with probability epsilon one of its available actions, each as likely, else the
/// greedy one. Two draws of (seed, kExploration, ticket, step, index = agent): u = uniform(), explores
/// when u < epsilon, then below(number of available actions). epsilon = 0 draws nothing.
///
/// @param[in]  utilities [N, A]
/// @param[out] actions   [N]
void epsilon_greedy(math::ConstMatView<float> utilities, const core::Episode& episode, int slot,
                    double epsilon, std::uint64_t seed, core::Ticket ticket,
                    std::span<core::Action> actions);

/// The probability with which that takes each of `actions`: epsilon / n, n available actions, for the greedy
/// one 1 - epsilon more; 1 where none is available. In double, rounded once to a normal float.
///
/// @param[in]  utilities [N, A]
/// @param[in]  actions   [N]
/// @param[out] mu        [N], in (0, 1]
void epsilon_greedy_probabilities(math::ConstMatView<float> utilities, const core::Episode& episode,
                                  int slot, double epsilon, std::span<const core::Action> actions,
                                  std::span<float> mu);

}  // namespace qtot::agents
