#include "qtot/learner/learner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "learner/clipping.h"
#include "learner/episode_pass.h"
#include "learner/learner_scratch.h"
#include "learner/reward_scaling.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/learner/peers.h"
#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"

namespace qtot::learner {
namespace {

// Parameters that one piece of parallel work sums or steps: several pieces a worker, none tiny.
std::size_t chunk_size(std::size_t n_params, std::size_t n_workers) {
  constexpr std::size_t kLargest = 8192;
  constexpr std::size_t kSmallest = 512;
  constexpr std::size_t kPerWorker = 4;
  return std::clamp(n_params / (kPerWorker * n_workers), kSmallest, kLargest);
}

// Joint networks are asked for the values of greedy actions alone.
template <class T>
void require_joint_values(const Network<T>& network, const LearnerConfig& config) {
  const bool asks_for_more = config.returns == ReturnRule::kSarsa || is_corrected(config.returns) ||
                             config.q_lambda || config.target_epsilon > 0;
  if (network.joint == nullptr || !asks_for_more) return;
  throw Error(
      "QTRAN's joint network values greedy actions alone: its returns are \"peng\" or \"n_step\", "
      "without q_lambda and target_epsilon");
}

// The target policy explores: the expectation of Q_tot, or of Q*, is taken of the agents' values.
template <class T>
void require_expectations(const Network<T>& network, const LearnerConfig& config) {
  const mixers::Mixer<T>& of_targets =
      network.central_mixer != nullptr ? *network.central_mixer : *network.mixer;
  if (config.target_epsilon == 0 || of_targets.is_linear()) return;
  throw Error("target_epsilon = " + config::Value{config.target_epsilon, ""}.text() +
              ": needs a mixer whose Q_tot is linear in the agents' values, as iql, vdn, vdn_s, "
              "qmix_lin and qatten; the chosen mixer's is not");
}

// Outlines, too, know what their episodes have: every process refuses the same batch.
void require_behaviour(core::Batch batch, const LearnerConfig& config) {
  if (!weighs_by_behaviour(config.returns)) return;
  for (std::size_t b = 0; b < batch.size(); ++b) {
    if (batch[b]->has_behaviour()) continue;
    throw Error("returns weigh by the probabilities of the stored actions, but episode " +
                std::to_string(b) +
                " of the batch has none: it must be played or recorded with them");
  }
}

}  // namespace

template <class T>
Learner<T>::Learner(Network<T> network, const LearnerConfig& config, std::uint64_t seed,
                    Executor& executor)
    : network_(std::move(network)),
      config_(config),
      executor_(executor),
      transposed_(network_.layout.size()),
      target_transposed_(network_.layout.size()),
      target_cache_(std::make_unique<TargetCache<T>>(config.target_cache_bytes)),
      scratch_(std::make_unique<Scratch>(network_.layout.size(), executor.n_workers())) {
  require_joint_values(network_, config);
  require_expectations(network_, config);
  state_.params.resize(network_.layout.size());
  nn::initialise<T>(network_.layout, seed, state_.params);
  state_.target_params = state_.params;
  state_.optimiser = nn::make_optimiser_state<T>(config.optimiser, network_.layout.size());
  copy_transposed();
}

template <class T>
Learner<T>::~Learner() = default;

template <class T>
UpdateStats Learner<T>::update(core::Batch batch, std::int64_t episode, Probe<T>* probe,
                               std::span<const double> weights,
                               std::span<const core::Ticket> tickets, double lr_factor) {
  QTOT_CHECK(tickets.empty() || tickets.size() == batch.size());
  require_behaviour(batch, config_);
  Scratch& scratch = *scratch_;
  QTOT_CHECK(peers_ == nullptr || probe == nullptr);
  const Positions mine =
      peers_ == nullptr ? Positions{.first = 0, .end = batch.size()} : peers_->share(batch.size());
  scratch.plan(batch, mine, weights, config_);
  if (scratch.n_valid == 0 && !config_.nan_without_steps) return {};
  RewardStatistics<T> rewards = state_.rewards;  // kept once the update holds
  const bool is_online_target = !config_.use_target_network;
  const PassContext<T> context{
      .network = network_,
      .config = config_,
      .online = this->weights(),
      .target = is_online_target ? this->weights()
                                 : nn::Weights<T>{.values = state_.target_params.data(),
                                                  .transposed = target_transposed_.data()},
      .d_loss_factor = 2 * math::Sum<T>(config_.loss_factor) / divisor(),
      .d_regulariser = math::Sum<T>(config_.attend_reg_coef) / regulariser_divisor(),
      .rewards = reward_transform<T>(config_, batch, scratch.longest, rewards),
      .probe = probe};
  scratch.form_groups(together(), executor_.n_workers());
  const bool keeps_targets = !tickets.empty() && target_stays();
  if (keeps_targets) {
    scratch.find_target_utilities(*target_cache_, tickets,
                                  static_cast<int>(network_.agent->n_actions()));
  }
  executor_.for_each(scratch.n_groups(), [&](std::size_t group, std::size_t worker) {
    learn_episodes<T>(context, scratch.group(group), scratch.memories[worker]);
  });
  if (keeps_targets) target_cache_->commit();

  sum_leaves();
  if (scratch.n_valid == 0) {  // M5: PyTorch divides zero by zero
    std::ranges::fill(scratch.gradient, std::numeric_limits<T>::quiet_NaN());
  }
  const math::Sum<T> norm = gradient_norm();
  const UpdateStats stats = figures(norm, probe);
  clip_coefficient_ = clip_gradient<T>(config_, network_.layout, norm, scratch.gradient);
  state_.rewards = rewards;
  step_optimiser(lr_factor);
  update_targets(episode);
  return stats;
}

// Whether there is a target network that another update may meet unchanged, and whose utilities are all
// that is asked for: joint networks read its hidden states.
template <class T>
bool Learner<T>::target_stays() const {
  return config_.use_target_network && config_.target_update_tau == 0 &&
         !config_.mistakes.target_agent_is_online && network_.joint == nullptr;
}

// Episodes side by side: enough rows for the recurrent product, no more than lie in the cache.
template <class T>
std::size_t Learner<T>::together() const {
  constexpr int kRows = 16;
  if (config_.mistakes.forgets_hidden) return 1;
  const int n_agents = network_.agent->config().spec.n_agents;
  return std::clamp<std::size_t>(static_cast<std::size_t>((kRows + n_agents - 1) / n_agents), 1,
                                 agents::kMaxTogether);
}

// What the sum of squared errors is divided by: the terms of the loss, unless by mistake.
template <class T>
math::Sum<T> Learner<T>::divisor() const {
  using Divisor = Mistakes::Divisor;
  const Scratch& scratch = *scratch_;
  const auto n_episodes = static_cast<std::int64_t>(scratch.plans.size());
  switch (config_.mistakes.divisor) {
    case Divisor::kTerms:
      break;
    case Divisor::kOne:
      return 1;
    case Divisor::kAllSteps:
      return static_cast<math::Sum<T>>(n_episodes * scratch.longest * network_.n_outputs());
    case Divisor::kEpisodes:
      return static_cast<math::Sum<T>>(n_episodes);
    case Divisor::kValidSteps:
      return static_cast<math::Sum<T>>(scratch.n_valid);
  }
  return static_cast<math::Sum<T>>(scratch.n_valid * network_.n_outputs());
}

// Steps and agents that the mean of the mixer's regulariser is taken over.
template <class T>
math::Sum<T> Learner<T>::regulariser_divisor() const {
  const Scratch& scratch = *scratch_;
  const auto n_padded = static_cast<std::int64_t>(scratch.plans.size()) * scratch.longest;
  const std::int64_t n_steps = config_.regularises_padding ? n_padded : scratch.n_valid;
  return static_cast<math::Sum<T>>(n_steps * network_.agent->config().spec.n_agents);
}

template <class T>
UpdateStats Learner<T>::figures(math::Sum<T> norm, Probe<T>* probe) {
  Scratch& scratch = *scratch_;
  const auto n_terms = static_cast<math::Sum<T>>(scratch.n_valid * network_.n_outputs());
  const math::Sum<T> per_agent = n_terms * network_.agent->config().spec.n_agents;
  // the means of squared errors that the loss is made of
  const auto mean = [&](math::Sum<T> EpisodeSums<T>::*squares) {
    return config_.loss_factor * scratch.total(squares) / divisor();
  };
  const math::Sum<T> td = mean(&EpisodeSums<T>::squared_error);
  const math::Sum<T> central = mean(&EpisodeSums<T>::squared_central);
  const math::Sum<T> opt = mean(&EpisodeSums<T>::squared_opt);
  const math::Sum<T> nopt = mean(&EpisodeSums<T>::squared_nopt);
  math::Sum<T> regulariser = 0;
  math::Sum<T> loss =
      td + config_.central_loss * central + config_.opt_loss * opt + config_.nopt_min_loss * nopt;
  if (network_.mixer->is_regularised()) {
    regulariser = scratch.total(&EpisodeSums<T>::regulariser) / regulariser_divisor();
    loss += config_.attend_reg_coef * regulariser;
  }
  if (probe != nullptr) {
    for (const nn::TensorSpec& tensor : network_.layout.tensors()) {
      probe->update("grad/" + tensor.name,
                    std::span<const T>(scratch.gradient).subspan(tensor.offset, tensor.size()));
    }
    probe->scalar("loss_td", td);
    probe->scalar("loss_central", central);
    probe->scalar("loss_opt", opt);
    probe->scalar("loss_nopt", nopt);
    probe->scalar("loss_regulariser", regulariser);
    probe->scalar("loss", loss);
    probe->scalar("grad_norm", norm);
  }
  const auto narrow = [](const math::Sum<T>& x) { return static_cast<double>(x); };
  return {.loss = narrow(loss),
          .loss_td = narrow(td),
          .loss_central = narrow(central),
          .loss_opt = narrow(opt),
          .loss_nopt = narrow(nopt),
          .loss_regulariser = narrow(regulariser),
          .grad_norm = narrow(norm),
          .td_error_abs = narrow(scratch.total(&EpisodeSums<T>::abs_error) / n_terms),
          .q_taken_mean = narrow(scratch.total(&EpisodeSums<T>::q_taken) / per_agent),
          .target_mean = narrow(scratch.total(&EpisodeSums<T>::target) / per_agent)};
}

template <class T>
void Learner<T>::error_figures(std::span<double> out) const {
  QTOT_CHECK_EQ(out.size(), scratch_->sums.size());
  for (std::size_t b = 0; b < out.size(); ++b) {
    const auto n_terms = static_cast<math::Sum<T>>(scratch_->plans[b].mask.size() *
                                                   static_cast<int>(network_.n_outputs()));
    out[b] =
        n_terms == 0
            ? 0
            : static_cast<double>(math::Sum<T>(scratch_->sums[b].abs_error / math::sqrt(n_terms)));
  }
}

// Each parameter's gradients of single episodes are added by the fixed tree over positions.
template <class T>
void Learner<T>::sum_leaves() {
  Scratch& scratch = *scratch_;
  const auto sum = [&](const math::Subtree& subtree, std::size_t first, std::size_t size, T* out,
                       std::size_t worker) {
    scratch.sum_subtree(subtree, first, size, out, worker);
  };
  if (peers_ != nullptr) return peers_->add_up(sum, executor_, scratch.sums, scratch.gradient);
  const math::Subtree all = {.first = 0, .count = scratch.plans.size()};
  const std::size_t n_params = scratch.gradient.size();
  const std::size_t size = chunk_size(n_params, executor_.n_workers());
  executor_.for_each((n_params + size - 1) / size, [&](std::size_t chunk, std::size_t worker) {
    const std::size_t first = chunk * size;
    sum(all, first, std::min(size, n_params - first), scratch.gradient.data() + first, worker);
  });
}

// sqrt of the sum over tensors, in the layout's order, of their sums of squares
template <class T>
math::Sum<T> Learner<T>::gradient_norm() const {
  using std::isfinite;
  math::Sum<T> sum = 0;
  for (const nn::TensorSpec& tensor : network_.layout.tensors()) {
    const math::Sum<T> squares = math::sum_of_squares<T>(
        std::span<const T>(scratch_->gradient).subspan(tensor.offset, tensor.size()));
    if (!isfinite(squares) && !config_.ignore_non_finite) {
      throw Error("update " + std::to_string(state_.n_updates) + ": the gradient of " +
                      tensor.name + " is not finite; a smaller lr or reward scale may help",
                  ExitCode::kFailed);
    }
    sum += squares;
  }
  return math::sqrt(sum);
}

template <class T>
void Learner<T>::step_optimiser(double lr_factor) {
  nn::OptimiserConfig rule = config_.optimiser;
  rule.lr = rule.lr * lr_factor;
  nn::OptimiserState<T>& optimiser = state_.optimiser;
  const std::size_t n_params = state_.params.size();
  ++optimiser.n_steps;
  const std::size_t size = chunk_size(n_params, executor_.n_workers());
  executor_.for_each((n_params + size - 1) / size, [&](std::size_t chunk, std::size_t) {
    const std::size_t first = chunk * size;
    const std::size_t count = std::min(size, n_params - first);
    const auto part = [&](std::vector<T>& all) {
      return all.empty() ? std::span<T>() : std::span<T>(all).subspan(first, count);
    };
    nn::optimiser_step<T>(rule, optimiser.n_steps, clip_coefficient_,
                          std::span<const T>(scratch_->gradient).subspan(first, count),
                          part(state_.params), part(optimiser.first), part(optimiser.second));
  });
  ++state_.n_updates;
  nn::transpose_params<T>(network_.layout, state_.params, transposed_);
}

// Hard copies are counted in environment episodes, as PyMARL counts them, or in updates, as EPyMARL
// does; Polyak averaging rounds target (1 - tau) + online tau once an operation.
template <class T>
void Learner<T>::update_targets(std::int64_t episode) {
  const std::int64_t now = config_.target_interval_in_updates ? state_.n_updates : episode;
  if (config_.target_update_tau > 0) {
    const T tau = static_cast<T>(config_.target_update_tau);
    const T rest = static_cast<T>(1 - config_.target_update_tau);
    for (std::size_t i = 0; i < state_.params.size(); ++i) {
      const T kept = state_.target_params[i] * rest;
      const T added = state_.params[i] * tau;
      state_.target_params[i] = kept + added;
    }
    nn::transpose_params<T>(network_.layout, state_.target_params, target_transposed_);
  } else if (now - state_.last_target_update_episode >= config_.target_update_interval) {
    state_.target_params = state_.params;
    target_transposed_ = transposed_;
    state_.last_target_update_episode = now;
    target_cache_->clear();
  }
}

template <class T>
void Learner<T>::set_state(LearnerState<T> state) {
  const std::size_t n_params = network_.layout.size();
  QTOT_CHECK_EQ(state.params.size(), n_params);
  QTOT_CHECK_EQ(state.target_params.size(), n_params);
  QTOT_CHECK_EQ(state.optimiser.second.size(), n_params);
  QTOT_CHECK_EQ(state.optimiser.first.size(), state_.optimiser.first.size());
  state_ = std::move(state);
  copy_transposed();
  target_cache_->clear();
}

template <class T>
nn::Weights<T> Learner<T>::weights() const {
  return {.values = state_.params.data(), .transposed = transposed_.data()};
}

template <class T>
void Learner<T>::copy_transposed() {
  nn::transpose_params<T>(network_.layout, state_.params, transposed_);
  nn::transpose_params<T>(network_.layout, state_.target_params, target_transposed_);
}

#define QTOT_INSTANTIATE(T) template class Learner<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
