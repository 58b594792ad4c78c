#include "envs/rware/traffic.h"

#include <algorithm>

#include "envs/rware/options.h"

namespace qtot::envs::rware {
namespace {

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

Traffic::Traffic(int n_agents, bool ties_are_drawn)
    : ties_are_drawn_(ties_are_drawn), length_(size(n_agents)) {}

void Traffic::decide(std::span<const int> waits_for, std::span<const std::size_t> cells,
                     env::Chance& chance, std::span<std::uint8_t> acts) {
  measure(waits_for, acts);
  const int n_agents = static_cast<int>(length_.size());
  for (int front = 0; front < n_agents; ++front) {
    if (waits_for[size(front)] != kNobody) continue;
    const auto wants_it_too = [&](int a) {
      return waits_for[size(a)] == kNobody && cells[size(a)] == cells[size(front)];
    };
    bool is_new = true;  // each free cell is given once, when its first agent comes up
    for (int a = 0; a < front; ++a) is_new = is_new && !wants_it_too(a);
    if (!is_new) continue;
    int ahead = first_of(wants_it_too, chance);
    while (ahead != kNobody) {
      acts[size(ahead)] = 1;
      ahead = first_of([&](int a) { return waits_for[size(a)] == ahead; }, chance);
    }
  }
}

// Follows everybody's queue to its front: settles who waits for itself or in a circle, and measures the
// queues. Lengths on and before circles mean nothing and are not used.
void Traffic::measure(std::span<const int> waits_for, std::span<std::uint8_t> acts) {
  const int n_agents = static_cast<int>(length_.size());
  std::fill(length_.begin(), length_.end(), 1);
  for (int a = 0; a < n_agents; ++a) {
    int ahead = a;
    int n = 0;
    do {
      ++n;
      length_[size(ahead)] = std::max(length_[size(ahead)], n);
      ahead = waits_for[size(ahead)];
    } while (ahead != kNobody && ahead != a && n < n_agents);
    acts[size(a)] = ahead == a && n != 2;
  }
}

// The agent with the longest queue among those for whom waits(agent) holds; kNobody if there are none.
template <class Waits>
int Traffic::first_of(Waits waits, env::Chance& chance) const {
  const int n_agents = static_cast<int>(length_.size());
  int longest = 0;
  int n_left = 0;
  for (int a = 0; a < n_agents; ++a) {
    if (!waits(a) || length_[size(a)] < longest) continue;
    n_left = length_[size(a)] == longest ? n_left + 1 : 1;
    longest = length_[size(a)];
  }
  for (int a = 0; a < n_agents; ++a) {
    if (!waits(a) || length_[size(a)] != longest) continue;
    if (!ties_are_drawn_ || n_left == 1 || chance.happens(kTie, a, 1.0 / n_left)) return a;
    --n_left;
  }
  return kNobody;
}

}  // namespace qtot::envs::rware
