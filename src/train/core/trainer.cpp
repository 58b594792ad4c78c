#include "qtot/train/trainer.h"

#include <algorithm>

#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::train {
namespace {

replay::RingShape ring_shape(const config::TrainingConfig& config) {
  const auto round = static_cast<std::size_t>(config.batch_size_run);
  return {.capacity = static_cast<std::size_t>(config.buffer_size),
          .round = round,
          .in_flight = round * static_cast<std::size_t>(1 + config.pipeline)};
}

}  // namespace

Trainer::Trainer(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                 RoundPlayer& player, Executor& executor, Crew* crew)
    : config_(config),
      player_(player),
      executor_(executor),
      crew_(crew),
      learner_(learner::make_network<float>(config, spec), learner::learner_config(config),
               config.seed, executor),
      ring_(ring_shape(config)),
      tickets_(static_cast<std::size_t>(config.batch_size)),
      next_tickets_(tickets_.size()),
      batch_(tickets_.size()),
      prints_(static_cast<std::size_t>(config.buffer_size)),
      extras_(learner::extras_of(learner::learner_config(config))) {
  if (config.use_per) priorities_.emplace(config);
  if (crew_ != nullptr) learner_.share_with(crew_->peers());
}

Trainer::~Trainer() {
  if (!round_is_open_) return;
  try {
    player_.wait();  // the round writes into the ring
  } catch (...) {    // the caller left without asking for it
  }
}

// The page to read first: one round of the algorithm.
Trainer::RoundResult Trainer::run_round() {
  // act: with pipeline 1 this round is already being played
  if (!round_is_open_) start_round();
  RoundResult result{.epsilon = epsilon_, .episodes = wait_round(), .update = {}};
  for (const rollout::EpisodeStats& stats : result.episodes) t_env_ += stats.length;
  ring_.advance(static_cast<core::Ticket>(episode_ + config_.batch_size_run));
  if (priorities_) priorities_->advance(ring_.end());

  // the next round, by the policy as it is before this round's update
  const std::int64_t learning_episode = episode_;
  episode_ += config_.batch_size_run;
  if (config_.pipeline == 1 && !finished()) start_round();

  // learn; PyMARL counts the episodes of this round only afterwards
  if (replay::can_sample(ring_.oldest(), ring_.end(), tickets_.size())) {
    for (int i = 1; i <= config_.n_updates_per_round; ++i) {
      is_last_of_round_ = i == config_.n_updates_per_round;
      result.update = learn(learning_episode);
    }
  }
  ring_.release();
  return result;
}

void Trainer::start_round() {
  epsilon_ = epsilon_now();
  // publish: a copy, since with pipeline 1 the learner moves on meanwhile
  const nn::Weights<float> weights = learner_.weights();
  const std::size_t n_params = learner_.state().params.size();
  acting_.values.assign(weights.values, weights.values + n_params);
  acting_.transposed.assign(weights.transposed, weights.transposed + n_params);
  open_round();
}

void Trainer::open_round() {
  round_ = {.first = static_cast<core::Ticket>(episode_),
            .count = static_cast<std::size_t>(config_.batch_size_run),
            .policy = {.agent = learner_.network().agent.get(),
                       .weights = {.values = acting_.values.data(),
                                   .transposed = acting_.transposed.data()}},
            .rules = rollout::training_rules(config_.seed, epsilon_, extras_),
            .ring = &ring_};
  player_.start(crew_ == nullptr ? round_ : crew_->part_of(round_));
  round_is_open_ = true;
}

std::vector<rollout::EpisodeStats> Trainer::wait_round() {
  round_is_open_ = false;  // also where it fails
  std::vector<rollout::EpisodeStats> stats = player_.wait();
  return crew_ == nullptr ? stats : crew_->share(round_, stats);
}

learner::UpdateStats Trainer::learn(std::int64_t episode) {
  const auto k = static_cast<std::uint64_t>(update());
  if (!priorities_) {
    replay::sample_batch(config_.seed, k, ring_.oldest(), ring_.end(), tickets_);
    return learner_.update(batch(), episode, nullptr, {}, tickets_, lr_factor());
  }
  priorities_->sample(k, t_env_, tickets_);
  const learner::UpdateStats stats =
      learner_.update(batch(), episode, nullptr, priorities_->weights(), tickets_, lr_factor());
  priorities_->learn(learner_, ring_, tickets_);
  return stats;
}

core::Batch Trainer::batch() {
  if (crew_ != nullptr) {
    const core::Batch episodes = crew_->bring(ring_, tickets_, update());
    // by priority the next batch is known when this update has been made
    if (!priorities_) expect_next_batch();
    return episodes;
  }
  std::ranges::transform(tickets_, batch_.begin(),
                         [&](core::Ticket ticket) { return &ring_.episode(ticket); });
  return batch_;
}

// Which episodes the next update will learn from is known before they are all there: while this update
// learns, those that are travel to the ranks that will need them.
void Trainer::expect_next_batch() {
  const int n_coming = is_last_of_round_ ? config_.batch_size_run : 0;
  const core::Ticket end = ring_.end() + static_cast<core::Ticket>(n_coming);
  const auto capacity = static_cast<core::Ticket>(config_.buffer_size);
  const core::Ticket oldest = std::max(ring_.oldest(), end > capacity ? end - capacity : 0);
  replay::sample_batch(config_.seed, static_cast<std::uint64_t>(update()) + 1, oldest, end,
                       next_tickets_);
  crew_->expect(ring_, next_tickets_);
}

