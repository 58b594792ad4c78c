#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qtot/base/fingerprint.h"
#include "qtot/core/episode.h"
#include "qtot/learner/learner.h"
#include "qtot/nn/params.h"

namespace qtot::checkpoint {

/// Name and shape of a tensor in the flat vectors of LearnerState, in their order.
struct TensorShape {
  std::string name;
  std::vector<std::uint64_t> shape;

  bool operator==(const TensorShape&) const = default;
};

std::vector<TensorShape> shapes_of(const nn::ParamLayout& layout);

/// An episode of the ring. Shared, so that a State that is saved borrows the ring's episodes (see
/// borrow()) and a State that was loaded owns its own.
struct StoredEpisode {
  core::Ticket ticket = 0;
  std::shared_ptr<const core::Episode> episode;
  std::optional<Fingerprint> fingerprint =
      {};  // of the whole episode, where somebody knows it already
};

/// Refers to `episode` without owning it: it must outlive the result.
StoredEpisode borrow(core::Ticket ticket, const core::Episode& episode);

/// All that a run is between two rounds: what training needs to continue to the same bits, and what
/// the run folder and the display need to continue. The last group touches no training bit (D6).
struct State {
  // the run
  std::string config;                                              // resolved, as YAML
  std::vector<std::pair<std::string, std::string>> training_keys;  // must not differ on resume

  // training
  std::int64_t t_env = 0;    // environment steps
  std::int64_t episode = 0;  // episodes played; the update counter is learner.n_updates
  std::vector<TensorShape> tensors;
  learner::LearnerState<float> learner;  // each vector as long as the tensors together
  /// pipeline 1: what the round in flight acts by, which that round is played again with; else empty.
  std::vector<float> acting_params;
  core::DecPomdpSpec spec;              // of every episode
  std::vector<StoredEpisode> episodes;  // of the ring, tickets ascending
  /// State of what only some runs do, by name: priorities of the ring's episodes. Finite numbers.
  std::map<std::string, std::vector<double>> numbers;

  // evaluation, logging, saving
  std::map<std::string, std::int64_t> counters;             // last_test_t, last_log_t, ...
  std::map<std::string, std::vector<double>> accumulators;  // of running means
  std::map<std::string, std::uint64_t> sink_positions;      // metrics::SinkPositions
};

/// Fingerprint of a run's training bits, and of its parts in this order: `<name>` of each parameter,
/// `target.<name>`, `optimiser.first.<name>` and `optimiser.second.<name>` where the optimiser has
/// them, `optimiser.n_steps`, `rewards` (where they are standardised), the
/// names of State::numbers, `replay`, `counters` (t_env, episode, update).
struct Digest {
  Fingerprint fingerprint;  // of the names and fingerprints of all parts
  std::vector<std::pair<std::string, Fingerprint>> parts;
};

/// Of one episode: its ticket, length, end, and arrays.
Fingerprint fingerprint_of(core::Ticket ticket, const core::Episode& episode);

/// Covers what Digest lists and nothing else: no evaluation, logging or saving state, no configuration
/// text, no path, time or version. Little-endian, so the same on every machine.
Digest digest(const State& state);

/// Throws Error unless the state's tensors are those of `layout`: names the first that differs, and
/// `what` (the checkpoint's path).
void require_tensors(const State& state, const nn::ParamLayout& layout, const std::string& what);

}  // namespace qtot::checkpoint
