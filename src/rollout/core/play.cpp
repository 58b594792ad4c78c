#include "qtot/rollout/play.h"

#include <algorithm>
#include <span>
#include <utility>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/check.h"
#include "qtot/env/chance.h"

namespace qtot::rollout {
namespace {

std::size_t size_of(math::Index n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

PlayRules training_rules(std::uint64_t seed, double epsilon, core::Extras extras) {
  return {.seed = seed,
          .epsilon = epsilon,
          .extras = extras,
          .reset_stream = math::Stream::kReset,
          .step_stream = math::Stream::kStep};
}

PlayRules evaluation_rules(std::uint64_t seed) {
  return {.seed = seed,
          .epsilon = 0,
          .reset_stream = math::Stream::kEvaluationReset,
          .step_stream = math::Stream::kEvaluationStep};
}

Player::Player(std::unique_ptr<env::Env> env) : env_(std::move(env)) {
  QTOT_CHECK(env_ != nullptr);
  avail_.resize(size_of(spec().n_agents) * size_of(spec().n_actions));
  utilities_.resize(avail_.size());
}

EpisodeStats Player::play(const Policy& policy, const PlayRules& rules, Ticket ticket,
                          core::Episode& episode, SlotObserver* observer) {
  QTOT_CHECK(policy.agent != nullptr);
  QTOT_CHECK(policy.agent->config().spec == spec());
  EpisodeStats stats;
  episode.clear(spec(), rules.extras);
  env::PhiloxChance reset_chance(rules.seed, rules.reset_stream, ticket, 0);
  env_->reset(reset_chance);

  for (bool ended = false;; ++stats.length) {
    observe(episode);
    act(policy, rules, ticket, episode);
    if (observer != nullptr) observer->on_slot(*env_, episode, utilities());
    if (ended) break;
    QTOT_CHECK_LT(stats.length, spec().episode_limit);  // else the environment forgot its limit

    env::PhiloxChance chance(rules.seed, rules.step_stream, ticket,
                             static_cast<std::uint32_t>(stats.length));
    const env::StepResult result = env_->step(std::as_const(episode).actions(stats.length), chance);
    episode.add_reward(result.reward);
    stats.episode_return += static_cast<double>(result.reward);
    QTOT_CHECK(!result.won || (result.terminated && env_->reports_wins()));
    stats.terminated = result.terminated;
    stats.won = result.won;
    ended = result.terminated || result.truncated;
  }
  episode.set_terminated(stats.terminated);
  episode.finish();
  return stats;
}

math::ConstMatView<float> Player::utilities() const {
  return math::view(utilities_.data(), spec().n_agents, spec().n_actions);
}

void Player::observe(core::Episode& episode) {
  episode.add_slot();
  const int slot = episode.n_slots() - 1;
  env_->observe(episode.obs(slot), episode.state(slot), avail_);
  episode.set_avail(slot, avail_);
}

void Player::act(const Policy& policy, const PlayRules& rules, Ticket ticket,
                 core::Episode& episode) {
  const agents::Agent<float>& agent = *policy.agent;
  const int slot = episode.n_slots() - 1;
  const math::Index n_agents = spec().n_agents;
  const math::Index n_one_hots = agents::n_one_hots(agent.config());
  one_hots_.resize(size_of(n_agents * n_one_hots));
  hidden_.resize(size_of(n_agents * agent.hidden_dim()));

  std::span<const core::Action> last_actions;  // none at slot 0
  if (slot > 0) last_actions = std::as_const(episode).actions(slot - 1);
  agents::write_one_hots(agent.config(), last_actions, one_hots_);
  const agents::Inputs<float> inputs = {
      .obs = math::view(std::as_const(episode).obs(slot).data(), n_agents, spec().obs_dim),
      .one_hots = {.columns = one_hots_.data(), .rows = n_agents, .per_row = n_one_hots}};

  // one slot of n_agents rows; the hidden state is carried over, zero before slot 0
  workspace_.reset();
  const math::MatView<float> utilities = math::view(utilities_.data(), n_agents, agent.n_actions());
  const bool has_hidden = slot > 0 && agent.hidden_dim() > 0;
  agent.forward(policy.weights, inputs, n_agents, has_hidden ? hidden_.data() : nullptr, workspace_,
                tape_, utilities);
  if (agent.hidden_dim() > 0) {
    math::view(hidden_.data(), n_agents, agent.hidden_dim()) = agent.final_hidden(tape_, n_agents);
  }

  agents::epsilon_greedy(math::as_const(utilities), episode, slot, rules.epsilon, rules.seed,
                         ticket, episode.actions(slot));
  if (!episode.has_behaviour()) return;
  agents::epsilon_greedy_probabilities(math::as_const(utilities), episode, slot, rules.epsilon,
                                       std::as_const(episode).actions(slot), episode.mu(slot));
}

core::Episode& slot_for(replay::EpisodeRing& ring, Ticket ticket, const core::DecPomdpSpec& spec,
                        core::Extras extras) {
  core::Episode& episode = ring.slot_for(ticket);
  episode.clear(spec, extras);
  episode.reserve(spec.episode_limit + 1);
  return episode;
}

std::vector<EpisodeStats> collect_serial(Player& player, const Round& round) {
  std::vector<EpisodeStats> stats;
  stats.reserve(round.count);
  core::Episode scratch;
  for (std::size_t i = 0; i < round.count; ++i) {
    const Ticket t = round.ticket(i);
    core::Episode& episode = round.ring != nullptr
                                 ? slot_for(*round.ring, t, player.spec(), round.rules.extras)
                                 : scratch;
    stats.push_back(player.play(round.policy, round.rules, t, episode));
    if (round.ring != nullptr) round.ring->publish(t);
    if (round.on_done) round.on_done(t, stats.back());
  }
  return stats;
}

}  // namespace qtot::rollout
