#include "qtot/train/memory_bound.h"

#include <algorithm>
#include <iomanip>
#include <limits>
#include <sstream>

#include "qtot/base/error.h"
#include "qtot/core/episode.h"
#include "qtot/learner/config.h"

namespace qtot::train {
namespace {

// Slots beyond buffer_size: pipeline 1 plays a round while another is learnt from.
std::size_t extra_slots(const config::TrainingConfig& config) {
  return static_cast<std::size_t>(config.batch_size_run) *
         static_cast<std::size_t>(config.pipeline);
}

std::string gib(std::size_t bytes) {
  std::ostringstream os;
  os << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1 << 30) << " GiB";
  return os.str();
}

// Of the longest.
std::size_t episode_bytes(const config::TrainingConfig& config, const core::DecPomdpSpec& spec) {
  return core::Episode::n_bytes(spec, spec.episode_limit,
                                learner::extras_of(learner::learner_config(config)));
}

std::size_t cache_bytes(const config::TrainingConfig& config) {
  return static_cast<std::size_t>(config.target_cache_mib) << 20;
}

// The largest buffer_size that fits; 0: none that the other settings allow.
std::size_t largest_buffer(const config::TrainingConfig& config, std::size_t episode,
                           std::size_t limit) {
  const std::size_t slots = (limit - std::min(limit, cache_bytes(config))) / episode;
  const std::size_t fits = slots - std::min(slots, extra_slots(config));
  const auto least = static_cast<std::size_t>(std::max(config.batch_size, config.batch_size_run));
  return fits < least ? 0 : fits;
}

}  // namespace

std::size_t ring_bytes_bound(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                             const RingHolders& holders) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  const auto n_ranks = static_cast<std::size_t>(holders.n_ranks);
  const auto n_here = static_cast<std::size_t>(holders.n_here);
  const std::size_t all = static_cast<std::size_t>(config.buffer_size) + extra_slots(config);
  const std::size_t share = (all + n_ranks - 1) / n_ranks;
  const std::size_t slots = holders.gathers_here ? all + (n_here - 1) * share : n_here * share;
  const std::size_t episode = episode_bytes(config, spec);
  const std::size_t cache = n_here * cache_bytes(config);
  return slots > (kMost - cache) / episode ? kMost : slots * episode + cache;
}

void require_ring_fits(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                       std::size_t limit, bool resumes, const RingHolders& holders) {
  const std::size_t bound = ring_bytes_bound(config, spec, holders);
  if (bound <= limit) return;
  const std::size_t fits = resumes || holders.n_ranks > 1
                               ? 0
                               : largest_buffer(config, episode_bytes(config, spec), limit);
  throw Error("buffer_size = " + std::to_string(config.buffer_size) + ": episodes of up to " +
              std::to_string(spec.episode_limit) + " steps and target_cache_mib = " +
              std::to_string(config.target_cache_mib) + " can come to " + gib(bound) +
              ", expected at most the " + gib(limit) + " that this process can have; " +
              (fits > 0 ? "buffer_size=" + std::to_string(fits) + " fits, and " : "") +
              "--overcommit starts nevertheless");
}

}  // namespace qtot::train
