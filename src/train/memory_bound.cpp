#include "qtot/train/memory_bound.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "qtot/base/error.h"
#include "qtot/core/episode.h"

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

}  // namespace

std::size_t ring_bytes_bound(const config::TrainingConfig& config, const core::DecPomdpSpec& spec) {
  return (static_cast<std::size_t>(config.buffer_size) + extra_slots(config)) *
         core::Episode::n_bytes(spec, spec.episode_limit);
}

void require_ring_fits(const config::TrainingConfig& config, const core::DecPomdpSpec& spec,
                       std::size_t limit) {
  const std::size_t bound = ring_bytes_bound(config, spec);
  if (bound <= limit) return;
  const std::size_t slots = limit / core::Episode::n_bytes(spec, spec.episode_limit);
  const std::size_t fits = slots - std::min(slots, extra_slots(config));
  throw Error("buffer_size = " + std::to_string(config.buffer_size) + ": episodes of up to " +
              std::to_string(spec.episode_limit) + " steps can come to " + gib(bound) +
              ", expected at most the " + gib(limit) + " that this process can have; buffer_size=" +
              std::to_string(fits) + " fits, and --overcommit starts nevertheless");
}

}  // namespace qtot::train
