#include "bench/synthetic.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "qtot/base/error.h"

namespace qtot::bench {
namespace {

const std::map<std::string, core::DecPomdpSpec>& shapes() {
  const auto spec = [](int n, int a, int o, int s, int t) {
    return core::DecPomdpSpec{
        .n_agents = n, .n_actions = a, .obs_dim = o, .state_dim = s, .episode_limit = t};
  };
  static const std::map<std::string, core::DecPomdpSpec> all = {
      {"3m", spec(3, 9, 30, 48, 60)},
      {"2s3z", spec(5, 11, 80, 120, 120)},
      {"8m_vs_9m", spec(8, 15, 85, 179, 120)},
      {"MMM2", spec(10, 18, 176, 322, 180)},
      {"27m_vs_30m", spec(27, 36, 285, 1170, 180)},
      {"stag_hunt_small", spec(4, 6, 75, 108, 60)},
  };
  return all;
}

[[noreturn]] void refuse_shape(const std::string& text) {
  std::string names;
  for (const std::string& name : known_shapes()) names += " " + name;
  throw Error("--shape " + text + ": expected one of" + names +
              ", or five numbers A,U,O,S,T (agents, actions, observation, state, limit), each in "
              "[1, 65536]");
}

}  // namespace

std::vector<std::string> known_shapes() {
  std::vector<std::string> names;
  for (const auto& [name, spec] : shapes()) names.push_back(name);
  return names;
}

core::DecPomdpSpec parse_shape(const std::string& text) {
  if (const auto found = shapes().find(text); found != shapes().end()) return found->second;
  constexpr int kMaxSize = 65536;
  std::vector<int> numbers;
  const char* next = text.data();
  const char* const end = next + text.size();
  while (next < end) {
    int number = 0;
    const auto [rest, error] = std::from_chars(next, end, number);
    if (error != std::errc() || number < 1 || number > kMaxSize) refuse_shape(text);
    numbers.push_back(number);
    if (rest != end && *rest != ',') refuse_shape(text);
    next = rest == end ? end : rest + 1;
  }
  if (numbers.size() != 5) refuse_shape(text);
  return {.n_agents = numbers[0],
          .n_actions = numbers[1],
          .obs_dim = numbers[2],
          .state_dim = numbers[3],
          .episode_limit = numbers[4]};
}

// Knuth's linear congruence; the high bits are the good ones.
double Random::next() {
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<double>(state_ >> 40) * 0x1p-24;
}

std::uint32_t Random::below(std::uint32_t n) {
  return static_cast<std::uint32_t>(next() * n);
}

std::vector<int> draw_lengths(const std::string& kind, int limit, int n_episodes, Random& random) {
  int shortest = limit;
  int longest = limit;
  double share = 0;
  const auto [rest, error] = std::from_chars(kind.data(), kind.data() + kind.size(), share);
  const bool is_number = error == std::errc() && rest == kind.data() + kind.size();
  if (kind == "ragged") {
    shortest = limit / 4;
  } else if (kind == "half") {
    shortest = limit / 4;
    longest = limit - shortest;
  } else if (is_number && share > 0 && share <= 1) {
    shortest = longest = static_cast<int>(share * limit);
  } else if (kind != "full") {
    throw Error("--lengths " + kind +
                ": expected full, ragged, half or a share of the limit in (0, 1]");
  }
  shortest = std::max(1, shortest);
  longest = std::max(shortest, longest);
  std::vector<int> lengths;
  for (int b = 0; b < n_episodes; ++b) {
    const auto n = static_cast<std::uint32_t>(longest - shortest + 1);
    lengths.push_back(shortest + static_cast<int>(random.below(n)));
  }
  return lengths;
}

void make_up(const core::DecPomdpSpec& spec, int length, Random& random, core::Episode& episode) {
  const std::vector<std::uint8_t> avail(
      static_cast<std::size_t>(spec.n_agents) * static_cast<std::size_t>(spec.n_actions), 1);
  episode.clear(spec);
  episode.reserve(spec.episode_limit + 1);
  for (int slot = 0; slot <= length; ++slot) {
    episode.add_slot();
    for (float& x : episode.state(slot)) x = static_cast<float>(random.next());
    for (float& x : episode.obs(slot)) x = static_cast<float>(random.next());
    for (core::Action& action : episode.actions(slot)) {
      action = static_cast<core::Action>(random.below(static_cast<std::uint32_t>(spec.n_actions)));
    }
    episode.set_avail(slot, avail);
    if (slot < length) episode.add_reward(static_cast<float>(random.next()));
  }
  episode.set_terminated(true);
  episode.finish();
}

}  // namespace qtot::bench
