#include "qtot/core/episode.h"

#include <algorithm>

#include "qtot/base/check.h"
#include "qtot/base/memory.h"

namespace qtot::core {
namespace {

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

template <class T>
std::span<T> part(std::span<T> all, int slot, std::size_t width) {
  return all.subspan(size_of(slot) * width, width);
}

// The memory behind the content that the longest episode filled.
template <class T>
void give_back(std::vector<T>& content, std::size_t most) {
  const std::size_t filled = std::min(most, content.capacity());
  if (filled <= content.size()) return;
  release_pages(content.data() + content.size(), (filled - content.size()) * sizeof(T));
}

}  // namespace

void Episode::clear(const DecPomdpSpec& spec, Extras extras) {
  spec_ = spec;
  extras_ = extras;
  words_per_agent_ = words_per_agent(spec);
  n_slots_ = 0;
  state_.clear();
  obs_.clear();
  avail_.clear();
  actions_.clear();
  rewards_.clear();
  mu_.clear();
  terminated_ = false;
}

void Episode::reserve(int n_slots) {
  const std::size_t n = size_of(n_slots);
  state_.reserve(n * size_of(spec_.state_dim));
  obs_.reserve(n * n_agents() * size_of(spec_.obs_dim));
  avail_.reserve(n * n_agents() * words_per_agent_);
  actions_.reserve(n * n_agents());
  rewards_.reserve(n);
  mu_.reserve(n * mu_per_slot());
}

void Episode::finish() {
  if (n_slots_ < most_slots_) {
    const std::size_t most = size_of(most_slots_);
    give_back(state_, most * size_of(spec_.state_dim));
    give_back(obs_, most * n_agents() * size_of(spec_.obs_dim));
    give_back(avail_, most * n_agents() * words_per_agent_);
    give_back(actions_, most * n_agents());
    give_back(mu_, most * mu_per_slot());
  }
  most_slots_ = n_slots_;
}

void Episode::add_slot() {
  ++n_slots_;
  most_slots_ = std::max(most_slots_, n_slots_);
  const std::size_t n = size_of(n_slots_);
  state_.resize(n * size_of(spec_.state_dim));
  obs_.resize(n * n_agents() * size_of(spec_.obs_dim));
  avail_.resize(n * n_agents() * words_per_agent_);
  actions_.resize(n * n_agents());
  mu_.resize(n * mu_per_slot());
}

std::span<float> Episode::state(int slot) {
  return part(std::span(state_), slot, size_of(spec_.state_dim));
}
std::span<const float> Episode::state(int slot) const {
  return part(std::span(state_), slot, size_of(spec_.state_dim));
}
std::span<float> Episode::obs(int slot) {
  return part(std::span(obs_), slot, n_agents() * size_of(spec_.obs_dim));
}
std::span<const float> Episode::obs(int slot) const {
  return part(std::span(obs_), slot, n_agents() * size_of(spec_.obs_dim));
}
std::span<Action> Episode::actions(int slot) {
  return part(std::span(actions_), slot, n_agents());
}
std::span<const Action> Episode::actions(int slot) const {
  return part(std::span(actions_), slot, n_agents());
}

std::span<float> Episode::mu(int slot) {
  return part(std::span(mu_), slot, mu_per_slot());
}
std::span<const float> Episode::mu(int slot) const {
  return part(std::span(mu_), slot, mu_per_slot());
}

void Episode::set_avail(int slot, std::span<const std::uint8_t> avail) {
  const std::size_t n_actions = size_of(spec_.n_actions);
  QTOT_CHECK_EQ(avail.size(), n_agents() * n_actions);
  const std::span<std::uint64_t> words =
      part(std::span(avail_), slot, n_agents() * words_per_agent_);
  std::ranges::fill(words, 0);
  for (std::size_t n = 0; n < n_agents(); ++n) {
    for (std::size_t a = 0; a < n_actions; ++a) {
      const std::uint64_t bit = avail[n * n_actions + a] != 0 ? 1 : 0;
      words[n * words_per_agent_ + a / 64] |= bit << (a % 64);
    }
  }
}

void Episode::set_outline(const DecPomdpSpec& spec, std::span<const float> rewards, bool terminated,
                          Extras extras) {
  clear(spec, extras);
  rewards_.assign(rewards.begin(), rewards.end());
  terminated_ = terminated;
}

void Episode::assign(const DecPomdpSpec& spec, std::span<const float> states,
                     std::span<const float> obs, std::span<const std::uint64_t> avail,
                     std::span<const Action> actions, std::span<const float> rewards,
                     bool terminated) {
  set_outline(spec, rewards, terminated);
  const std::size_t n_slots = rewards.size() + 1;
  QTOT_CHECK_EQ(states.size(), n_slots * size_of(spec.state_dim));
  QTOT_CHECK_EQ(obs.size(), n_slots * n_agents() * size_of(spec.obs_dim));
  QTOT_CHECK_EQ(avail.size(), n_slots * n_agents() * words_per_agent(spec));
  QTOT_CHECK_EQ(actions.size(), n_slots * n_agents());
  n_slots_ = static_cast<int>(n_slots);
  most_slots_ = std::max(most_slots_, n_slots_);
  state_.assign(states.begin(), states.end());
  obs_.assign(obs.begin(), obs.end());
  avail_.assign(avail.begin(), avail.end());
  actions_.assign(actions.begin(), actions.end());
}

Episode Episode::from_arrays(const DecPomdpSpec& spec, std::span<const float> states,
                             std::span<const float> obs, std::span<const std::uint64_t> avail,
                             std::span<const Action> actions, std::span<const float> rewards,
                             bool terminated) {
  Episode episode;
  episode.assign(spec, states, obs, avail, actions, rewards, terminated);
  return episode;
}

void Episode::set_behaviour(std::span<const float> mu) {
  QTOT_CHECK_EQ(mu.size(), size_of(n_slots_) * n_agents());
  extras_ = Extras::kBehaviour;
  mu_.assign(mu.begin(), mu.end());
}

std::size_t Episode::n_bytes() const {
  return n_bytes(spec_, length(), extras_);
}

std::size_t Episode::n_bytes(const DecPomdpSpec& spec, int length, Extras extras) {
  const std::size_t n_agents = size_of(spec.n_agents);
  const std::size_t mu = extras == Extras::kBehaviour ? n_agents * sizeof(float) : 0;
  const std::size_t slot =
      size_of(spec.state_dim) * sizeof(float) + n_agents * size_of(spec.obs_dim) * sizeof(float) +
      n_agents * words_per_agent(spec) * sizeof(std::uint64_t) + n_agents * sizeof(Action) + mu;
  return (size_of(length) + 1) * slot + size_of(length) * sizeof(float);
}

}  // namespace qtot::core
