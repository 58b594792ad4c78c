#include "qtot/checkpoint/state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::checkpoint {
namespace {

std::string text(const TensorShape& tensor) {
  std::string result = printable(tensor.name) + " [";
  const char* comma = "";
  for (const std::uint64_t dim : tensor.shape) {
    result += comma + std::to_string(dim);
    comma = ", ";
  }
  return result + "]";
}

std::size_t n_elements(const TensorShape& tensor) {
  std::size_t n = 1;
  for (const std::uint64_t dim : tensor.shape) n *= static_cast<std::size_t>(dim);
  return n;
}

// The tensors of one flat vector, each under `prefix` and its name.
void add_tensors(Digest& digest, const std::string& prefix, const std::vector<TensorShape>& tensors,
                 std::span<const float> values) {
  std::size_t offset = 0;
  for (const TensorShape& tensor : tensors) {
    const std::size_t n = n_elements(tensor);
    QTOT_CHECK_LE(n, values.size() - offset);
    FingerprintHasher hasher;
    hasher.add(std::uint64_t{tensor.shape.size()});
    hasher.add(std::span(tensor.shape));
    hasher.add(values.subspan(offset, n));
    digest.parts.emplace_back(prefix + tensor.name, hasher.finish());
    offset += n;
  }
  QTOT_CHECK_EQ(offset, values.size());
}

void add_numbers(Digest& digest, const std::string& name,
                 std::initializer_list<std::int64_t> numbers) {
  FingerprintHasher hasher;
  for (const std::int64_t number : numbers) hasher.add(static_cast<std::uint64_t>(number));
  digest.parts.emplace_back(name, hasher.finish());
}

void add_doubles(Digest& digest, const std::string& name, std::span<const double> numbers) {
  FingerprintHasher hasher;
  for (const double number : numbers) hasher.add(std::bit_cast<std::uint64_t>(number));
  digest.parts.emplace_back(name, hasher.finish());
}

// Only where rewards are standardised: other runs have no such state.
void add_rewards(Digest& digest, const learner::RewardStatistics<float>& rewards) {
  if (rewards.count == learner::RewardStatistics<float>{}.count) return;
  add_doubles(digest, "rewards", std::array{rewards.mean, rewards.variance, rewards.count});
}

// Of the episodes' own fingerprints, so that each episode is read once in its life, by who keeps it.
Fingerprint replay_fingerprint(const std::vector<StoredEpisode>& episodes) {
  FingerprintHasher hasher;
  hasher.add(std::uint64_t{episodes.size()});
  for (const StoredEpisode& stored : episodes) {
    const Fingerprint print =
        stored.fingerprint ? *stored.fingerprint : fingerprint_of(stored.ticket, *stored.episode);
    hasher.add(print.high);
    hasher.add(print.low);
  }
  return hasher.finish();
}

}  // namespace

std::vector<TensorShape> shapes_of(const nn::ParamLayout& layout) {
  std::vector<TensorShape> shapes;
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    TensorShape shape{.name = tensor.name, .shape = {static_cast<std::uint64_t>(tensor.rows)}};
    if (tensor.is_matrix) shape.shape.push_back(static_cast<std::uint64_t>(tensor.cols));
    shapes.push_back(shape);
  }
  return shapes;
}

StoredEpisode borrow(core::Ticket ticket, const core::Episode& episode) {
  return {.ticket = ticket,
          .episode = std::shared_ptr<const core::Episode>(std::shared_ptr<void>(), &episode)};
}

Fingerprint fingerprint_of(core::Ticket ticket, const core::Episode& episode) {
  FingerprintHasher hasher;
  hasher.add(ticket);
  // the length gives the size of every array
  hasher.add(static_cast<std::uint64_t>(episode.length()));
  hasher.add(std::uint64_t{episode.terminated() ? 1U : 0U});
  hasher.add(episode.rewards());
  hasher.add(episode.all_states());
  hasher.add(episode.all_obs());
  hasher.add(episode.all_avail());
  hasher.add(episode.all_actions());
  if (episode.has_behaviour()) hasher.add(episode.all_mu());
  return hasher.finish();
}

Digest digest(const State& state) {
  const learner::LearnerState<float>& learner = state.learner;
  const nn::OptimiserState<float>& optimiser = learner.optimiser;
  Digest result;
  add_tensors(result, "", state.tensors, learner.params);
  add_tensors(result, "target.", state.tensors, learner.target_params);
  if (!optimiser.first.empty()) {
    add_tensors(result, "optimiser.first.", state.tensors, optimiser.first);
  }
  if (!optimiser.second.empty()) {
    add_tensors(result, "optimiser.second.", state.tensors, optimiser.second);
  }
  add_numbers(result, "optimiser.n_steps", {optimiser.n_steps});
  add_rewards(result, learner.rewards);
  for (const auto& [name, numbers] : state.numbers) add_doubles(result, name, numbers);
  result.parts.emplace_back("replay", replay_fingerprint(state.episodes));
  add_numbers(result, "counters", {state.t_env, state.episode, learner.n_updates});

  FingerprintHasher hasher;
  for (const auto& [name, part] : result.parts) {
    hasher.add(name);
    hasher.add(part.high);
    hasher.add(part.low);
  }
  result.fingerprint = hasher.finish();
  return result;
}

void require_tensors(const State& state, const nn::ParamLayout& layout, const std::string& what) {
  const std::vector<TensorShape> expected = shapes_of(layout);
  const std::size_t n = std::max(expected.size(), state.tensors.size());
  for (std::size_t i = 0; i < n; ++i) {
    const std::string ours = i < expected.size() ? text(expected[i]) : "no further tensor";
    const std::string found =
        i < state.tensors.size() ? text(state.tensors[i]) : "no further tensor";
    if (ours != found)
      throw Error("checkpoint " + what + ": expected " + ours + ", found " + found);
  }
}

}  // namespace qtot::checkpoint
