#include "seats.h"

#include <algorithm>
#include <utility>

#include "qtot/base/error.h"
#include "qtot/env/chance.h"
#include "qtot/math/fp_environment.h"

namespace qtot::python {
namespace {

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

// Row i of an array that was asked for.
template <class T>
T* row(T* array, std::size_t i, std::size_t n) {
  return array == nullptr ? nullptr : array + i * n;
}

template <class T>
void put(T* array, std::size_t i, T value) {
  if (array != nullptr) array[i] = value;
}

}  // namespace

Streams Streams::of(const std::string& name) {
  if (name == "training") return {};
  if (name == "evaluation") {
    return {.reset = math::Stream::kEvaluationReset, .step = math::Stream::kEvaluationStep};
  }
  throw Error("stream: expected \"training\" or \"evaluation\", found \"" + name.substr(0, 64) +
              "\"");
}

// ---- one

Seat::Seat(std::unique_ptr<env::Env> env, Streams streams)
    : env_(std::move(env)), streams_(streams) {
  math::require_ieee_arithmetic();  // Python may have loaded anything
  avail_.resize(size_of(spec().n_agents) * size_of(spec().n_actions));
  joint_action_.resize(size_of(spec().n_agents));
}

void Seat::reset(std::uint64_t seed, core::Ticket ticket) {
  is_playing_ = false;  // where the environment throws
  seed_ = seed;
  ticket_ = ticket;
  step_ = 0;
  env::PhiloxChance chance(seed, streams_.reset, ticket, 0);
  env_->reset(chance);
  is_playing_ = true;
}

void Seat::require_playable(std::span<const std::int64_t> actions, const std::string& who) const {
  if (!is_playing_) throw Error(who + ": no episode is going on: call reset() first");
  const auto n_actions = size_of(spec().n_actions);
  for (std::size_t agent = 0; agent < joint_action_.size(); ++agent) {
    const std::int64_t action = actions[agent];
    const bool exists = action >= 0 && action < spec().n_actions;
    if (exists && avail_[agent * n_actions + static_cast<std::size_t>(action)] == 1) continue;
    throw Error(
        who + ": action " + std::to_string(action) + " of agent " + std::to_string(agent) +
        (exists ? " is not available" : ": expected 0 to " + std::to_string(spec().n_actions - 1)));
  }
}

env::StepResult Seat::step(std::span<const std::int64_t> actions) {
  is_playing_ = false;
  for (std::size_t agent = 0; agent < joint_action_.size(); ++agent) {
    joint_action_[agent] = static_cast<env::Action>(actions[agent]);
  }
  env::PhiloxChance chance(seed_, streams_.step, ticket_, step_++);
  const env::StepResult result = env_->step(joint_action_, chance);
  is_playing_ = !env_->has_ended();
  return result;
}

void Seat::observe(std::span<float> obs, std::span<float> state) {
  env_->observe(obs, state, avail_);
}

// ---- many

Seats::Seats(const std::string& name, const config::Map& args, std::size_t n, Streams streams,
             std::unique_ptr<Executor> executor)
    : executor_(std::move(executor)) {
  seats_.reserve(n);
  for (std::size_t i = 0; i < n; ++i) seats_.emplace_back(env::make_named(name, args), streams);
  n_begun_.resize(n);
  const core::DecPomdpSpec& spec = front().spec();
  scratch_.resize(executor_->n_workers());
  for (Scratch& scratch : scratch_) {
    scratch.obs.resize(size_of(spec.n_agents) * size_of(spec.obs_dim));
    scratch.state.resize(size_of(spec.state_dim));
  }
}

void Seats::restart(std::uint64_t seed) {
  seed_ = seed;
  std::ranges::fill(n_begun_, std::uint64_t{0});
  is_ready_ = false;
}

// In pieces of neighbours: a step is short beside what it takes to hand it out.
template <class Work>
void Seats::for_each(const Work& work) {
  constexpr std::size_t kPiecesPerWorker = 4;
  const std::size_t n_pieces = std::min(size(), executor_->n_workers() * kPiecesPerWorker);
  is_ready_ = false;  // where an environment throws
  executor_->for_each(n_pieces, [&](std::size_t piece, std::size_t worker) {
    const std::size_t end = (piece + 1) * size() / n_pieces;
    for (std::size_t i = piece * size() / n_pieces; i < end; ++i) work(i, scratch_[worker]);
  });
  is_ready_ = true;
}

void Seats::begin(std::size_t i) {
  seats_[i].reset(seed_, n_begun_[i]++ * size() + i);
}

void Seats::show(std::size_t i, Scratch& scratch, float* obs, float* state, std::uint8_t* avail) {
  seats_[i].observe({obs != nullptr ? obs : scratch.obs.data(), scratch.obs.size()},
                    {state != nullptr ? state : scratch.state.data(), scratch.state.size()});
  if (avail != nullptr) std::ranges::copy(seats_[i].avail(), avail);
}

void Seats::reset(const Rows& rows) {
  for_each([&](std::size_t i, Scratch& scratch) {
    begin(i);
    show(i, scratch, row(rows.obs, i, scratch.obs.size()), row(rows.state, i, scratch.state.size()),
         row(rows.avail, i, seats_[i].avail().size()));
  });
}

void Seats::step(const std::int64_t* actions, const Rows& rows) {
  const auto n_agents = size_of(front().spec().n_agents);
  if (!is_ready_) throw Error("step: no episodes are going on: call reset() first");
  for (std::size_t i = 0; i < size(); ++i) {
    seats_[i].require_playable({actions + i * n_agents, n_agents},
                               "actions[" + std::to_string(i) + "]");
  }
  for_each(
      [&](std::size_t i, Scratch& scratch) { play(i, actions + i * n_agents, rows, scratch); });
}

void Seats::play(std::size_t i, const std::int64_t* actions, const Rows& rows, Scratch& scratch) {
  Seat& seat = seats_[i];
  const auto n_agents = size_of(seat.spec().n_agents);
  const std::size_t n_obs = scratch.obs.size(), n_state = scratch.state.size();
  const env::StepResult result = seat.step({actions, n_agents});
  put(rows.rewards, i, result.reward);
  put(rows.terminated, i, result.terminated);
  put(rows.truncated, i, result.truncated);
  put(rows.won, i, result.won);
  if (double* const shares = row(rows.agent_rewards, i, n_agents)) {
    const std::span<const double> paid = seat.env().agent_rewards();
    if (paid.empty()) {
      std::fill(shares, shares + n_agents, static_cast<double>(result.reward));
    } else {
      std::ranges::copy(paid, shares);
    }
  }
  if (!seat.is_playing()) {
    if (rows.final_obs != nullptr || rows.final_state != nullptr || rows.final_avail != nullptr) {
      show(i, scratch, row(rows.final_obs, i, n_obs), row(rows.final_state, i, n_state),
           row(rows.final_avail, i, seat.avail().size()));
    }
    begin(i);
  }
  show(i, scratch, row(rows.obs, i, n_obs), row(rows.state, i, n_state),
       row(rows.avail, i, seat.avail().size()));
}

}  // namespace qtot::python
