#include "qtot/agents/epsilon_greedy.h"

#include <algorithm>
#include <limits>

#include "qtot/base/check.h"
#include "qtot/math/philox.h"
#include "qtot/math/scalars.h"

namespace qtot::agents {
namespace {

// the `rank`-th available action, counted from 0
core::Action available_action(const core::Episode& episode, int slot, int agent,
                              std::uint32_t rank) {
  for (core::Action a = 0; a < episode.spec().n_actions; ++a) {
    if (!episode.is_available(slot, agent, a)) continue;
    if (rank == 0) return a;
    --rank;
  }
  return 0;
}

std::uint32_t n_available(const core::Episode& episode, int slot, int agent) {
  std::uint32_t n = 0;
  for (core::Action a = 0; a < episode.spec().n_actions; ++a) {
    if (episode.is_available(slot, agent, a)) ++n;
  }
  return n;
}

}  // namespace

double linear_epsilon(double start, double finish, std::int64_t anneal_time, std::int64_t t_env) {
  QTOT_CHECK_GE(anneal_time, 1);
  const double slope = (start - finish) / static_cast<double>(anneal_time);
  const double decline = slope * static_cast<double>(t_env);
  return std::max(finish, start - decline);
}

template <class T>
core::Action greedy_action(const T* utilities, const core::Episode& episode, int slot, int agent) {
  if (slot >= episode.n_slots()) return 0;
  core::Action best = -1;
  for (core::Action a = 0; a < episode.spec().n_actions; ++a) {
    if (!episode.is_available(slot, agent, a)) continue;
    if (best < 0 || utilities[a] > utilities[best]) best = a;
  }
  return std::max(best, 0);
}

void epsilon_greedy(math::ConstMatView<float> utilities, const core::Episode& episode, int slot,
                    double epsilon, std::uint64_t seed, core::Ticket ticket,
                    std::span<core::Action> actions) {
  QTOT_CHECK_EQ(static_cast<std::size_t>(utilities.rows()), actions.size());
  for (std::size_t n = 0; n < actions.size(); ++n) {
    const int agent = static_cast<int>(n);
    if (epsilon > 0) {
      math::Draws draws({.seed = seed,
                         .stream = math::Stream::kExploration,
                         .ticket = ticket,
                         .step = static_cast<std::uint32_t>(slot),
                         .site = 0,
                         .index = static_cast<std::uint16_t>(n)});
      const bool explores = draws.uniform() < epsilon;
      const std::uint32_t choices = explores ? n_available(episode, slot, agent) : 0;
      if (choices > 0) {
        actions[n] = available_action(episode, slot, agent, draws.below(choices));
        continue;
      }
    }
    const math::Index row = static_cast<math::Index>(n);
    actions[n] =
        greedy_action(utilities.data() + row * utilities.outerStride(), episode, slot, agent);
  }
}

void epsilon_greedy_probabilities(math::ConstMatView<float> utilities, const core::Episode& episode,
                                  int slot, double epsilon, std::span<const core::Action> actions,
                                  std::span<float> mu) {
  QTOT_CHECK_EQ(static_cast<std::size_t>(utilities.rows()), actions.size());
  QTOT_CHECK_EQ(mu.size(), actions.size());
  for (std::size_t n = 0; n < actions.size(); ++n) {
    const int agent = static_cast<int>(n);
    const math::Index row = static_cast<math::Index>(n);
    const core::Action greedy =
        greedy_action(utilities.data() + row * utilities.outerStride(), episode, slot, agent);
    const std::uint32_t choices = n_available(episode, slot, agent);
    const double explored = choices > 0 ? epsilon / choices : epsilon;
    const double exploited = actions[n] == greedy ? 1 - epsilon : 0;
    mu[n] = std::max(static_cast<float>(explored + exploited), std::numeric_limits<float>::min());
  }
}

#define QTOT_INSTANTIATE(T) \
  template core::Action greedy_action<T>(const T*, const core::Episode&, int, int);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::agents