rollout::Policy Trainer::policy() const {
  return {.agent = learner_.network().agent.get(), .weights = learner_.weights()};
}

checkpoint::State Trainer::capture_without_episodes() const {
  checkpoint::State state;
  state.t_env = t_env_;
  state.episode = episode_;
  state.tensors = checkpoint::shapes_of(learner_.network().layout);
  state.learner = learner_.state();
  if (round_is_open_) state.acting_params = acting_.values;
  if (priorities_) state.numbers = priorities_->numbers(ring_.oldest());
  state.spec = learner_.network().agent->config().spec;
  return state;
}

checkpoint::State Trainer::capture() const {
  checkpoint::State state = capture_without_episodes();
  if (crew_ != nullptr) {
    state.episodes = crew_->gather(ring_);
    return state;
  }
  for (core::Ticket ticket = ring_.oldest(); ticket < ring_.end(); ++ticket) {
    state.episodes.push_back(checkpoint::borrow(ticket, ring_.episode(ticket)));
  }
  return state;
}

checkpoint::Digest Trainer::digest() {
  const auto print = [&](core::Ticket ticket) -> Fingerprint& {
    return prints_[ticket % prints_.size()];
  };
  const core::Ticket first = std::max(printed_, ring_.oldest());
  std::vector<Fingerprint> fresh(ring_.end() - first);
  executor_.for_each(fresh.size(), [&](std::size_t i, std::size_t) {
    const core::Ticket ticket = first + i;
    if (crew_ != nullptr && !crew_->keeps(ticket)) return;
    fresh[i] = checkpoint::fingerprint_of(ticket, ring_.episode(ticket));
  });
  if (crew_ != nullptr) crew_->share_fingerprints(first, fresh);
  for (std::size_t i = 0; i < fresh.size(); ++i) print(first + i) = fresh[i];
  printed_ = ring_.end();

  checkpoint::State state = capture_without_episodes();
  for (core::Ticket ticket = ring_.oldest(); ticket < ring_.end(); ++ticket) {
    state.episodes.push_back({.ticket = ticket, .episode = nullptr, .fingerprint = print(ticket)});
  }
  return checkpoint::digest(state);
}

namespace {

void require(bool holds, const std::string& what, const std::string& expected,
             const std::string& found) {
  if (holds) return;
  throw Error("checkpoint " + what + ": expected " + expected + ", found " + found);
}

std::string numbered(std::size_t n, const char* things) {
  return std::to_string(n) + " " + things;
}

}  // namespace

void Trainer::restore(checkpoint::State state, const std::string& what) {
  QTOT_CHECK(!round_is_open_ && episode_ == 0);
  const learner::LearnerState<float>& mine = learner_.state();
  const std::size_t n_params = mine.params.size();
  checkpoint::require_tensors(state, learner_.network().layout, what);
  require(state.spec == learner_.network().agent->config().spec, what,
          "the sizes of this configuration's environment", "others");
  require(state.learner.optimiser.first.size() == mine.optimiser.first.size() &&
              state.learner.optimiser.second.size() == mine.optimiser.second.size(),
          what, "the moments of " + config_.optimizer, "those of another optimiser");
  require(state.acting_params.size() == (state.acting_params.empty() ? 0 : n_params), what,
          numbered(n_params, "acting parameters"), std::to_string(state.acting_params.size()));
  require(state.episodes.size() <= static_cast<std::size_t>(config_.buffer_size), what,
          "at most buffer_size = " + std::to_string(config_.buffer_size) + " episodes",
          std::to_string(state.episodes.size()));
  std::vector<core::Episode> episodes;
  const auto end = static_cast<core::Ticket>(state.episode);
  require(state.episodes.size() <= end, what,
          "at most the " + std::to_string(end) + " episodes that were played",
          std::to_string(state.episodes.size()));
  core::Ticket next = end - state.episodes.size();
  const core::Ticket oldest = next;
  for (const checkpoint::StoredEpisode& stored : state.episodes) {
    require(stored.ticket == next, what, "episode " + std::to_string(next),
            "episode " + std::to_string(stored.ticket));
    require(stored.episode->extras() == extras_, what,
            extras_ == core::Extras::kNone ? "episodes without behaviour"
                                           : "episodes with their behaviour, as returns = \"" +
                                                 config_.returns + "\" needs them",
            "episode " + std::to_string(stored.ticket) + " of the other kind");
    episodes.push_back(*stored.episode);
    ++next;
  }

  if (priorities_) priorities_->restore(state.numbers, end, episodes.size(), what);
  t_env_ = state.t_env;
  episode_ = state.episode;
  learner_.set_state(std::move(state.learner));
  ring_.restore(oldest, episodes);
  ring_.release();  // as at the end of a round
  if (state.acting_params.empty()) return;

  // play the round that was in flight again, by the policy that it had
  acting_.values = std::move(state.acting_params);
  acting_.transposed.resize(n_params);
  nn::transpose_params<float>(learner_.network().layout, acting_.values, acting_.transposed);
  epsilon_ = epsilon_now();
  open_round();
}

double Trainer::lr_factor() const {
  if (config_.lr_decay != "linear") return 1;
  return std::max(0.0, 1 - static_cast<double>(t_env_) / static_cast<double>(config_.t_max));
}

double Trainer::epsilon_now() const {
  return agents::linear_epsilon(config_.epsilon_start, config_.epsilon_finish,
                                config_.epsilon_anneal_time, t_env_);
}

}  // namespace qtot::train
