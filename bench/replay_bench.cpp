#include "bench/replay_bench.h"

#include <numeric>
#include <sstream>

#include "bench/synthetic.h"
#include "qtot/base/error.h"
#include "qtot/base/memory.h"
#include "qtot/replay/sampling.h"

namespace qtot::bench {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

// PyMARL's EpisodeBatch: obs, state, avail_actions (int32), actions and their one-hots (float), reward,
// terminated, filled (int64), all of limit + 1 slots.
double padded_bytes(const core::DecPomdpSpec& spec) {
  const double per_agent = 4.0 * spec.obs_dim + 4.0 * spec.n_actions + 8 + 4.0 * spec.n_actions;
  return (spec.episode_limit + 1.0) *
         (spec.n_agents * per_agent + 4.0 * spec.state_dim + 4 + 1 + 8);
}

// The ring turns over once, an episode a round.
double turn(const core::DecPomdpSpec& spec, const std::vector<int>& lengths, Random& random,
            replay::EpisodeRing& ring) {
  double n_bytes = 0;
  for (const int length : lengths) {
    const core::Ticket ticket = ring.end();
    core::Episode& episode = ring.slot_for(ticket);
    make_up(spec, length, random, episode);
    n_bytes += static_cast<double>(episode.n_bytes());
    ring.publish(ticket);
    ring.advance(ticket + 1);
    ring.release();
  }
  return n_bytes;
}

void require_memory(const core::DecPomdpSpec& spec, int n_episodes) {
  const double needed =
      static_cast<double>(core::Episode::n_bytes(spec, spec.episode_limit)) * n_episodes;
  const auto limit = static_cast<double>(memory_limit_bytes());
  if (needed <= limit) return;
  std::ostringstream os;
  os.precision(3);
  os << "--episodes " << n_episodes << ": they come to " << needed / kGiB
     << " GiB, expected at most the " << limit / kGiB << " GiB that this process can have";
  throw Error(os.str());
}

}  // namespace

ReplayReport bench_replay(const ReplayBenchOptions& options) {
  ReplayReport report{.options = options, .spec = parse_shape(options.shape)};
  const core::DecPomdpSpec& spec = report.spec;
  Random random;
  const std::vector<int> full =
      draw_lengths("full", spec.episode_limit, options.n_episodes, random);
  const std::vector<int> lengths =
      draw_lengths(options.lengths, spec.episode_limit, options.n_episodes, random);
  require_memory(spec, options.n_episodes);

  const std::size_t before = resident_bytes();
  replay::EpisodeRing ring({.capacity = full.size(), .round = 1, .in_flight = 1});
  turn(spec, full, random, ring);
  const double n_bytes = turn(spec, lengths, random, ring);
  const std::size_t after = resident_bytes();

  const double n = options.n_episodes;
  report.mean_length = std::accumulate(lengths.begin(), lengths.end(), 0.0) / n;
  report.bytes_per_episode = n_bytes / n;
  report.resident_per_episode = (static_cast<double>(after) - static_cast<double>(before)) / n;
  report.padded_per_episode = padded_bytes(spec);
  report.capacity_gib = report.resident_per_episode * options.capacity / kGiB;
  return report;
}

std::string to_text(const ReplayReport& report) {
  constexpr double kMB = 1e6;
  std::ostringstream os;
  os.precision(4);
  os << "replay ring, " << report.options.shape << ", " << report.options.n_episodes
     << " episodes of " << report.mean_length << " steps in the mean\n"
     << "  content     " << report.bytes_per_episode / kMB << " MB an episode\n"
     << "  resident    " << report.resident_per_episode / kMB << " MB an episode, "
     << report.capacity_gib << " GiB for " << report.options.capacity << " of them\n"
     << "  padded      " << report.padded_per_episode / kMB
     << " MB an episode as PyMARL stores it\n";
  return os.str();
}

}  // namespace qtot::bench
