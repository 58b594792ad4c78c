#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "qtot/core/episode.h"
#include "qtot/math/philox.h"

namespace qtot::test {

/// Uniform in [-1, 1), the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : seed_(seed) {}

  double next() {
    math::Draws draws({.seed = seed_, .stream = math::Stream::kInit, .ticket = n_++});
    return 2 * draws.uniform() - 1;
  }
  int below(int n) { return static_cast<int>((next() + 1) / 2 * n); }

  template <class T>
  void fill(std::span<T> values) {
    for (T& value : values) value = static_cast<T>(next());
  }

 private:
  std::uint64_t seed_;
  std::uint64_t n_ = 0;
};

/// An episode of random content in which every stored action is available.
inline core::Episode random_episode(const core::DecPomdpSpec& spec, int length, bool terminated,
                                    Random& random) {
  core::Episode episode(spec);
  std::vector<std::uint8_t> avail(static_cast<std::size_t>(spec.n_agents * spec.n_actions));
  for (int slot = 0; slot <= length; ++slot) {
    episode.add_slot();
    random.fill(episode.state(slot));
    random.fill(episode.obs(slot));
    for (std::uint8_t& a : avail) a = random.next() > -0.4 ? 1 : 0;
    for (int n = 0; n < spec.n_agents; ++n) {
      const int action = random.below(spec.n_actions);
      avail[static_cast<std::size_t>(n * spec.n_actions + action)] = 1;
      episode.actions(slot)[static_cast<std::size_t>(n)] = action;
    }
    episode.set_avail(slot, avail);
    if (slot < length) episode.add_reward(static_cast<float>(random.next()));
  }
  episode.set_terminated(terminated);
  return episode;
}

}  // namespace qtot::test
